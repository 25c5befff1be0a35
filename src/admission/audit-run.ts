import type { View } from '../inventory/view.ts'
import type { FieldError } from '../kinds/decode.ts'
import { KIND_NAMES, refOf, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { capacityOf } from '../rules/capacity.ts'
import { edgeNatDrift } from '../rules/edge-nat-drift.ts'
import { nodeRuleActions, nodesInPools } from '../rules/nodes-in-pools.ts'
import { quotaAudits } from '../rules/quota-overruns.ts'
import { UNKNOWN_REFERENCE, unknownReferences } from '../rules/unknown-references.ts'
import { auditObject, type Audited, type Stated } from './audit-object.ts'
import {
  checkedObject,
  checkExempted,
  checkFinding,
  invalidFields,
  reportOn,
  uncheckedRule,
  type CheckedObject,
  type CheckReport,
  type Place,
  type Unchecked
} from './check-report.ts'
import type { PolicySnapshot } from './ports.ts'

/** What is audited, and against what. */
export interface AuditContext {
  readonly snapshot: PolicySnapshot
  /** Everything that is stored, as of one moment. */
  readonly view: View
  /** Objects that are stored and do not decode, so that the view leaves them out. */
  readonly unreadable: readonly { readonly ref: ObjectRef; readonly errors: readonly FieldError[] }[]
  readonly placeOf: (ref: ObjectRef) => Place
  /** The time, in milliseconds since 1970: exemptions end. */
  readonly nowMs: number
  /** Whether all findings of an object are told, however many. */
  readonly tellsAll?: boolean
}

/** Objects whose findings come with a way out. Looking for one costs as much as judging the object a hundred times. */
const MOST_PROPOSED = 50

/**
 * Judges every stored object of the kinds that rules are about as if it were new, against all the others; and tells what no
 * write is refused for, Nodes in pools and names of nothing, of the object that it is found at, and of a tenant that it has
 * more than its quota. In the order of kind,
 * namespace and name. A kind that could not be read stands there as an object without a name, unchecked.
 */
export function auditObjects(context: AuditContext): CheckReport {
  const { snapshot, view, unreadable, placeOf } = context
  const kinds = KIND_NAMES.filter(kind => snapshot.rules.some(rule => rule.on.includes(kind)))
  const audited = kinds.toSorted(compare).flatMap(kind => auditKind(kind, context))
  const objects = merged([...audited, ...beyondRules(audited, context)]).map(one => checked(one, placeOf))
  const broken = unreadable.map(({ ref, errors }) =>
    checkedObject(placeOf(ref), ref, invalidFields(placeOf(ref), errors), {})
  )
  const all = [...objects, ...broken].toSorted((a, b) => compareRefs(a.ref, b.ref))
  const { plan } = snapshot
  return reportOn(all, { capacity: capacityOf(view, plan), edgeNat: edgeNatDrift(view, plan) })
}

function auditKind(
  kind: KindName,
  { snapshot, view, nowMs, tellsAll = false }: AuditContext
): readonly Audited[] {
  let left = MOST_PROPOSED
  const objects = [...view.list(kind)].toSorted((a, b) => compareRefs(refOf(a), refOf(b)))
  const audited = objects.map(object => {
    const one = auditObject(object, snapshot, { view, proposing: left > 0, nowMs, tellsAll })
    if (one.found.length > 0) left--
    return one
  })
  return view.known(kind) ? audited : [unknownKind(kind, snapshot), ...audited]
}

/** All rules on a kind that could not be read, of no object in particular. */
function unknownKind(kind: KindName, { rules }: PolicySnapshot): Audited {
  const reason = { code: 'unjudged', because: 'kind-unknown', kind } as const
  const unchecked = rules.filter(rule => rule.on.includes(kind)).map(rule => uncheckedRule({ rule, reason }))
  return { ref: { kind, namespace: '', name: '' }, found: [], more: 0, exempted: [], unchecked }
}

/** What is told of objects that no rule judges, or judges for other things. */
function beyondRules(audited: readonly Audited[], { snapshot, view }: AuditContext): readonly Audited[] {
  const found: Audited[] = []
  const add = (ref: ObjectRef, stated: Stated) => found.push({ ...silent(ref), found: [stated] })
  const told = nodesToldOf(audited)
  const actions = nodeRuleActions(snapshot.rules, snapshot.exposures)
  for (const { rule: id, node, pool, finding } of nodesInPools(view, snapshot.plan)) {
    const action = actions.get(id)
    const ref = refOf(node)
    // Said once: of the pool, where the way out is, else here.
    if (action !== undefined && !told.has(factKey(id, pool, ref))) add(ref, { rule: { id }, action, finding })
  }
  for (const { from, finding } of unknownReferences(view, snapshot.plan))
    add(from, { rule: UNKNOWN_REFERENCE, action: 'warn', finding })
  for (const { rule, overruns, unknown } of quotaAudits({ ...snapshot, view })) {
    for (const { tenant, action, finding } of overruns) add(tenantRef(tenant), { rule, action, finding })
    // Of the kinds that it is about, `unknownKind` tells.
    for (const kind of unknown.filter(one => !rule.on.includes(one))) {
      const reason = { code: 'unjudged', because: 'kind-unknown', kind } as const
      found.push({
        ...silent({ kind, namespace: '', name: '' }),
        unchecked: [uncheckedRule({ rule, reason })]
      })
    }
  }
  return found
}

function silent(ref: ObjectRef): Audited {
  return { ref, found: [], more: 0, exempted: [], unchecked: [] }
}

/** Capsule's object where there is one; where labels alone make a tenant, it stands for them. */
function tenantRef(name: string): ObjectRef {
  return { kind: 'Tenant', namespace: '', name }
}

/** The Nodes that findings name, with rule and object. */
function nodesToldOf(audited: readonly Audited[]): ReadonlySet<string> {
  const facts = audited.flatMap(({ ref, found }) =>
    found.flatMap(({ rule, finding }) =>
      finding.restsOn.filter(({ kind }) => kind === 'Node').map(node => factKey(rule.id, ref, node))
    )
  )
  return new Set(facts)
}

function factKey(rule: string, pool: ObjectRef, node: ObjectRef): string {
  return `${rule} ${refKey(pool)} ${refKey(node)}`
}

/** One entry an object. */
function merged(audited: readonly Audited[]): readonly Audited[] {
  const byKey = new Map<string, Audited & { readonly found: Stated[]; readonly unchecked: Unchecked[] }>()
  for (const one of audited) {
    const before = byKey.get(refKey(one.ref))
    if (before === undefined) {
      byKey.set(refKey(one.ref), { ...one, found: [...one.found], unchecked: [...one.unchecked] })
    } else {
      before.found.push(...one.found)
      before.unchecked.push(...one.unchecked)
    }
  }
  return [...byKey.values()]
}

function checked(
  { ref, found, more, exempted, unchecked }: Audited,
  placeOf: AuditContext['placeOf']
): CheckedObject {
  const place = placeOf(ref)
  const findings = found.map(stated => checkFinding(place, stated, 'platform'))
  const passed = exempted.map(one => checkExempted(place, one, 'platform'))
  const object = checkedObject(place, ref, findings, { exempted: passed, unchecked })
  return more > 0 ? { ...object, more } : object
}

function compareRefs(a: ObjectRef, b: ObjectRef): number {
  return compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.name, b.name)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
