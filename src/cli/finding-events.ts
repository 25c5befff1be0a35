import { hostname } from 'node:os'
import { formatRange } from '../address/format.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import { missingMappingWords } from '../admission/wording/edge-nat.ts'
import { findingWords } from '../admission/wording/finding.ts'
import type { EventFacts } from '../cluster/event.ts'
import { EventReporter } from '../cluster/event-reporter.ts'
import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import { refKey } from '../kinds/object-ref.ts'
import { edgeNatDrift } from '../rules/edge-nat-drift.ts'
import { nodeRuleActions, nodesInPools, type NodeInPool } from '../rules/nodes-in-pools.ts'
import { addFindingMetrics } from '../server/finding-metrics.ts'
import type { Log } from '../server/logger.ts'
import type { Metrics } from '../server/metrics.ts'
import { auditEvents } from './audit-events.ts'
import { startAuditing, type AuditTimings } from './audit-loop.ts'
import { systemClock } from './clock.ts'
import { eventName } from './event-name.ts'
import { overrunCounts } from './overrun-counts.ts'
import { policyEvents, type NotTaken } from './policy-events.ts'
import type { ClusterWorld } from './world.ts'

/** Findings of one kind that are told of; a cluster has no more Nodes than a few of these. */
const MOST_TOLD = 1_000

/** What is counted, by rule, and told. undefined: not known. */
interface Found {
  readonly counts: ReadonlyMap<string, number>
  readonly events: readonly EventFacts[]
}

/** Kinds whose changes are looked at. */
const WATCHED: readonly KindName[] = ['Node', 'IPAddressPool', 'OvnEip', 'Subnet', 'Service']

export interface FindingEvents {
  /** Other policies are in force, by which other things are found, or some are not taken. */
  policiesChanged(): void
  stop(): Promise<void>
}

/**
 * Tells of what nobody could be refused for, by Events and metrics, for as long as the cluster is followed: Nodes that lie in
 * a pool, and OvnEips, which controllers write, that the edge router maps nothing to; and of what an audit of everything
 * stored finds, now and then. Rests on what is stored alone, so that no dry run is ever told of.
 */
export function tellOfFindings(
  world: ClusterWorld,
  {
    log,
    registry,
    policies,
    audits
  }: {
    readonly log: Log
    readonly registry: Metrics['registry']
    /** Where poolguard runs, and what becomes of its policy files there; undefined: not told of. */
    readonly policies?: { readonly namespace: string; readonly notTaken: () => NotTaken } | undefined
    readonly audits?: Partial<AuditTimings>
  }
): FindingEvents {
  let counts: ReadonlyMap<string, number> = new Map()
  /** Of the last audit. */
  let audited: readonly EventFacts[] = []
  const overruns = overrunCounts(world)
  const counted = addFindingMetrics(registry, () => new Map([...counts, ...overruns()]))
  const reporter = new EventReporter({
    api: world.api,
    clock: systemClock(),
    instance: `poolguard-${hostname()}`,
    now: () => new Date(),
    find() {
      const snapshot = world.ports.snapshot()
      const parts = [nodesFound(world.inventory, snapshot), unmappedFound(world.inventory, snapshot)]
      const known = parts.filter(part => part !== undefined)
      counts = new Map(known.flatMap(part => [...part.counts]))
      const own =
        policies === undefined ? [] : policyEvents(world.inventory, policies.namespace, policies.notTaken())
      const events = [...own, ...known.flatMap(part => part.events), ...audited]
      return known.length === 0 && events.length === 0 ? undefined : events
    },
    told({ reason, regarding, note }, outcome) {
      counted(typeof outcome === 'string' ? outcome : 'failed')
      const facts = { reason, kind: regarding.kind, name: regarding.name, note }
      if (outcome === 'created') log.info(facts, 'event')
      else if (outcome !== 'exists') log.warn({ ...facts, error: outcome.message }, 'event not stored')
    }
  })
  world.onChange(kind => {
    if (WATCHED.includes(kind)) reporter.changed()
  })
  const stopAuditing = startAuditing(world, {
    clock: systemClock(),
    log,
    registry,
    audited(tally) {
      audited = auditEvents(tally)
      reporter.changed()
    },
    ...(audits === undefined ? {} : { timings: audits })
  })
  return {
    policiesChanged: () => reporter.changed(),
    async stop() {
      await stopAuditing()
      await reporter.stop()
    }
  }
}

/** undefined while either kind is not known. Those of rules that are switched off are left out. */
function nodesFound(view: View, { plan, rules, exposures }: PolicySnapshot): Found | undefined {
  if (!view.known('Node') || !view.known('IPAddressPool')) return undefined
  const active = nodeRuleActions(rules, exposures)
  const counts = new Map([...active.keys()].map(rule => [rule, 0]))
  const events: EventFacts[] = []
  for (const one of nodesInPools(view, plan)) {
    if (events.length === MOST_TOLD) break
    if (!active.has(one.rule)) continue
    counts.set(one.rule, (counts.get(one.rule) ?? 0) + 1)
    events.push(eventOfNode(one))
  }
  return { counts, events }
}

function eventOfNode({ rule, node, pool, finding }: NodeInPool): EventFacts {
  const { name, uid } = node.meta
  return {
    // the Node's uid, so that one that is made anew is told of anew
    name: eventName(name, [rule, uid, refKey(pool)]),
    regarding: { apiVersion: 'v1', kind: 'Node', name, uid },
    reason: finding.holds === 'address' ? 'NodeAddressInPool' : 'PodRangeInPool',
    action: 'AddressCheck',
    note: `${findingWords(finding, 'platform')} [${rule}]`
  }
}

/** What it is counted as; no rule, since no write is judged by it. */
const UNMAPPED = 'edge-nat-mapping'

/** Nothing where the plan has no edge NAT router; undefined while that cannot be known. */
function unmappedFound(view: View, { plan }: PolicySnapshot): Found | undefined {
  const drift = edgeNatDrift(view, plan)
  if (drift === 'unknown') return undefined
  if (drift === undefined) return { counts: new Map(), events: [] }
  const events = drift.missing.slice(0, MOST_TOLD).map((missing): EventFacts => {
    const { name } = missing.holder
    const uid = view.get('OvnEip', '', name)?.meta.uid ?? ''
    return {
      name: eventName(name, [UNMAPPED, uid, formatRange(missing.eip)]),
      regarding: { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', name, uid },
      reason: 'EdgeNatMappingMissing',
      action: 'AddressCheck',
      note: `${missingMappingWords(missing)} [${UNMAPPED}]`
    }
  })
  return { counts: new Map([[UNMAPPED, drift.missing.length]]), events }
}
