import { hostname } from 'node:os'
import { findingWords } from '../admission/wording/finding.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import type { EventFacts } from '../cluster/event.ts'
import { EventReporter } from '../cluster/event-reporter.ts'
import type { View } from '../inventory/view.ts'
import { refKey } from '../kinds/object-ref.ts'
import { fingerprintOf } from '../policy/fingerprint.ts'
import { nodeRuleActions, nodesInPools, type NodeInPool } from '../rules/nodes-in-pools.ts'
import { addFindingMetrics } from '../server/finding-metrics.ts'
import type { Log } from '../server/logger.ts'
import type { Metrics } from '../server/metrics.ts'
import { systemClock } from './clock.ts'
import { overrunCounts } from './overrun-counts.ts'
import type { ClusterWorld } from './world.ts'

/** Pairs of Node and pool that are told of; a cluster has no more Nodes than a few of these. */
const MOST_PAIRS = 1_000

/** Longest part of a Node's name in that of an Event, which has at most 253 characters with the fingerprint. */
const NAME_CHARACTERS = 230

/**
 * Tells of Nodes that lie in a pool, which nobody could be refused for, by Events and metrics, for as long as the cluster
 * is followed. Rests on what is stored alone, so that no dry run is ever told of.
 */
export function tellOfNodes(
  world: ClusterWorld,
  { log, registry }: { readonly log: Log; readonly registry: Metrics['registry'] }
): { stop(): Promise<void> } {
  let counts: ReadonlyMap<string, number> = new Map()
  const overruns = overrunCounts(world)
  const counted = addFindingMetrics(registry, () => new Map([...counts, ...overruns()]))
  const reporter = new EventReporter({
    api: world.api,
    clock: systemClock(),
    instance: `poolguard-${hostname()}`,
    now: () => new Date(),
    find() {
      const snapshot = world.ports.snapshot()
      const found = findNow(world.inventory, snapshot)
      if (found !== undefined) counts = countByRule(found, snapshot)
      return found?.map(eventOf)
    },
    told({ reason, regarding, note }, outcome) {
      counted(typeof outcome === 'string' ? outcome : 'failed')
      const facts = { reason, node: regarding.name, note }
      if (outcome === 'created') log.info(facts, 'event')
      else if (outcome !== 'exists') log.warn({ ...facts, error: outcome.message }, 'event not stored')
    }
  })
  world.onChange(kind => {
    if (kind === 'Node' || kind === 'IPAddressPool') reporter.changed()
  })
  return { stop: () => reporter.stop() }
}

/** undefined while either kind is not known. Those of rules that are switched off are left out. */
function findNow(view: View, { plan, rules, exposures }: PolicySnapshot): readonly NodeInPool[] | undefined {
  if (!view.known('Node') || !view.known('IPAddressPool')) return undefined
  const active = nodeRuleActions(rules, exposures)
  const found: NodeInPool[] = []
  for (const one of nodesInPools(view, plan)) {
    if (found.length === MOST_PAIRS) break
    if (active.has(one.rule)) found.push(one)
  }
  return found
}

function countByRule(
  found: readonly NodeInPool[],
  { rules, exposures }: PolicySnapshot
): ReadonlyMap<string, number> {
  const counts = new Map([...nodeRuleActions(rules, exposures).keys()].map(rule => [rule, 0]))
  for (const { rule } of found) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return counts
}

function eventOf({ rule, node, pool, finding }: NodeInPool): EventFacts {
  const { name, uid } = node.meta
  // the Node's uid, so that one that is made anew is told of anew
  const fact = fingerprintOf([JSON.stringify([rule, uid, refKey(pool)])])
  return {
    name: `${name.slice(0, NAME_CHARACTERS).replace(/[-.]+$/, '')}.${fact}`,
    regarding: { kind: 'Node', name, uid },
    reason: finding.holds === 'address' ? 'NodeAddressInPool' : 'PodRangeInPool',
    action: 'AddressCheck',
    note: `${findingWords(finding, 'platform')} [${rule}]`
  }
}
