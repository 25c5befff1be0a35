import { trimBlanks } from '../address/parse.ts'
import type { Service } from './service.ts'

/** Where source ranges stood before the field (Kubernetes core/v1, AnnotationLoadBalancerSourceRangesKey). */
export const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges'

/** From where a LoadBalancer may be reached, as one entry says. */
export interface SourceRange {
  readonly text: string
  readonly field: string
}

/**
 * What a Service says about it: the field, or where that is empty the annotation, as the API server reads them (pkg/apis/core/
 * validation). `isField` is false for the annotation, which kube-proxy does not obey (pkg/proxy/serviceport.go); some load
 * balancers do. Empty for none.
 */
export interface SourceRanges {
  readonly isField: boolean
  readonly entries: readonly SourceRange[]
}

/** Blanks around an entry are part of the API. O(length). */
export function sourceRangesOf({ loadBalancerSourceRanges, meta }: Service): SourceRanges {
  if (loadBalancerSourceRanges.length > 0) {
    const entries = loadBalancerSourceRanges.map((text, i) => {
      return { text: trimBlanks(text), field: `spec.loadBalancerSourceRanges[${i}]` }
    })
    return { isField: true, entries }
  }
  const annotation = trimBlanks(meta.annotations.get(SOURCE_RANGES_ANNOTATION) ?? '')
  const texts = annotation === '' ? [] : annotation.split(',')
  const field = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`
  return { isField: false, entries: texts.map(text => ({ text: trimBlanks(text), field })) }
}
