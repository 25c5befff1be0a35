import type { Exemption } from '../exemption.ts'
import { namesText } from './loosening.ts'

/** What an exemption lets pass that no exemption of the base does. */
export interface FreshExemption {
  readonly rule: string
  readonly text: string
}

/** More combinations of one exemption's names than this are compared as a whole. */
const MOST_PARTS = 1_000

/**
 * What these exemptions let pass, or let pass longer, that those of the base do not, one entry a rule and exemption. Each
 * combination of names is looked up by itself, so that joining or dividing exemptions is no change. `nowMs`: those that
 * have expired let nothing pass. O(exemptions * names).
 */
export function freshExemptions(
  base: readonly Exemption[],
  proposal: readonly Exemption[],
  nowMs: number
): readonly FreshExemption[] {
  const byRule = new Map<string, Exemption[]>()
  for (const exemption of base) {
    for (const rule of exemption.rules) byRule.set(rule, [...(byRule.get(rule) ?? []), exemption])
  }
  return proposal
    .filter(({ endsMs }) => endsMs > nowMs)
    .flatMap(exemption => {
      const parts = partsOf(exemption)
      return [...exemption.rules]
        .filter(rule => !parts.every(part => (byRule.get(rule) ?? []).some(other => covers(other, part))))
        .map(rule => ({ rule, text: `exemptions let ${whoOf(exemption)} pass until ${exemption.expires}` }))
    })
}

/** An exemption, or one combination of its names. */
type Part = Pick<Exemption, 'objects' | 'users' | 'groups' | 'namespaces' | 'endsMs'>

const NAMED = ['objects', 'users', 'groups', 'namespaces'] as const

function partsOf(exemption: Exemption): readonly Part[] {
  const size = NAMED.reduce((product, key) => product * (exemption[key]?.size ?? 1), 1)
  if (size > MOST_PARTS) return [exemption]
  return NAMED.reduce<readonly Part[]>(
    (parts, key) => {
      const names = exemption[key]
      return names === undefined
        ? parts
        : parts.flatMap(part => [...names].map(name => ({ ...part, [key]: new Set([name]) })))
    },
    [exemption]
  )
}

/** Whether all that `part` lets pass, `other` lets pass as long. */
function covers(other: Exemption, part: Part): boolean {
  return other.endsMs >= part.endsMs && NAMED.every(key => holdsAll(other[key], part[key]))
}

function holdsAll(other: ReadonlySet<string> | undefined, names: ReadonlySet<string> | undefined): boolean {
  if (other === undefined) return true
  return names !== undefined && [...names].every(name => other.has(name))
}

function whoOf({ objects, users, groups, namespaces }: Exemption): string {
  const named = (what: string, names: ReadonlySet<string> | undefined) =>
    names === undefined ? [] : [`${what}${namesText([...names])}`]
  return [
    ...named('', objects),
    ...named('user ', users),
    ...named('group ', groups),
    ...named('namespace ', namespaces)
  ].join(', ')
}
