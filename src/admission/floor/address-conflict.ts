import { METALLB_ASKS } from '../../kinds/service.ts'
import { FLOOR_WORDS, type FloorWords } from '../wording/floor.ts'
import { texts, type Cel, type Variable } from './cel.ts'
import type { Check, FloorOf } from './floor.ts'
import { ifStored, plainAddress } from './service.ts'

/** service-address-conflict: all but whether the addresses are in the pool that the Service names. */
export const addressConflictFloor: FloorOf = () => ({
  rule: 'service-address-conflict',
  on: 'object',
  variables: VARIABLES,
  leftOut: [],
  checks: [
    check('twins', TWINS, FLOOR_WORDS.twins),
    check('twoPlaces', TWO_PLACES, FLOOR_WORDS.twoPlaces),
    check('unparsable', UNPARSABLE, FLOOR_WORDS.unparsable),
    check('tooMany', TOO_MANY, FLOOR_WORDS.tooMany),
    check('unfitting', UNFITTING, FLOOR_WORDS.families)
  ]
})

function check(name: string, expression: Cel, words: FloorWords): Check {
  return { when: 'true', offenders: { name, expression }, words }
}

function ofMetalLB(offenders: Cel): Cel {
  return `variables.metallb ? ${offenders} : []`
}

/** Both prefixes say something, and not the same. */
const TWINS = ofMetalLB(
  `${texts(METALLB_ASKS)}.filter(n, ${[
    'variables.annotations[?("metallb.io/" + n)].hasValue()',
    'variables.annotations[?("metallb.universe.tf/" + n)].hasValue()',
    'variables.annotations["metallb.io/" + n] != variables.annotations["metallb.universe.tf/" + n]',
    `!(variables.oldMetallb && ["metallb.io/", "metallb.universe.tf/"].all(p, variables.oldAnnotations[?(p + n)] == variables.annotations[?(p + n)]))`
  ].join(' && ')})`
)

/** The first of the list stands for it, as in the rule. */
const TWO_PLACES = ofMetalLB(
  `(size(variables.listed) > 0 && variables.address != "" && !(${[
    'variables.oldMetallb',
    'size(variables.oldListed) > 0',
    'variables.oldListed[0] == variables.listed[0]',
    'variables.oldAddress == variables.address'
  ].join(' && ')}) ? [variables.address] : [])`
)

const UNPARSABLE = ofMetalLB(
  `variables.requests.filter(i, !isIP(${plainAddress('i')}) && !(variables.oldMetallb && i in variables.oldRequests))`
)

/** MetalLB takes two at most. */
const TOO_MANY = ofMetalLB(
  '(size(variables.requests) > 2 && !(variables.oldMetallb && size(variables.oldRequests) == size(variables.requests)) ? [string(size(variables.requests))] : [])'
)

/** Two of one family, or others than the Service has once the API server has filled them in. */
const UNFITTING = ofMetalLB(
  `(${[
    'size(variables.addresses) in [1, 2]',
    `(${[
      '(size(variables.addresses) == 2 && variables.addressFamilies[0] == variables.addressFamilies[1])',
      '(size(variables.families) > 0 && !(size(variables.families) == size(variables.addresses) && variables.addressFamilies.all(f, f in variables.families)))'
    ].join(' || ')})`,
    '!(variables.oldMetallb && variables.oldRequests == variables.requests && variables.oldFamilies == variables.families)'
  ].join(' && ')} ? variables.addresses : [])`
)

const VARIABLES: readonly Variable[] = [
  { name: 'addresses', expression: `variables.requests.filter(i, isIP(${plainAddress('i')}))` },
  {
    name: 'addressFamilies',
    expression: `variables.addresses.map(i, "IPv" + string(ip(${plainAddress('i')}).family()))`
  },
  { name: 'families', expression: 'object.spec.?ipFamilies.orValue([])' },
  { name: 'oldFamilies', expression: ifStored('oldObject.spec.?ipFamilies.orValue([])', '[]') }
]
