import * as fc from 'fast-check'
import { SERVICE_CLASSES } from '../../src/policy/plan.ts'

/** Up to three of these values, or another number of them, each once. */
export const some = <T>(values: readonly T[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { maxLength })

export const atLeastOne = <T>(values: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })

/** Each key is there or not. */
export const maybe = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { requiredKeys: [] })

/** What policies name: few, so that they meet one another. */
export interface Names<Selector> {
  readonly selector: fc.Arbitrary<Selector>
  readonly pools: readonly string[]
  readonly subnets: readonly string[]
  readonly types: readonly string[]
  readonly ranges: readonly string[]
  readonly classes: readonly string[]
  readonly ports: readonly string[]
  /** The largest quotas. */
  readonly most: { readonly loadBalancers: number; readonly eips: number }
}

export function appliesToSpec<Selector>({ selector }: Names<Selector>) {
  return maybe({
    tenants: atLeastOne(['*', 'acme', 'beta']),
    exceptTenants: fc.constantFrom<string[][]>([], ['gamma']),
    namespaceSelector: selector,
    serviceClasses: atLeastOne(SERVICE_CLASSES)
  })
}

/** The keys of `services`, but for `nodePorts`. */
export function servicesShape({ types, ranges, classes, ports, most }: Names<unknown>) {
  return {
    allowedTypes: some(types),
    addressRequests: fc.constantFrom('denied', 'withinGrants'),
    externalIPs: fc.record({ allowedRanges: some(ranges) }),
    loadBalancerSourceRanges: maybe({ required: fc.boolean(), allowedRanges: some(ranges) }),
    loadBalancerClasses: fc.record({ allowed: some(classes) }),
    ports: fc.record({ denied: some(ports) }),
    sharedAddresses: fc.constantFrom('never', 'withinNamespace', 'withinTenant'),
    quota: fc.record({ loadBalancers: fc.nat(most.loadBalancers) })
  }
}

export function ovnEipsSpec({ subnets, most }: Names<unknown>) {
  return maybe({
    externalSubnets: some(subnets),
    staticAddresses: fc.constantFrom('denied', 'withinGrants'),
    quota: fc.nat(most.eips)
  })
}
