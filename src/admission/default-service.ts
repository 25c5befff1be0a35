import { isRecord } from '../kinds/decode.ts'
import { loadBalancerAsk, metallbAnnotation, type Service } from '../kinds/service.ts'
import type { Plan } from '../policy/plan.ts'
import type { Operation } from '../rules/rule.ts'

/** What is known about one write of a Service. */
export interface ServiceFacts {
  readonly service: Service
  /** What is stored; undefined on CREATE. */
  readonly oldService: Service | undefined
  readonly operation: Operation
  /** The pool that the Service's tenant gets by default (`defaultPool` in policy/); undefined: none. */
  readonly pool: string | undefined
  readonly plan: Plan
}

/**
 * A copy of the raw Service with the pool annotation set; undefined when there is nothing to do. Only a LoadBalancer of
 * MetalLB's that names no pool and no address gets one, and never one that has an address: MetalLB would take it away and
 * give another. On UPDATE the status is looked up in the stored object too, since the new one comes without it when a
 * client replaces the whole object; on CREATE it is not looked at, since the API server drops it. `raw` is not changed; the copy shares its unchanged parts. Idempotent.
 */
export function defaultService(
  raw: Record<string, unknown>,
  facts: ServiceFacts
): Record<string, unknown> | undefined {
  const { service, pool, plan } = facts
  if (pool === undefined || facts.operation === 'DELETE' || service.meta.deleting) return undefined
  const ask = loadBalancerAsk(service, plan.metallb.loadBalancerClass)
  if (ask === undefined || ask.pool !== undefined || ask.addresses.length > 0) return undefined
  if (facts.operation === 'UPDATE' && (hasAddress(service) || hasAddress(facts.oldService))) return undefined
  // A key that is there but empty is the one MetalLB reads, so it must be filled: another would have no effect.
  const key = metallbAnnotation(service.meta.annotations, 'address-pool')?.key ?? plan.metallb.poolAnnotation
  return withAnnotation(raw, key, pool)
}

function hasAddress(service: Service | undefined): boolean {
  return service !== undefined && service.ingressIPs.length > 0
}

function withAnnotation(raw: Record<string, unknown>, key: string, value: string): Record<string, unknown> {
  const metadata = isRecord(raw['metadata']) ? raw['metadata'] : {}
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  return { ...raw, metadata: { ...metadata, annotations: { ...annotations, [key]: value } } }
}
