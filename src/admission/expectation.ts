import type { PolicyTestCase } from '../policy/policy-test.ts'
import type { Judgement } from './judge.ts'
import type { PatchOperation } from './patch.ts'
import { denialCauses, warningsOf, type AdmissionResponse } from './response.ts'

/** What a case came to. */
export interface CaseResult {
  readonly judgement: Judgement
  readonly response: AdmissionResponse
  readonly patch: readonly PatchOperation[]
}

type Expectation = PolicyTestCase['expect']

/** How the outcome differs from what the case expects, one sentence each; empty when it does not. */
export function expectationFailures(expected: Expectation, result: CaseResult): readonly string[] {
  const { judgement, response, patch } = result
  const message = response.status?.message ?? warningsOf(judgement).join('\n')
  const isAllowed = `${response.allowed}${message === '' ? '' : `: ${message}`}`
  return [
    ...unless(expected.allowed === response.allowed, 'allowed', String(expected.allowed), isAllowed),
    ...ruleFailures(expected, idsThatSpoke(judgement, response.allowed)),
    ...listFailures('unchecked', expected.unchecked, judgement.unjudged),
    ...listFailures('exempted', expected.exempted, judgement.exempted),
    ...codeFailures(expected, response.status?.code),
    ...unless(message.includes(expected.message ?? ''), 'a message with', expected.message ?? '', message),
    ...patchFailures(expected, patch)
  ]
}

function unless(holds: boolean, what: string, wanted: string, got: string): readonly string[] {
  return holds ? [] : [`expected ${what} ${wanted}, got ${got || 'nothing'}`]
}

function ruleFailures(expected: Expectation, spoke: readonly string[]): readonly string[] {
  const wanted = expected.rules ?? []
  const hasAll = wanted.every(id => spoke.includes(id))
  const isExact = !expected.exactly || spoke.every(id => wanted.includes(id))
  const what = expected.exactly ? 'exactly the rules' : 'the rules'
  return unless(hasAll && isExact, what, wanted.join(', ') || 'none', spoke.join(', '))
}

function codeFailures({ code }: Expectation, got: number | undefined): readonly string[] {
  return code === undefined ? [] : unless(code === got, 'code', String(code), String(got ?? ''))
}

function patchFailures({ patch }: Expectation, got: readonly PatchOperation[]): readonly string[] {
  if (patch === undefined) return []
  return unless(canonical(patch) === canonical(got), 'patch', canonical(patch), canonical(got))
}

/** The rules that denied, when it was denied; those that warned, when it was allowed. */
function idsThatSpoke(judgement: Judgement, allowed: boolean): readonly string[] {
  const warned = judgement.findings.filter(judged => judged.action === 'warn').map(judged => judged.rule.id)
  return [...new Set(allowed ? warned : denialCauses(judgement).map(cause => cause.reason))]
}

/** The rules wanted are among those that are there. As everywhere, [] means none. */
function listFailures(
  what: 'unchecked' | 'exempted',
  wanted: readonly string[] | undefined,
  found: readonly { readonly rule: { readonly id: string } }[]
): readonly string[] {
  if (wanted === undefined) return []
  const got = [...new Set(found.map(({ rule }) => rule.id))]
  const holds = wanted.length === 0 ? got.length === 0 : wanted.every(id => got.includes(id))
  return unless(holds, what, wanted.join(', ') || 'none', got.join(', '))
}

/** Equal texts for equal JSON, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member
  )
}
