import { communityForm } from '../kinds/bgp-community.ts'
import type { Community } from '../kinds/community.ts'
import { refOf } from '../kinds/index.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import type { CheckContext } from './rule.ts'
import { repeatedTexts } from './selector-syntax.ts'

/** MetalLB takes a text with a colon for a value and any other for the name that a Community gives one (config, validator.go). */
export function isAlias(text: string): boolean {
  return !text.includes(':')
}

/** The values among the communities of an advertisement that MetalLB cannot read, or not in the plan's BGP mode. */
export function literalFindings(communities: readonly string[], plan: Plan): Finding[] {
  return communities.flatMap((text, i) =>
    isAlias(text) ? [] : valueFindings(`spec.communities[${i}]`, text, plan)
  )
}

/** What MetalLB refuses in a Community: a value that it cannot read, and a name that is defined twice, here or elsewhere. */
export function communityFindings(object: Community, { plan, view }: CheckContext): Finding[] {
  const list = 'spec.communities'
  const names = object.communities.map(({ name }) => name)
  const own = [
    ...object.communities.flatMap(({ value }, i) => valueFindings(`${list}[${i}].value`, value, plan)),
    ...repeatedTexts(list, names, i => `${list}[${i}].name`)
  ]
  // Elsewhere MetalLB reads neither this one nor those beside it.
  if (object.meta.namespace !== plan.metallb.namespace) return own
  const places = new Map(names.map((name, i) => [name, i] as const).toReversed())
  const elsewhere = [...view.list('Community')]
    .filter(({ meta }) => meta.namespace === object.meta.namespace && meta.name !== object.meta.name)
    .flatMap(other => [...new Set(other.communities.map(({ name }) => name))].map(name => ({ name, other })))
    .flatMap(({ name, other }): Finding[] => {
      const i = places.get(name)
      const ref = refOf(other)
      const at = { field: `${list}[${i ?? 0}].name`, value: name, restsOn: [ref] }
      return i === undefined ? [] : [{ ...at, code: 'community-defined', other: ref }]
    })
  return [...own, ...elsewhere]
}

function valueFindings(field: string, value: string, plan: Plan): Finding[] {
  const form = communityForm(value)
  if (form === undefined) return [{ code: 'bad-community', field, value, restsOn: [] }]
  const isUnknown = form === 'large' && plan.metallb.bgpType === 'native'
  return isUnknown ? [{ code: 'large-community', field, value, restsOn: [] }] : []
}
