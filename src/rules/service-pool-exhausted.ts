import type { Family } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import { sameRef } from '../kinds/object-ref.ts'
import { ingressAddresses, sharingKey, type Service } from '../kinds/service.ts'
import { grantedPools } from '../policy/grants.ts'
import type { Finding } from './finding.ts'
import { isIn, poolRooms, roomOf, type PoolRoom } from './pool-room.ts'
import { defineRule, type CheckContext, type Subject } from './rule.ts'
import { serviceClassOf } from './service-class.ts'
import { poolCandidates, type Candidate } from './service-pool-candidates.ts'

/** MetalLB has an address left for a Service in the pools that it may be served from. */
export const servicePoolExhausted = defineRule<'Service'>({
  id: 'service-pool-exhausted',
  summary:
    "The pools that MetalLB may serve a LoadBalancer Service from have an address left, of each of its families, and more than the plan's capacity.criticalPercent leaves.",
  why: 'MetalLB leaves the Service pending with an event that few look at, until another Service gives its address back.',
  fix: 'Delete Services that are not needed, share an address, or have the pool enlarged.',
  background: [
    'Counted are the addresses that Services hold; what avoidBuggyIPs leaves out counts as given out. A Service that asks for a certain address, has one already, or may share the one of another with its key, needs none. MetalLB takes all addresses of a Service from one pool, so that for RequireDualStack one of each family must be left in the same pool.',
    'A tenant is told of pools that it is granted only.'
  ],
  example: 'spec: {type: LoadBalancer} # while all of default-pool is in use',
  see: [
    'https://metallb.io/usage/#ipv6-and-dual-stack-services',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (Allocate)'
  ],
  on: ['Service'],
  reads: ['IPAddressPool', 'Service', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'warn',
  check(subject, context) {
    const { object } = subject
    const { plan, view, tenancy } = context
    const candidates = poolCandidates(object, plan, view)
    if (candidates.length === 0) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    if (candidates.some(({ via }) => via === 'address') || mayShare(object, context)) return []
    const usable = grantedOf(candidates, subject, context)
    const [first] = usable
    const rooms = poolRooms(
      usable.map(({ pool }) => pool),
      context
    )
    if (first === undefined || rooms.length === 0) return []
    const needed = neededFamilies(subject, rooms)
    const counts = needed.map(family => roomOf(family, rooms, plan))
    const short = counts.filter(({ level }) => level === 'critical')
    // Which family a Service has that the API server has not filled in yet is not known.
    if (object.ipFamilies.length === 0 && short.length < needed.length) return []
    const pools = rooms.map(({ pool }) => pool)
    const { field, value } = first
    const at = { field, value, pools: pools.map(({ name }) => name), counts, restsOn: pools }
    const findings = short.map(({ family }): Finding => ({ ...at, code: 'pools-exhausted', family }))
    if (findings.length > 0 || object.ipFamilyPolicy !== 'RequireDualStack') return findings
    const isTogether = rooms.some(room => needed.every(family => room.counts[family].free > 0n))
    return isTogether ? [] : [{ ...at, code: 'pools-exhausted', family: undefined }]
  }
})

function grantedOf(
  candidates: readonly Candidate[],
  { object, oldObject }: Subject<'Service'>,
  context: CheckContext
): readonly Candidate[] {
  const { requester, view } = context
  const pools = grantedPools(context, serviceClassOf(object, { requester, view, oldService: oldObject }))
  return pools === 'all' ? candidates : candidates.filter(({ pool }) => pools.includes(pool))
}

/** Whether another Service with the same sharing key holds an address. O(Services) for one that has a key. */
function mayShare(object: Service, { view }: CheckContext): boolean {
  const key = sharingKey(object)
  if (key === '') return false
  for (const other of view.list('Service')) {
    const isOther = sharingKey(other) === key && !sameRef(refOf(other), refOf(object))
    if (isOther && ingressAddresses(other).length > 0) return true
  }
  return false
}

/**
 * The families of which it needs an address, less those of which it has one in these pools. PreferDualStack does without the
 * second one where no pool has any of it.
 */
function neededFamilies(
  { object, oldObject }: Subject<'Service'>,
  rooms: readonly PoolRoom[]
): readonly Family[] {
  const held = [object, oldObject].flatMap(service =>
    service === undefined ? [] : ingressAddresses(service)
  )
  const own = new Set(held.filter(range => rooms.some(room => isIn(room, range))).map(({ family }) => family))
  const { ipFamilies, ipFamilyPolicy } = object
  return ([4, 6] as const).filter(family => {
    const isThere = rooms.some(({ counts }) => counts[family].size > 0n)
    const text = `IPv${family}`
    const isOptional =
      ipFamilies.length === 0 || (ipFamilyPolicy === 'PreferDualStack' && ipFamilies[0] !== text)
    return (
      !own.has(family) && (isThere || !isOptional) && (ipFamilies.length === 0 || ipFamilies.includes(text))
    )
  })
}
