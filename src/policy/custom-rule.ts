import { isRecord } from '../kinds/decode.ts'
import type { KindName } from '../kinds/index.ts'
import type { Action } from './action.ts'
import { compile, type Program } from './cel/compile.ts'
import type { CustomRuleSpec } from './custom-rule-schema.ts'
import type { DocumentError } from './document-error.ts'
import { documentError, type PolicySource } from './problem.ts'
import { partOf } from './yaml-document.ts'

/** A rule of an ExposurePolicy, its expressions compiled. */
export interface CustomRule {
  readonly id: string
  /** The ExposurePolicy it stands in. */
  readonly policy: string
  readonly kinds: readonly KindName[]
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[]
  /** As written. */
  readonly expression: string
  readonly program: Program
  readonly message: string | undefined
  readonly messageProgram: Program | undefined
  /** Its own, where no policy names it. */
  readonly action: Action
  /** null for none, as an expression sees it. */
  readonly params: Readonly<Record<string, unknown>> | null
}

/** The keys of a custom rule that hold CEL, and what it has to give. */
const EXPRESSIONS = { expression: 'bool', messageExpression: 'string' } as const

/**
 * What is wrong with the expressions of a policy's custom rules, at the very character. It looks at the document itself, so that
 * these are told together with whatever else is wrong.
 */
export function expressionErrors(source: PolicySource): readonly DocumentError[] {
  const { value } = partOf(source.document, ['spec', 'customRules'])
  const rules: readonly unknown[] = Array.isArray(value) ? value : []
  return rules.flatMap((rule, i) =>
    (['expression', 'messageExpression'] as const).flatMap(key => {
      const text = isRecord(rule) ? rule[key] : undefined
      const compiled = typeof text === 'string' && text !== '' ? compile(text, EXPRESSIONS[key]) : undefined
      if (compiled === undefined || compiled.ok) return []
      const { offset, message, hint } = compiled.problem
      const path = ['spec', 'customRules', i, key]
      const error = documentError(source, { path, at: 'value', message, hint })
      return [{ ...error, ...source.document.position(path, 'value', offset) }]
    })
  )
}

/** A custom rule of a policy; undefined when `expressionErrors` has something about it. */
export function customRuleOf(spec: CustomRuleSpec, policy: string): CustomRule | undefined {
  const { id, kinds, operations, expression, message, messageExpression, action, params } = spec
  const compiled = compile(expression, EXPRESSIONS.expression)
  const worded =
    messageExpression === undefined ? undefined : compile(messageExpression, EXPRESSIONS.messageExpression)
  if (!compiled.ok || worded?.ok === false) return undefined
  return {
    id,
    policy,
    kinds: [...new Set(kinds)],
    operations: [...new Set(operations)],
    expression,
    program: compiled.program,
    message,
    messageProgram: worded?.program,
    action,
    params: params ?? null
  }
}
