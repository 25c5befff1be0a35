import * as z from 'zod'
import type { KnownRules } from '../action.ts'
import type { PathPart } from '../document-error.ts'
import { didYouMean } from '../nearest-name.ts'
import type { Problem } from '../problem.ts'
import { someText } from '../schema-fields.ts'
import { partOf, type YamlDocument } from '../yaml-document.ts'

const DAY_MS = 86_400_000

/** `spec.widenings[]` of both kinds of policies. */
export const wideningDeclarations = z
  .array(
    z.strictObject({
      rules: z.array(z.string()).min(1).describe('ids of rules that may refuse less than before'),
      reason: someText,
      owner: someText,
      expires: z.iso.date('not a date such as 2027-01-31').describe('the last day on which it counts, in UTC')
    })
  )
  .default([])
  .describe('what `check --fail-on-widening` accepts; nothing else reads it')

/** Rules that may refuse less than before, as their owner says, and until when. */
export interface WideningDeclaration {
  readonly rules: ReadonlySet<string>
  readonly reason: string
  readonly owner: string
  /** The last day on which it counts, such as 2027-01-31. */
  readonly expires: string
  /** The end of that day in UTC, in milliseconds since 1970. */
  readonly endsMs: number
}

export function wideningDeclarationsOf(
  specs: z.output<typeof wideningDeclarations>
): readonly WideningDeclaration[] {
  return specs.map(({ rules, expires, ...why }) => ({
    ...why,
    rules: new Set(rules),
    expires,
    endsMs: Date.parse(expires) + DAY_MS
  }))
}

/**
 * Rule ids in `spec.widenings` that do not exist and are nearly those of rules that do; empty for none. Others may be of custom rules
 * that the proposal takes out.
 */
export function wideningProblems(document: YamlDocument, knownRules: KnownRules): readonly Problem[] {
  const path = ['spec', 'widenings']
  return listAt(document, path).flatMap((_one, i) =>
    listAt(document, [...path, i, 'rules']).flatMap((id, at): Problem[] => {
      const hint = typeof id === 'string' && !knownRules.has(id) ? didYouMean(id, knownRules.keys()) : ''
      if (hint === '') return []
      return [{ path: [...path, i, 'rules', at], at: 'value', message: 'no rule has this id', hint }]
    })
  )
}

function listAt(document: YamlDocument, path: readonly PathPart[]): readonly unknown[] {
  const { value } = partOf(document, path)
  return Array.isArray(value) ? value : []
}
