import * as z from 'zod'
import { decodeDocument, inTextOrder, type DecodedDocument } from './decode-document.ts'
import { isRecord } from '../kinds/decode.ts'
import type { DocumentError } from './document-error.ts'
import { didYouMean } from './nearest-name.ts'
import { documentError, type PolicySource } from './problem.ts'
import { API_VERSION, metadata, textMap } from './schema-fields.ts'
import { partOf } from './yaml-document.ts'

/** What a rule's finding leads to, the strictest first: refuse, tell the user, only count, not even ask. */
const ACTIONS = ['deny', 'warn', 'audit', 'off'] as const
export type Action = (typeof ACTIONS)[number]

/** Every rule id and the action it has when no policy names it. */
export type KnownRules = ReadonlyMap<string, Action>

/** ExposurePolicy: what is allowed. Of its spec this version knows `actions`. */
export const exposurePolicy = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ExposurePolicy'),
  metadata,
  spec: z.strictObject({
    actions: textMap(z.enum(ACTIONS)).optional().describe("rule id to action; absent: the rule's own default")
  })
})

/** An ExposurePolicy as read; `actions` is empty when it names no rule. */
export interface ExposurePolicy {
  readonly name: string
  readonly actions: ReadonlyMap<string, Action>
}

/** Fields that are documented and not built yet: a policy that relies on one must not pass as obeyed. */
const LATER_KEYS: ReadonlySet<string> = new Set(
  ['appliesTo', 'pools', 'services', 'ovnEips', 'customRules', 'exemptions'].map(key => `spec.${key}`)
)

/** Reads an ExposurePolicy; rule ids that are not in `knownRules` are errors. */
export function decodeExposurePolicy(
  source: PolicySource,
  knownRules: KnownRules
): DecodedDocument<ExposurePolicy> {
  const decoded = decodeDocument(exposurePolicy, source)
  const unknown = unknownRules(source, knownRules)
  if (decoded.ok && unknown.length === 0) {
    const { metadata: meta, spec } = decoded.value
    return { ok: true, value: { name: meta.name, actions: new Map(Object.entries(spec.actions ?? {})) } }
  }
  const others = decoded.ok ? [] : decoded.errors.map(unsupported)
  return { ok: false, errors: inTextOrder([...others, ...unknown]) }
}

/** Looks at the document itself, so that a misspelt id is told together with whatever else is wrong. */
function unknownRules(source: PolicySource, knownRules: KnownRules): DocumentError[] {
  const { value } = partOf(source.document, ['spec', 'actions'])
  const ids = isRecord(value)
    ? Object.keys(value).filter(id => id !== '__proto__' && !knownRules.has(id))
    : []
  return ids.map(id => {
    const hint = didYouMean(id, knownRules.keys())
    return documentError(source, {
      path: ['spec', 'actions', id],
      at: 'key',
      message: 'no rule has this id',
      hint
    })
  })
}

function unsupported(error: DocumentError): DocumentError {
  const isLater = error.message === 'unknown key' && LATER_KEYS.has(error.field)
  return isLater ? { ...error, message: 'is not supported by this version', hint: 'take it out' } : error
}

/**
 * The action of every known rule: the strictest among the policies that name it, else its own default. The order of
 * policies does not matter.
 */
export function combineActions(policies: readonly ExposurePolicy[], knownRules: KnownRules): KnownRules {
  const combined = new Map<string, Action>()
  for (const [id, byDefault] of knownRules) {
    const named = policies.map(policy => policy.actions.get(id))
    combined.set(id, ACTIONS.find(action => named.includes(action)) ?? byDefault)
  }
  return combined
}
