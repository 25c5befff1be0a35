import { randomUUID } from 'node:crypto'
import { sleep, within } from '../cluster/clock.ts'
import { guardedObjects } from '../cluster/guarded-objects.ts'
import { CollectorLoop } from '../cluster/ledger-collector.ts'
import { configMapStore, LEDGER_NAME } from '../cluster/ledger-store.ts'
import { liveReader } from '../cluster/live-reader.ts'
import { RevisionOrder } from '../cluster/revision-order.ts'
import { Collector } from '../ledger/collector.ts'
import { Continuity } from '../ledger/continuity.ts'
import { Guard } from '../ledger/guard.ts'
import { GUARDED_KINDS } from '../ledger/guarded-claims.ts'
import type { LedgerPorts } from '../ledger/ports.ts'
import type { ReadinessCheck } from '../server/admin-app.ts'
import { addLedgerMetrics } from '../server/ledger-metrics.ts'
import type { Log } from '../server/logger.ts'
import type { Metrics } from '../server/metrics.ts'
import { systemClock } from './clock.ts'
import type { ClusterWorld } from './world.ts'

export interface RunningLedger {
  readonly guard: Guard
  /** How it stands; it makes nobody unready. */
  checks(): readonly ReadinessCheck[]
  stop(): Promise<void>
}

/**
 * For lists of all guarded kinds, one deadline for them together. 10,000 OvnEips, 11 MB in 20 pages, and eight empty kinds take 130 to
 * 500 ms from the fake API server of the tests, which shares their process, on two CPUs at a load of 8 (2026-11-25).
 */
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
  const revisions = new RevisionOrder({
    api,
    clock,
    answered(areComparable) {
      if (areComparable) log.info({}, 'revisions compare')
      else log.warn({}, 'revisions do not compare: each write that takes addresses lists')
    }
  })
  const ports: LedgerPorts = {
    store: configMapStore(api, namespace),
    objects: guardedObjects({
      inventory,
      watcher,
      read: liveReader({ api, watcher, clock, deadlineMs: LIST_MS }),
      areRevisionsComparable: () => revisions.areComparable === true
    }),
    clock: {
      nowMs: () => clock.nowMs(),
      sleep: ms => sleep(clock, ms, stopping.signal),
      within: (work, ms) => within(clock, work, ms),
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
  let lastProblem: string | undefined = 'not read yet'
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
    checks: () => [
      { name: 'ledger', ok: true, detail: lastProblem ?? 'usable' },
      { name: 'ledger/revisions', ok: true, detail: revisionWords(revisions.areComparable) }
    ],
    async stop() {
      stopping.abort()
      revisions.stop()
      await loop.stop()
    }
  }
}

function revisionWords(areComparable: boolean | undefined): string {
  if (areComparable === undefined)
    return 'no answer yet whether they compare: writes that take addresses list'
  return areComparable ? 'they compare' : 'they do not compare: writes that take addresses list'
}
