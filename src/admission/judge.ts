import { KINDS, type KindName } from '../kinds/index.ts'
import { isRecord, type FieldError } from '../kinds/decode.ts'
import type { View } from '../inventory/view.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { ServiceClass } from '../policy/plan.ts'
import { exposureFor } from '../policy/resolve-exposure.ts'
import { ownerInNamespace, ownerOfClusterScoped, requesterOf } from '../policy/tenancy.ts'
import type { Requester, Tenancy } from '../policy/tenancy.ts'
import { evaluate, evaluateStatus, type Evaluation } from '../rules/evaluate.ts'
import type { Finding } from '../rules/finding.ts'
import { isOn, type Change, type RuleContext } from '../rules/rule.ts'
import type { RawWrite } from '../rules/raw-write.ts'
import { serviceClassOf } from '../rules/service-class.ts'
import { changeOf, changeOfScale, type DecodedChange } from './change.ts'
import { exemptableWrite, withExemptions, type ExemptEvaluation } from './exempt.ts'
import { labelsOf, namedOwners, namespacesOf } from './owner-namespaces.ts'
import type { PolicySnapshot, Ports } from './ports.ts'
import { rawWriteOf } from './raw-request.ts'
import type { Review } from './review.ts'

/** Who will read the answer: a tenant is not told about others' objects, nor about free ranges. */
export type Audience = 'platform' | 'tenant'

/** What the rules said about one review. `notJudged` says why no rule was asked. */
export interface Judgement extends ExemptEvaluation {
  readonly notJudged: 'foreign-kind' | 'delete' | 'subresource' | undefined
  /** Fields of the object with the wrong type: nothing else was judged then. */
  readonly fieldErrors: readonly FieldError[]
  readonly audience: Audience
  /** What was judged, and for whom; undefined when no rule was asked. */
  readonly write: JudgedWrite | undefined
  readonly snapshot: PolicySnapshot
  /** Every denial rests on an object that could not be read live. */
  readonly isUnconfirmed: boolean
  /** It passes only as far as the inventory goes, and what should be read live for that could not be. */
  readonly isDoubtful: boolean
}

/** A write as rules see it. */
export interface JudgedWrite {
  readonly change: Change
  readonly requester: Requester
  readonly tenancy: Tenancy
}

/** Denials that are confirmed: as many as an answer names. More would let one write ask for thousands of reads. */
const MOST_CONFIRMED = 16

/** Objects read for them at most. */
const MOST_READS = 64

/** A read may bring to light that the denial rests on yet another object; after this many it is what it is. */
const MOST_ROUNDS = 2

/**
 * Judges one review against the view. A denial that rests on other objects is confirmed by a live read of those and
 * judged again, so that a stale view alone never denies. Besides denials only what a rule doubts pays for that, and warnings
 * that there is nothing of a kind.
 */
export async function judge(review: Review, ports: Ports): Promise<Judgement> {
  const snapshot = ports.snapshot()
  const nothing = {
    findings: [],
    exempted: [],
    unjudged: [],
    doubts: [],
    fieldErrors: [],
    isUnconfirmed: false,
    isDoubtful: false,
    write: undefined,
    snapshot
  }
  const skipped = notJudged(review, ports)
  if (skipped !== undefined || review.kind === undefined) {
    return { ...nothing, notJudged: skipped, audience: 'tenant' }
  }
  const decoded = await decodedChange({ ...review, kind: review.kind }, ports)
  if (decoded === undefined) return { ...nothing, notJudged: 'subresource', audience: 'tenant' }
  if (!decoded.ok) {
    // What is being deleted must be able to lose its finalizers, whatever it looks like.
    const fieldErrors = isTerminating(review) ? [] : decoded.errors
    return { ...nothing, notJudged: undefined, audience: 'tenant', fieldErrors }
  }
  const { change } = decoded
  await confirmNamespace(review, change, ports)
  const read = new Set<string>()
  const unread = new Set<string>()
  // What says whose it is where a label names another namespace; of its own namespace rules tell themselves.
  const owners = () => namedOwners(review, change, snapshot, ports.view)
  const asked = { review, change, snapshot, raw: rawWriteOf(review) }
  let judged = evaluateOnce(asked, ports)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { doubts } = judged.evaluation
    const rests = [...restsToConfirm(judged.evaluation, owners()), ...doubts].filter(
      ref => !read.has(refKey(ref))
    )
    if (rests.length === 0) break
    for (const ref of rests) read.add(refKey(ref))
    for (const ref of await ports.confirm(rests)) unread.add(refKey(ref))
    judged = evaluateOnce(asked, ports)
  }
  const { evaluation, audience, requester, tenancy } = judged
  return {
    ...nothing,
    ...evaluation,
    audience,
    write: { change, requester, tenancy },
    notJudged: undefined,
    isUnconfirmed: isUnconfirmed(evaluation, owners(), unread),
    isDoubtful: evaluation.doubts.some(ref => unread.has(refKey(ref)))
  }
}

