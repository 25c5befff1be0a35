import { randomUUID } from 'node:crypto'
import { sleep } from '../cluster/clock.ts'
import { guardedObjects, haveComparableRevisions } from '../cluster/guarded-objects.ts'
import { CollectorLoop } from '../cluster/ledger-collector.ts'
import { configMapStore, LEDGER_NAME } from '../cluster/ledger-store.ts'
import { liveReader } from '../cluster/live-reader.ts'
import { Collector } from '../ledger/collector.ts'
import { Continuity } from '../ledger/continuity.ts'
import { Guard } from '../ledger/guard.ts'
import { GUARDED_KINDS } from '../ledger/guarded-claims.ts'
import type { LedgerPorts } from '../ledger/ports.ts'
import { addLedgerMetrics } from '../server/ledger-metrics.ts'
import type { Log } from '../server/logger.ts'
import type { Metrics } from '../server/metrics.ts'
import { systemClock } from './clock.ts'
import type { ClusterWorld } from './world.ts'

export interface RunningLedger {
  readonly guard: Guard
  stop(): Promise<void>
}

/** For lists of whole kinds: 10,000 OvnEips are some 10 MB in 20 pages. */
const LIST_MS = 2_000

/** Takes part in the ledger of a cluster, and looks after it, until it is stopped. */
export function startLedger(
  world: ClusterWorld,
  namespace: string,
  { log, registry }: { readonly log: Log; readonly registry: Metrics['registry'] }
): RunningLedger {
  const { api, inventory, watcher } = world
  const clock = systemClock()
  const metrics = addLedgerMetrics(registry)
  const stopping = new AbortController()
  let areRevisionsComparable = false
  const askOnce = async () => {
    areRevisionsComparable = await haveComparableRevisions(api)
    if (!areRevisionsComparable)
      log.warn({}, 'revisions do not compare: each write that takes addresses lists')
  }
  void askOnce()
  const ports: LedgerPorts = {
    store: configMapStore(api, namespace),
    objects: guardedObjects({
      inventory,
      watcher,
      read: liveReader({ api, watcher, clock, deadlineMs: LIST_MS }),
      plan: () => world.ports.snapshot().plan,
      areRevisionsComparable: () => areRevisionsComparable
    }),
    clock: {
      nowMs: () => clock.nowMs(),
      sleep: ms => sleep(clock, ms, stopping.signal),
      random: () => clock.random()
    },
    newId: randomUUID,
    observe(event) {
      metrics.wrote(event)
      if (event.outcome === 'claimed') loop.claimed()
    }
  }
  const continuity = new Continuity(() => clock.nowMs())
  const collector = new Collector(ports, continuity)
  let lastProblem: string | undefined
  const loop = new CollectorLoop({
    collect: () => collector.collect(),
    clock,
    told({ problem, inFlight, expired }) {
      metrics.collected({ inFlight, expired, isUsable: problem === undefined })
      if (problem !== lastProblem) {
        const level = problem === undefined ? 'info' : 'warn'
        log[level]({ configMap: `${namespace}/${LEDGER_NAME}`, problem: problem ?? 'none' }, 'ledger')
      }
      lastProblem = problem
    }
  })
  world.onChange(kind => {
    if (GUARDED_KINDS.some(guarded => guarded === kind)) loop.changed()
  })
  return {
    guard: new Guard(ports, continuity),
    async stop() {
      stopping.abort()
      await loop.stop()
    }
  }
}
