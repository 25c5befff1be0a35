import { isRecord } from '../kinds/decode.ts'
import { isKindName, KINDS } from '../kinds/index.ts'
import type { KnownRules } from './action.ts'
import type { PathPart } from './document-error.ts'
import { NEVER_EXEMPT } from './exemption.ts'
import { didYouMean } from './nearest-name.ts'
import { firstProblems, type Problem } from './problem.ts'
import { wideningProblems } from './widening/declaration.ts'
import { partOf, type YamlDocument } from './yaml-document.ts'

/**
 * What is wrong with an ExposurePolicy besides its shape: rules that do not exist or cannot be exempted, tenants both named
 * and excepted, and limits that could never apply. It looks at the document itself, so that these are told together with whatever else is wrong.
 */
export function exposureProblems(document: YamlDocument, knownRules: KnownRules): readonly Problem[] {
  return firstProblems(allProblems(document, knownRules))
}

function* allProblems(document: YamlDocument, knownRules: KnownRules): Generator<Problem> {
  yield* unknownActions(document, knownRules)
  for (const i of itemsAt(document, ['spec', 'exemptions']).keys())
    yield* exemptionProblems(document, ['spec', 'exemptions', i, 'rules'], knownRules)
  yield* wideningProblems(document, knownRules)
  yield* contradictions(document)
  yield* unreachable(document)
}

function* unknownActions(document: YamlDocument, knownRules: KnownRules): Generator<Problem> {
  const { value } = partOf(document, ['spec', 'actions'])
  const ids = isRecord(value)
    ? Object.keys(value).filter(id => id !== '__proto__' && !knownRules.has(id))
    : []
  for (const id of ids) yield { ...unknownRule(id, knownRules), path: ['spec', 'actions', id], at: 'key' }
}

function* exemptionProblems(
  document: YamlDocument,
  path: readonly PathPart[],
  knownRules: KnownRules
): Generator<Problem> {
  for (const [i, id] of itemsAt(document, path).entries()) {
    if (typeof id !== 'string') continue
    const at = { path: [...path, i], at: 'value' } as const
    if (NEVER_EXEMPT.includes(id)) yield { ...at, message: 'nobody can be exempted from this rule', hint: '' }
    else if (!knownRules.has(id)) yield { ...unknownRule(id, knownRules), ...at }
  }
}

function unknownRule(id: string, knownRules: KnownRules): Pick<Problem, 'message' | 'hint'> {
  const near = didYouMean(id, knownRules.keys())
  const others = id.includes('*')
    ? 'name each rule; patterns are not supported'
    : '`poolguard rules` lists them'
  return { message: 'no rule has this id', hint: near || others }
}

function contradictions(document: YamlDocument): readonly Problem[] {
  const path = ['spec', 'appliesTo', 'exceptTenants']
  const named = new Set(itemsAt(document, ['spec', 'appliesTo', 'tenants']))
  return itemsAt(document, path).flatMap((tenant, i): Problem[] =>
    named.has(tenant)
      ? [{ path: [...path, i], at: 'value', message: 'is in spec.appliesTo.tenants too', hint: 'keep one' }]
      : []
  )
}

/** What is said about OvnEips, and about other kinds without namespace, where only namespaces are selected. */
function unreachable(document: YamlDocument): readonly Problem[] {
  const selector = partOf(document, ['spec', 'appliesTo', 'namespaceSelector']).value
  const isSelecting = isRecord(selector) && Object.values(selector).some(isFilled)
  if (!isSelecting) return []
  const hint = 'put it into a policy without a selector'
  const because = 'in no namespace, and spec.appliesTo.namespaceSelector selects some'
  const eips = `would apply to nothing: OvnEips are ${because}`
  const hasEips = partOf(document, ['spec', 'ovnEips']).value !== undefined
  const kinds = itemsAt(document, ['spec', 'customRules']).flatMap((_rule, i): Problem[] => {
    const path = ['spec', 'customRules', i, 'kinds']
    return itemsAt(document, path).flatMap((kind, at): Problem[] => {
      const isNowhere = typeof kind === 'string' && isKindName(kind) && !KINDS[kind].namespaced
      const message = `would never be judged: objects of this kind are ${because}`
      return isNowhere ? [{ path: [...path, at], at: 'value', message, hint }] : []
    })
  })
  return [
    ...(hasEips ? [{ path: ['spec', 'ovnEips'], at: 'key', message: eips, hint } as const] : []),
    ...kinds
  ]
}

/** A mapping or list with something in it. */
function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** The entries of a list; none where there is no list. */
function itemsAt(document: YamlDocument, path: readonly PathPart[]): readonly unknown[] {
  const { value } = partOf(document, path)
  return Array.isArray(value) ? value : []
}