function notJudged(review: Review, ports: Ports): Judgement['notJudged'] {
  if (review.kind === undefined) return 'foreign-kind'
  if (review.operation === 'DELETE' && mustBeDeletable(review, ports)) return 'delete'
  const { subResource } = review
  const isJudged =
    ['', 'scale'].includes(subResource) || isWrittenThrough(review) || judgesStatus(review, ports)
  return isJudged ? undefined : 'subresource'
}

/** Whether it is a write of the object by way of a subresource. */
function isWrittenThrough({ kind, subResource }: Review): boolean {
  return kind !== undefined && KINDS[kind].writtenThrough?.includes(subResource) === true
}

function judgesStatus({ kind, subResource }: Review, ports: Ports): boolean {
  if (kind === undefined || subResource !== 'status') return false
  return ports.snapshot().rules.some(rule => rule.judgesStatus && rule.on.includes(kind))
}

/** undefined: a Scale of an object that is not there, or of a kind without replicas. */
async function decodedChange(
  review: Review & { readonly kind: KindName },
  ports: Ports
): Promise<DecodedChange | undefined> {
  if (review.subResource !== 'scale') return changeOf(review)
  const { kind, namespace, name } = review
  if (ports.view.get(kind, namespace, name) === undefined) await ports.confirm([{ kind, namespace, name }])
  return changeOfScale(review, ports.view)
}

/** They delete what belongs to something that is gone already (kube-controller-manager's own accounts). */
export const CLEANERS: readonly string[] = [
  'system:serviceaccount:kube-system:namespace-controller',
  'system:serviceaccount:kube-system:generic-garbage-collector'
]

/** A namespace under deletion must become empty, and garbage must go, whatever is in use. */
function mustBeDeletable({ username, namespace }: Review, { view }: Ports): boolean {
  return CLEANERS.includes(username) || view.get('Namespace', '', namespace)?.meta.deleting === true
}

function isTerminating({ operation, object }: Review): boolean {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  return operation === 'UPDATE' && isRecord(metadata) && metadata['deletionTimestamp'] != null
}

interface Evaluated {
  readonly requester: Requester
  readonly tenancy: Tenancy
  readonly evaluation: ExemptEvaluation
  readonly audience: Audience
}

/** A write, and the policies in force when it came. */
interface Asked {
  readonly review: Review
  readonly change: Change
  readonly snapshot: PolicySnapshot
  readonly raw: RawWrite | undefined
}

function evaluateOnce({ review, change, snapshot, raw }: Asked, ports: Ports): Evaluated {
  const context = { ...ruleContext(review, change, snapshot, ports), ...(raw === undefined ? {} : { raw }) }
  const { requester, tenancy, exposure } = context
  // A listed controller may be a tenant's own: the CCM runs under an account of the tenant's namespace.
  const isPlatform = requester.role === 'platform' || tenancy.kind === 'platform'
  const audience = isPlatform ? 'platform' : 'tenant'
  const ask = review.subResource === 'status' && !isWrittenThrough(review) ? evaluateStatus : evaluate
  const evaluation = ask(change, snapshot.rules, context)
  const exempt = withExemptions(evaluation, exemptableWrite(review), exposure, ports.now())
  return { evaluation: exempt, audience, requester, tenancy }
}

