import { refOf } from '../kinds/index.ts'
import { displacedServices, type Displaced } from './displaced-services.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'

/** Services that are named, and read live before a denial; the others are counted. */
const MOST_NAMED = 10

/** No write of a pool takes the address of a live Service away. */
export const poolInUse = defineRule<'IPAddressPool'>({
  id: 'pool-in-use',
  summary:
    'A pool is not deleted, shrunk or changed in a way that takes the address of a live LoadBalancer Service away.',
  why: 'MetalLB asks nobody: it gives the Service another address, or none when no pool has one left, and clients, DNS and firewalls go on using the old one.',
  fix: 'Keep the addresses that the denial names, or delete those Services or have them moved to another pool (its name in their pool annotation) first. Parts that no Service uses can go at any time.',
  example:
    'kubectl delete ipaddresspool default-pool # while Service tenant-acme/web has 192.168.1.100 of it',
  see: [
    'https://metallb.io/concepts/#address-allocation',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (SetPools, poolFor)',
    'https://github.com/metallb/metallb/issues/2449',
    'https://github.com/metallb/metallb/issues/1591'
  ],
  on: ['IPAddressPool'],
  reads: ['Service', 'IPAddressPool', 'Namespace'],
  defaultAction: 'deny',
  checkLoss({ oldObject, object }, context) {
    // MetalLB does not read the pools of other namespaces.
    if (oldObject.meta.namespace !== context.plan.metallb.namespace) return []
    const displaced = displacedServices(oldObject, object, context)
    return REASONS.flatMap(because => {
      const alike = displaced.filter(one => one.because === because)
      return alike.length === 0 ? [] : [inUse(alike, because, oldObject.meta.name)]
    })
  }
})

type Reason = Displaced['because']

const REASONS: readonly Reason[] = ['deleted', 'addresses', 'avoidBuggyIPs', 'serviceAllocation']

function inUse(displaced: readonly Displaced[], because: Reason, pool: string): Finding {
  const named = displaced.slice(0, MOST_NAMED)
  return {
    code: 'in-use',
    field: because === 'deleted' ? 'metadata.name' : `spec.${because}`,
    value: because === 'deleted' ? pool : '',
    because,
    services: named.map(({ service }) => ({ ref: refOf(service), addresses: service.ingressIPs })),
    total: displaced.length,
    restsOn: named.flatMap(({ restsOn }) => restsOn)
  }
}
