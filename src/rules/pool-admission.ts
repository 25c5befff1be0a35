import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { anySelectorMatches } from '../kinds/label-selector.ts'
import type { Namespace } from '../kinds/namespace.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Service } from '../kinds/service.ts'

/** Whom MetalLB lets keep an address of a pool. */
export interface PoolAdmission {
  admits(service: Service): boolean
  /** The Namespaces that decide it for a Service, by their labels: its own, and one that closes the pool to others. */
  restsOn(service: Service): readonly ObjectRef[]
}

/**
 * Reads `serviceAllocation` as MetalLB's allocator does when it looks at an address again (internal/allocator,
 * isPoolCompatibleWithService; internal/config, addressPoolServiceAllocationsFromCR): the namespaces named and those selected
 * are one set, and an empty set closes the pool to nobody, also when there are selectors and none of them matches any
 * namespace. O(Namespaces) when there are namespaceSelectors.
 */
export function poolAdmission({ serviceAllocation }: IPAddressPool, view: View): PoolAdmission {
  if (serviceAllocation === undefined) return { admits: () => true, restsOn: () => [] }
  const { namespaces, namespaceSelectors, serviceSelectors } = serviceAllocation
  const selected: readonly Namespace[] =
    namespaceSelectors.length === 0
      ? []
      : [...view.list('Namespace')].filter(({ meta }) => anySelectorMatches(namespaceSelectors, meta.labels))
  const admitted = new Set([...namespaces, ...selected.map(({ meta }) => meta.name)])
  return {
    admits: ({ meta }) =>
      (admitted.size === 0 || admitted.has(meta.namespace)) &&
      (serviceSelectors.length === 0 || anySelectorMatches(serviceSelectors, meta.labels)),
    restsOn: ({ meta }) =>
      namespaceSelectors.length === 0
        ? []
        : [{ kind: 'Namespace', namespace: '', name: meta.namespace }, ...selected.slice(0, 1).map(refOf)]
  }
}