/** What rules are told besides the object itself. */
export function ruleContext(
  review: Review,
  change: Change,
  snapshot: PolicySnapshot,
  ports: Pick<Ports, 'view'>
): RuleContext {
  const { plan, claims, exposures } = snapshot
  const requester = requesterOf(plan, review)
  const labels = labelsOf(change)
  const isNamespaced = KINDS[change.kind].namespaced
  const namespace = isNamespaced ? ports.view.get('Namespace', '', review.namespace) : undefined
  const tenancy: Tenancy = isNamespaced
    ? ownerInNamespace(plan, ports.view, { requester, labels, namespace: review.namespace })
    : ownerOfClusterScoped(plan, requester, labels)
  const exposure = exposureFor(exposures, {
    tenancy,
    namespaceLabels: namespace?.meta.labels,
    serviceClass: classOf(change, requester, ports.view)
  })
  return { view: ports.view.with(claims), plan, requester, tenancy, exposure }
}

/** undefined for what is no Service. */
export function classOf(change: Change, requester: Requester, view: View): ServiceClass | undefined {
  if (!isOn(['Service'], change)) return undefined
  const { object, oldObject } = change
  const service = object ?? oldObject
  return service && serviceClassOf(service, { requester, view, oldService: oldObject })
}

/**
 * The API server has checked that the namespace exists, so one that is missing here is only not seen yet; so may be one that
 * an account of `serviceOwners` names.
 */
async function confirmNamespace(review: Review, change: Change, ports: Ports): Promise<void> {
  const isJudged = change.grows || review.subResource === 'status'
  if (!isJudged) return
  const missing = namespacesOf(review, change, ports.snapshot())
    .filter(name => ports.view.get('Namespace', '', name) === undefined)
    .map(name => ({ kind: 'Namespace' satisfies KindName, namespace: '', name }))
  if (missing.length > 0) await ports.confirm(missing)
}

function denialsOf(evaluation: Evaluation): readonly Finding[] {
  return evaluation.findings.filter(({ action }) => action === 'deny').map(({ finding }) => finding)
}

/**
 * What the denials that an answer names rest on, each once, and then the warnings that say that there is nothing of a kind:
 * whoever applies an advertisement and its pool together is ahead of the watches.
 */
function restsToConfirm(evaluation: Evaluation, owners: readonly ObjectRef[]): readonly ObjectRef[] {
  const denials = denialsOf(evaluation).slice(0, MOST_CONFIRMED)
  const warnings = evaluation.findings.filter(({ action }) => action === 'warn')
  const absences = warnings.slice(0, MOST_CONFIRMED).flatMap(({ finding }) => finding.restsOn.filter(isAll))
  const rests = new Map<string, ObjectRef>()
  for (const ref of [...denials.flatMap(({ restsOn }) => [...owners, ...restsOn]), ...absences]) {
    if (rests.size >= MOST_READS) break
    rests.set(refKey(ref), ref)
  }
  return [...rests.values()]
}

/** Stands for all of its kind (ObjectRef). */
function isAll({ name }: ObjectRef): boolean {
  return name === ''
}

/** One denial whose objects were all read is enough to deny. */
function isUnconfirmed(
  evaluation: Evaluation,
  owners: readonly ObjectRef[],
  unread: ReadonlySet<string>
): boolean {
  const denials = denialsOf(evaluation)
  const isUnread = (ref: ObjectRef) => unread.has(refKey(ref))
  return denials.length > 0 && denials.every(({ restsOn }) => [...owners, ...restsOn].some(isUnread))
}
