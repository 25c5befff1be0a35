import { intersect, merge, type AddressRange } from '../address/range.ts'
import { ACTIONS, type Action } from './action.ts'
import { specificity } from './applies-to.ts'
import type { ExposurePolicy } from './exposure-policy.ts'
import { ADDRESS_REQUESTS, SHARED_ADDRESSES } from './exposure-schema.ts'
import type { Limits, Quota, ServiceExposure } from './exposure.ts'
import { mergePorts } from './port-range.ts'
import type { RangeText } from './range-text.ts'

/**
 * What these policies allow together to this tenant (undefined: to nobody by name): the strictest of what restricts, the
 * union of what grants. Of two quotas alike the first policy's name is told; nothing else depends on their order.
 */
export function combined(policies: readonly ExposurePolicy[], tenant: string | undefined): Limits {
  return {
    policies: [...new Set(policies.map(({ name }) => name))].toSorted(),
    actions: strictestActions(policies),
    customRules: new Set(policies.flatMap(({ customRules }) => customRules.map(({ id }) => id))),
    pools: united(policies.map(({ pools }) => pools?.allowed)),
    services: combinedServices(policies, tenant),
    ovnEips: {
      externalSubnets: united(policies.map(({ ovnEips }) => ovnEips?.externalSubnets)),
      staticAddresses: strictest(
        ADDRESS_REQUESTS,
        policies.map(({ ovnEips }) => ovnEips?.staticAddresses)
      ),
      quota: quotaOf(policies, tenant, ({ ovnEips }) => ovnEips?.quota)
    }
  }
}

function combinedServices(policies: readonly ExposurePolicy[], tenant: string | undefined): ServiceExposure {
  const all = stated(policies.map(({ services }) => services))
  const sourceRanges = stated(all.map(({ loadBalancerSourceRanges }) => loadBalancerSourceRanges))
  return {
    allowedTypes: inAll(all.map(({ allowedTypes }) => allowedTypes)),
    addressRequests: strictest(
      ADDRESS_REQUESTS,
      all.map(({ addressRequests }) => addressRequests)
    ),
    externalIPs: rangesInAll(all.map(({ externalIPs }) => externalIPs?.allowedRanges)),
    sourceRanges: {
      required: sourceRanges.some(({ required }) => required),
      allowed: rangesInAll(sourceRanges.map(({ allowedRanges }) => allowedRanges))
    },
    loadBalancerClasses: inAll(all.map(({ loadBalancerClasses }) => loadBalancerClasses?.allowed)),
    deniedPorts: mergePorts(all.flatMap(({ ports }) => ports?.denied ?? [])),
    deniedNodePorts: mergePorts(
      all.flatMap(({ ports, nodePorts }) => [...(ports?.denied ?? []), ...(nodePorts?.denied ?? [])])
    ),
    sharedAddresses: strictest(
      SHARED_ADDRESSES,
      all.map(({ sharedAddresses }) => sharedAddresses)
    ),
    loadBalancers: quotaOf(policies, tenant, ({ services }) => services?.quota?.loadBalancers)
  }
}

function strictestActions(policies: readonly ExposurePolicy[]): ReadonlyMap<string, Action> {
  const actions = new Map<string, Action>()
  for (const [id, action] of policies.flatMap(policy => [...policy.actions])) {
    actions.set(id, strictest(ACTIONS, [action, actions.get(id)]) ?? action)
  }
  return actions
}

/** The first of `order`, which goes from strict to lenient, that one of them is; undefined when none is stated. */
function strictest<T>(order: readonly T[], values: readonly (T | undefined)[]): T | undefined {
  return order.find(value => values.includes(value))
}

function stated<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter(value => value !== undefined)
}

function united(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const given = stated(lists)
  return given.length === 0 ? undefined : [...new Set(given.flat())].toSorted()
}

function inAll<T extends string>(lists: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  const [first, ...others] = stated(lists).map(list => new Set(list))
  return first && [...first].filter(value => others.every(list => list.has(value))).toSorted()
}

function rangesInAll(
  lists: readonly (readonly RangeText[] | undefined)[]
): readonly AddressRange[] | undefined {
  const [first, ...others] = stated(lists).map(list => merge(list.map(({ range }) => range)))
  return first && others.reduce((left, list) => intersect(left, list), first)
}

/** The quota of the policy that is meant for this tenant most closely, the smallest of several. */
function quotaOf(
  policies: readonly ExposurePolicy[],
  tenant: string | undefined,
  limitOf: (policy: ExposurePolicy) => number | undefined
): Quota | undefined {
  const stating = policies.flatMap(policy => {
    const limit = limitOf(policy)
    return limit === undefined ? [] : [{ limit, policy, rank: specificity(policy.appliesTo, tenant) }]
  })
  const [best] = stating.toSorted((a, b) => b.rank - a.rank || a.limit - b.limit)
  if (best === undefined) return undefined
  const { limit, policy } = best
  const { namespaceSelector, serviceClasses } = policy.appliesTo
  return { limit, policy: policy.name, namespaceSelector, serviceClasses }
}
