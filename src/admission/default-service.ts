import type { View } from '../inventory/view.ts'
import { isRecord } from '../kinds/decode.ts'
import { loadBalancerAsk, metallbAnnotation, type Service } from '../kinds/service.ts'
import type { Plan } from '../policy/plan.ts'
import type { Operation } from '../rules/rule.ts'
import { poolsHolding } from '../rules/service-pool-candidates.ts'

/** What is known about one write of a Service. */
export interface ServiceFacts {
  readonly service: Service
  /** What is stored; undefined on CREATE. */
  readonly oldService: Service | undefined
  readonly operation: Operation
  /** The pool that the Service's tenant gets by default (`defaultPool` in policy/); undefined: none. */
  readonly pool: string | undefined
  readonly plan: Plan
  /** Where the pool's addresses are looked up. */
  readonly view: View
}

/**
 * A copy of the raw Service with the pool annotation set; undefined when there is nothing to do. Only a LoadBalancer of
 * MetalLB's that names no pool and no address gets one.
 *
 * On UPDATE never while it has an address that is not of this pool alone: MetalLB would take it away and give another. When
 * all are, the annotation says what is so already, and nothing moves; nor does it when the stored object named the pool that
 * all are of, and a client that replaces the whole object, or an annotation that is taken off, drops that: then it stays. The
 * stored object's status counts too, since the new one comes without it when a client replaces the whole object. On CREATE
 * the status is not looked at, since the API server drops it.
 *
 * `raw` is not changed; the copy shares its unchanged parts. Idempotent. O(log pools) for each address.
 */
export function defaultService(
  raw: Record<string, unknown>,
  facts: ServiceFacts
): Record<string, unknown> | undefined {
  const { service, pool, plan } = facts
  if (pool === undefined || facts.operation === 'DELETE' || service.meta.deleting) return undefined
  const ask = loadBalancerAsk(service, plan.metallb.loadBalancerClass)
  if (ask === undefined || ask.pool !== undefined || ask.addresses.length > 0) return undefined
  const value = facts.operation === 'UPDATE' ? poolOnUpdate(pool, facts) : pool
  if (value === undefined) return undefined
  // A key that is there but empty is the one MetalLB reads, so it must be filled: another would have no effect.
  const key = metallbAnnotation(service.meta.annotations, 'address-pool')?.key ?? plan.metallb.poolAnnotation
  return withAnnotation(raw, key, value)
}

/** The default pool, else the one that the stored Service named: whichever holds all addresses that it has. */
function poolOnUpdate(pool: string, facts: ServiceFacts): string | undefined {
  const annotations = facts.oldService?.meta.annotations ?? new Map<string, string>()
  const named = metallbAnnotation(annotations, 'address-pool')?.value ?? ''
  return [pool, ...(named === '' ? [] : [named])].find(one => addressesAreIn(one, facts))
}

function addressesAreIn(pool: string, { service, oldService, plan, view }: ServiceFacts): boolean {
  const texts = [...service.ingressIPs, ...(oldService?.ingressIPs ?? [])]
  return texts.every(text => {
    const pools = poolsHolding(text, plan, view)
    return pools.length > 0 && pools.every(({ name }) => name === pool)
  })
}

function withAnnotation(raw: Record<string, unknown>, key: string, value: string): Record<string, unknown> {
  const metadata = isRecord(raw['metadata']) ? raw['metadata'] : {}
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  return { ...raw, metadata: { ...metadata, annotations: { ...annotations, [key]: value } } }
}
