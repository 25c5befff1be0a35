import { SOURCE_RANGES_ANNOTATION } from '../../kinds/service-source-ranges.ts'
import { FLOOR_WORDS } from '../wording/floor.ts'
import { text, texts, type Cel, type Variable } from './cel.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'
import { blocksOf, tooManyBlocks } from './ranges.ts'
import { ifStored } from './service.ts'

/** service-source-ranges: all of it. Of ranges that only several stored ones together cover the floor knows nothing. */
export const sourceRangesFloor: FloorOf = ({ policies }) => ({
  rule: 'service-source-ranges',
  on: 'object',
  variables: VARIABLES,
  leftOut: policies.flatMap(({ policy: { name, services } }) => {
    const ranges = services?.loadBalancerSourceRanges?.allowedRanges
    return ranges && blocksOf(ranges) === undefined
      ? [tooManyBlocks(name, 'services.loadBalancerSourceRanges')]
      : []
  }),
  checks: [
    ...forPolicies(policies, 'missing', ({ services }) =>
      services?.loadBalancerSourceRanges?.required === true
        ? { offenders: MISSING, words: FLOOR_WORDS.sourceRangesMissing }
        : undefined
    ),
    ...forPolicies(policies, 'ranges', ({ services }) => {
      const ranges = services?.loadBalancerSourceRanges?.allowedRanges
      const allowed = ranges && blocksOf(ranges)
      return allowed && { offenders: outside(allowed.cidrs), words: FLOOR_WORDS.sourceRanges(allowed.texts) }
    })
  ]
})

/** What is no CIDR is in no range; a range that lies in a stored one lets nobody in who was not. */
function outside(cidrs: readonly string[]): Cel {
  const isAllowed =
    cidrs.length === 0 ? 'false' : `isCIDR(r) && ${texts(cidrs)}.exists(c, cidr(c).containsCIDR(r))`
  const isKept =
    'variables.oldRanges.exists(o, o == r || (isCIDR(o) && isCIDR(r) && cidr(o).containsCIDR(r)))'
  return `variables.sourceRanges.filter(r, !(${isAllowed}) && !(${isKept}))`
}

const MISSING = 'variables.missingFamilies.filter(f, !(f in variables.oldMissingFamilies))'

/** The field, or where it is empty the annotation. Both trimmed, as the API server does. */
function stated(object: string, annotations: string): Cel {
  const field = `${object}.spec.?loadBalancerSourceRanges.orValue([])`
  const annotation = `variables.${annotations}[?${text(SOURCE_RANGES_ANNOTATION)}].orValue("").trim()`
  return `(size(${field}) > 0 ? ${field}.map(r, r.trim()) : (${annotation} == "" ? [] : ${annotation}.split(",").map(r, r.trim())))`
}

/**
 * The families of which none is stated in the field, `any` where it is empty; kube-proxy does not obey the annotation. The API
 * server itself refuses entries of the field that are no range.
 */
function missing(object: string, ranges: string): Cel {
  const isField = `size(${object}.spec.?loadBalancerSourceRanges.orValue([])) > 0`
  const readable = `variables.${ranges}.filter(r, isCIDR(r)).map(r, cidr(r).ip().family())`
  const families = `[4, 6].filter(f, ("IPv" + string(f)) in ${object}.spec.?ipFamilies.orValue([]) && !(f in ${readable}))`
  const none = `(!(${isField}) && size(variables.${ranges}) > 0 ? ["any (the annotation is not obeyed)"] : ["any"])`
  return `(!(${isField}) ? ${none} : ${families}.map(f, "IPv" + string(f)))`
}

function ofLoadBalancer(type: string, expression: Cel): Cel {
  return `(variables.${type} == "LoadBalancer" ? ${expression} : [])`
}

const VARIABLES: readonly Variable[] = [
  { name: 'sourceRanges', expression: ofLoadBalancer('type', stated('object', 'annotations')) },
  {
    name: 'oldRanges',
    expression: ifStored(ofLoadBalancer('oldType', stated('oldObject', 'oldAnnotations')), '[]')
  },
  { name: 'missingFamilies', expression: ofLoadBalancer('type', missing('object', 'sourceRanges')) },
  {
    name: 'oldMissingFamilies',
    expression: ifStored(ofLoadBalancer('oldType', missing('oldObject', 'oldRanges')), '[]')
  }
]
