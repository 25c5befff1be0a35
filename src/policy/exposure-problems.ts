import { isRecord } from '../kinds/decode.ts'
import type { KnownRules } from './action.ts'
import type { PathPart } from './document-error.ts'
import { NEVER_EXEMPT } from './exemption.ts'
import { didYouMean } from './nearest-name.ts'
import type { Problem } from './problem.ts'
import { wideningProblems } from './widening/declaration.ts'
import { partOf, type YamlDocument } from './yaml-document.ts'

/**
 * What is wrong with an ExposurePolicy besides its shape: rules that do not exist or cannot be exempted, tenants both named
 * and excepted, and limits that could never apply. It looks at the document itself, so that these are told together with whatever else is wrong.
 */
export function exposureProblems(document: YamlDocument, knownRules: KnownRules): readonly Problem[] {
  return [
    ...unknownActions(document, knownRules),
    ...itemsAt(document, ['spec', 'exemptions']).flatMap((_exemption, i) =>
      exemptionProblems(document, ['spec', 'exemptions', i, 'rules'], knownRules)
    ),
    ...wideningProblems(document, knownRules),
    ...contradictions(document),
    ...unreachable(document)
  ]
}

function unknownActions(document: YamlDocument, knownRules: KnownRules): readonly Problem[] {
  const { value } = partOf(document, ['spec', 'actions'])
  const ids = isRecord(value)
    ? Object.keys(value).filter(id => id !== '__proto__' && !knownRules.has(id))
    : []
  return ids.map(id => ({ ...unknownRule(id, knownRules), path: ['spec', 'actions', id], at: 'key' }))
}

function exemptionProblems(
  document: YamlDocument,
  path: readonly PathPart[],
  knownRules: KnownRules
): readonly Problem[] {
  return itemsAt(document, path).flatMap((id, i): Problem[] => {
    if (typeof id !== 'string') return []
    const at = { path: [...path, i], at: 'value' } as const
    if (NEVER_EXEMPT.includes(id))
      return [{ ...at, message: 'nobody can be exempted from this rule', hint: '' }]
    return knownRules.has(id) ? [] : [{ ...unknownRule(id, knownRules), ...at }]
  })
}

function unknownRule(id: string, knownRules: KnownRules): Pick<Problem, 'message' | 'hint'> {
  return { message: 'no rule has this id', hint: didYouMean(id, knownRules.keys()) }
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

/** What is said about OvnEips where only namespaces are selected: they are in none. */
function unreachable(document: YamlDocument): readonly Problem[] {
  const selector = partOf(document, ['spec', 'appliesTo', 'namespaceSelector']).value
  const isSelecting = isRecord(selector) && Object.values(selector).some(isFilled)
  if (!isSelecting || partOf(document, ['spec', 'ovnEips']).value === undefined) return []
  const message =
    'would apply to nothing: OvnEips are in no namespace, and spec.appliesTo.namespaceSelector selects some'
  return [{ path: ['spec', 'ovnEips'], at: 'key', message, hint: 'put it into a policy without a selector' }]
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
