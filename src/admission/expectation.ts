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

/** How the outcome differs from what the case expects, one sentence each; empty when it does not. */
export function expectationFailures(
  expected: PolicyTestCase['expect'],
  { judgement, response, patch }: CaseResult
): readonly string[] {
  const message = response.status?.message ?? warningsOf(judgement).join('\n')
  const failures: string[] = []
  const fail = (what: string, wanted: string, got: string) =>
    failures.push(`expected ${what} ${wanted}, got ${got || 'nothing'}`)
  if (response.allowed !== expected.allowed) {
    fail('allowed', String(expected.allowed), `${response.allowed}: ${message}`)
  }
  const spoke = idsThatSpoke(judgement, response.allowed)
  const missing = (expected.rules ?? []).filter(id => !spoke.includes(id))
  if (missing.length > 0) fail('rules', missing.join(', '), spoke.join(', '))
  const others = expected.exactly ? spoke.filter(id => !(expected.rules ?? []).includes(id)) : []
  if (others.length > 0)
    fail('no other rule than', (expected.rules ?? []).join(', ') || 'none', others.join(', '))
  failures.push(...uncheckedFailures(expected, judgement))
  if (expected.code !== undefined && expected.code !== response.status?.code) {
    fail('code', String(expected.code), String(response.status?.code ?? ''))
  }
  if (expected.message !== undefined && !message.includes(expected.message)) {
    fail('a message with', JSON.stringify(expected.message), JSON.stringify(message))
  }
  if (expected.patch !== undefined && canonical(expected.patch) !== canonical(patch)) {
    fail('patch', canonical(expected.patch), canonical(patch))
  }
  return failures
}

/** The rules that denied, when it was denied; those that warned, when it was allowed. */
function idsThatSpoke(judgement: Judgement, allowed: boolean): readonly string[] {
  const warned = judgement.findings.filter(judged => judged.action === 'warn').map(judged => judged.rule.id)
  return [...new Set(allowed ? warned : denialCauses(judgement).map(cause => cause.reason))]
}

function uncheckedFailures(expected: PolicyTestCase['expect'], judgement: Judgement): readonly string[] {
  const unchecked = judgement.unjudged.map(({ rule }) => rule.id)
  return (expected.unchecked ?? [])
    .filter(id => !unchecked.includes(id))
    .map(id => `expected ${id} to be unchecked; unchecked were ${unchecked.join(', ') || 'none'}`)
}

/** Equal texts for equal JSON, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member
  )
}
