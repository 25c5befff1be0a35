import { isRecord } from '../kinds/decode.ts'
import { ACTIONS, type Action, type KnownRules } from './action.ts'
import type { DocumentError } from './document-error.ts'
import { documentError, type PolicySource } from './problem.ts'
import { partOf } from './yaml-document.ts'

/** A custom rule as far as other documents name it: its document may have faults elsewhere. */
interface Named {
  readonly id: string
  readonly action: Action
  readonly source: PolicySource
  readonly path: readonly (string | number)[]
}

/** The rules that there are with those of these ExposurePolicies, whatever else is wrong with them. */
export function withCustomRules(builtIn: KnownRules, sources: readonly PolicySource[]): KnownRules {
  return new Map([...builtIn, ...namedIn(sources).map(({ id, action }) => [id, action] as const)])
}

/** Ids of custom rules that are built-in rules' or that stand in two places; the second place is told of the first. */
export function repeatedIds(builtIn: KnownRules, sources: readonly PolicySource[]): readonly DocumentError[] {
  const first = new Map<string, Named>()
  return namedIn(sources).flatMap(named => {
    const { id, source, path } = named
    if (builtIn.has(id)) {
      const message = 'is the id of a built-in rule'
      return [documentError(source, { path, at: 'value', message, hint: 'choose another' })]
    }
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, named)
      return []
    }
    const { line } = before.source.document.position(before.path)
    const message = `is the id of another custom rule, at ${before.source.path}:${line}`
    return [documentError(source, { path, at: 'value', message, hint: 'choose another' })]
  })
}

function namedIn(sources: readonly PolicySource[]): readonly Named[] {
  return sources.flatMap(source => {
    const { value } = partOf(source.document, ['spec', 'customRules'])
    return Array.isArray(value) ? value.flatMap((rule: unknown, i) => namedRule(rule, source, i)) : []
  })
}

function namedRule(rule: unknown, source: PolicySource, index: number): readonly Named[] {
  if (!isRecord(rule) || typeof rule['id'] !== 'string') return []
  const action = ACTIONS.find(known => known === rule['action']) ?? 'deny'
  return [{ id: rule['id'], action, source, path: ['spec', 'customRules', index, 'id'] }]
}
