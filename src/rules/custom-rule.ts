import { KINDS, type KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Evaluated, Values } from '../policy/cel/compile.ts'
import { celValue } from '../policy/cel/json-value.ts'
import type { Variable } from '../policy/cel/vocabulary.ts'
import type { CustomRule } from '../policy/custom-rule.ts'
import { tenancyRestsOn, type Tenancy } from '../policy/tenancy.ts'
import type { Said, Unjudged } from './finding.ts'
import { namespaceJson, type RawWrite } from './raw-write.ts'
import type { AnyRule, Change, CheckContext, Subject } from './rule.ts'

/** What an expression may name that is not the write itself: its answer may differ once more is known. */
const OUTSIDE: readonly Variable[] = ['namespaceObject', 'tenant', 'pools']

/** The rules that these policies bring, in the order of their ids, as the rule list holds them. */
export function customRules(rules: readonly CustomRule[]): readonly AnyRule[] {
  return rules.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(anyRule)
}

function anyRule(custom: CustomRule): AnyRule {
  const { id, kinds, operations, action, policy, expression } = custom
  return {
    id,
    summary: custom.message ?? `Custom rule of ExposurePolicy ${policy}: ${oneLine(expression)}`,
    why: `ExposurePolicy ${policy} requires it.`,
    fix: 'Write the object so that the expression is true, or ask whoever owns that policy.',
    example: expression,
    see: [`ExposurePolicy ${policy}, spec.customRules`],
    on: kinds,
    advisesOn: [],
    reads: readsOf(custom),
    defaultAction: action,
    operations,
    asksWho: custom.program.asksWho,
    judgesObject: operations.some(operation => operation !== 'DELETE'),
    judgesLoss: false,
    judgesDelete: operations.includes('DELETE'),
    judgesStatus: false,
    judge: (change, as, context) => judged(custom, change, as, context),
    judgeLoss: () => [],
    judgeStatus: () => []
  }
}

function oneLine(expression: string): string {
  return expression.trim().replace(/\s+/g, ' ')
}

function namedBy({ program, messageProgram }: CustomRule): ReadonlySet<Variable> {
  return new Set([...program.variables, ...(messageProgram?.variables ?? [])])
}

/** Whom the policy applies to rests on the Namespace as well. */
function readsOf(custom: CustomRule): readonly KindName[] {
  const pools: readonly KindName[] = namedBy(custom).has('pools') ? ['IPAddressPool'] : []
  return ['Namespace', 'Tenant', ...pools]
}

function judged(
  custom: CustomRule,
  change: Change,
  as: Subject<KindName>['as'],
  context: CheckContext
): readonly Said[] {
  const { raw, exposure } = context
  if (raw === undefined || !custom.operations.includes(change.operation)) return []
  const unknown = unjudged(custom, change, context)
  if (unknown !== undefined) return [unknown]
  if (!exposure.customRules.has(custom.id)) return []
  const isOfTheWriteAlone = !OUTSIDE.some(name => namedBy(custom).has(name))
  const key = `${custom.id} ${as}`
  const known = isOfTheWriteAlone ? raw.said.get(key) : undefined
  if (known !== undefined) return known
  const said = findings(custom, change, valuesOf(custom, change, as, { ...context, raw }), {
    ...context,
    raw
  })
  if (isOfTheWriteAlone) raw.said.set(key, said)
  return said
}

/** What has to be known before anything can be said; undefined when all of it is. */
function unjudged(custom: CustomRule, change: Change, context: CheckContext): Unjudged | undefined {
  const { view, tenancy, exposure } = context
  const named = namedBy(custom)
  const isByOwner = !exposure.forAll || named.has('tenant')
  if (isByOwner && tenancy.kind === 'unknown') return kindUnknown(tenancy.missing)
  if (named.has('pools') && !view.known('IPAddressPool')) return kindUnknown('IPAddressPool')
  const isMissing =
    named.has('namespaceObject') && isNamespaced(change) && namespaceOf(change, context) === undefined
  return isMissing ? kindUnknown('Namespace') : undefined
}

function kindUnknown(kind: KindName): Unjudged {
  return { code: 'unjudged', because: 'kind-unknown', kind }
}

type RawContext = CheckContext & { readonly raw: RawWrite }

function findings(custom: CustomRule, change: Change, values: Values, context: RawContext): readonly Said[] {
  const result = custom.program.run(values, context.raw.meter)
  if (result.ok && result.value === true) return []
  const at = { code: 'custom-rule', field: '', value: '', restsOn: restsOn(custom, change, context) } as const
  if (!result.ok) return [{ ...at, outcome: 'failed', text: result.failure }]
  if (result.value !== false) return [{ ...at, outcome: 'failed', text: 'it gave neither true nor false' }]
  const worded = custom.messageProgram?.run(values, context.raw.meter)
  return [{ ...at, outcome: 'refused', text: textOf(custom, worded) }]
}

/** As Kubernetes does: a messageExpression that fails, or gives no line of text, gives way to the message. */
function textOf({ message, expression }: CustomRule, worded: Evaluated | undefined): string {
  const text = worded?.ok === true && typeof worded.value === 'string' ? worded.value.trim() : ''
  if (text !== '' && !/[\n\r]/.test(text)) return text
  return message ?? `failed expression: ${oneLine(expression)}`
}

/** What `object` and `oldObject` are while the ratchet asks about what is stored: an update that changes nothing. */
function valuesOf(
  { params }: CustomRule,
  change: Change,
  as: Subject<KindName>['as'],
  context: RawContext
): Values {
  const { raw, view, tenancy } = context
  return {
    get object() {
      return raw.valueOf(as === 'stored' ? 'oldObject' : 'object')
    },
    get oldObject() {
      return raw.valueOf('oldObject')
    },
    get request() {
      return raw.valueOf('request')
    },
    get namespaceObject() {
      const namespace = isNamespaced(change) ? namespaceOf(change, context) : undefined
      return celValue(namespace && namespaceJson(namespace), raw.meter)
    },
    get params() {
      return celValue(params, raw.meter)
    },
    get tenant() {
      return tenantOf(tenancy)
    },
    get pools() {
      return raw.poolsIn(view)
    }
  }
}

/** No tenant is named so. */
const NOBODY_PROVEN = '?'

/** '' for the platform's; `?` for those of somebody who is not proven to be a tenant, and so is none of them and not the platform. */
function tenantOf(tenancy: Tenancy): string {
  if (tenancy.kind === 'platform') return ''
  return tenancy.kind === 'tenant' ? tenancy.name : NOBODY_PROVEN
}

function isNamespaced({ kind }: Change): boolean {
  return KINDS[kind].namespaced
}

function namespaceOf({ object, oldObject }: Change, { view }: CheckContext) {
  return view.get('Namespace', '', (object ?? oldObject)?.meta.namespace ?? '')
}

/** What is read live before the finding denies. */
function restsOn(custom: CustomRule, change: Change, { view, exposure }: CheckContext): readonly ObjectRef[] {
  const named = namedBy(custom)
  const isByOwner = !exposure.forAll || named.has('tenant') || named.has('namespaceObject')
  const namespace = (change.object ?? change.oldObject)?.meta.namespace ?? ''
  return [
    ...(isByOwner && isNamespaced(change) ? tenancyRestsOn(view, namespace) : []),
    ...(named.has('pools') ? [{ kind: 'IPAddressPool', namespace: '', name: '' }] : [])
  ]
}
