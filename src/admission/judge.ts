import { KINDS, type KindName } from '../kinds/index.ts'
import type { FieldError } from '../kinds/decode.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { ownerOfClusterScoped, requesterOf, tenancyOfNamespace, type Tenancy } from '../policy/tenancy.ts'
import { evaluate, type Evaluation } from '../rules/evaluate.ts'
import type { Change, RuleContext } from '../rules/rule.ts'
import { changeOf } from './change.ts'
import type { PolicySnapshot, Ports } from './ports.ts'
import type { Review } from './review.ts'

/** Who will read the answer: a tenant is not told about others' objects, nor about free ranges. */
export type Audience = 'platform' | 'tenant'

/** What the rules said about one review. `notJudged` says why no rule was asked. */
export interface Judgement extends Evaluation {
  readonly notJudged: 'foreign-kind' | 'delete' | 'subresource' | undefined
  /** Fields of the object with the wrong type: nothing else was judged then. */
  readonly fieldErrors: readonly FieldError[]
  readonly audience: Audience
  readonly snapshot: PolicySnapshot
  /** Objects that a denial rests on and that could not be confirmed live. */
  readonly unconfirmed: readonly ObjectRef[]
}

/**
 * Judges one review against the view. A denial that rests on other objects is confirmed by one live read of those and
 * judged again, so that a stale view alone never denies; only denials pay for that.
 */
export async function judge(review: Review, ports: Ports): Promise<Judgement> {
  const snapshot = ports.snapshot()
  const nothing = { findings: [], unjudged: [], fieldErrors: [], unconfirmed: [], snapshot }
  const skipped = notJudged(review)
  if (skipped !== undefined || review.kind === undefined) {
    return { ...nothing, notJudged: skipped, audience: 'tenant' }
  }
  const decoded = changeOf({ ...review, kind: review.kind })
  if (!decoded.ok)
    return { ...nothing, notJudged: undefined, audience: 'tenant', fieldErrors: decoded.errors }
  await confirmNamespace(review, decoded.change, ports)
  const first = evaluateOnce(review, decoded.change, snapshot, ports)
  const rests = denialsRestOn(first.evaluation)
  if (rests.length === 0) return judgement(first, snapshot, [])
  const unconfirmed = await ports.confirm(rests)
  return judgement(evaluateOnce(review, decoded.change, snapshot, ports), snapshot, unconfirmed)
}

function notJudged(review: Review): Judgement['notJudged'] {
  if (review.kind === undefined) return 'foreign-kind'
  if (review.operation === 'DELETE') return 'delete'
  return review.subResource === '' ? undefined : 'subresource'
}

interface Evaluated {
  readonly evaluation: Evaluation
  readonly audience: Audience
}

function evaluateOnce(review: Review, change: Change, snapshot: PolicySnapshot, ports: Ports): Evaluated {
  const context = ruleContext(review, change, snapshot, ports)
  const { requester, tenancy } = context
  const audience = requester.role !== 'other' || tenancy.kind === 'platform' ? 'platform' : 'tenant'
  return { evaluation: evaluate(change, snapshot.rules, context), audience }
}

function judgement(
  { evaluation, audience }: Evaluated,
  snapshot: PolicySnapshot,
  unconfirmed: readonly ObjectRef[]
): Judgement {
  return { ...evaluation, audience, snapshot, unconfirmed, notJudged: undefined, fieldErrors: [] }
}

/** What rules are told besides the object itself. */
export function ruleContext(
  review: Review,
  change: Change,
  snapshot: PolicySnapshot,
  ports: Pick<Ports, 'view'>
): RuleContext {
  const { plan, claims } = snapshot
  const requester = requesterOf(plan, review)
  const labels = (change.object ?? change.oldObject)?.meta.labels ?? new Map<string, string>()
  const tenancy: Tenancy = KINDS[change.kind].namespaced
    ? tenancyOfNamespace(plan, ports.view.get('Namespace', '', review.namespace), review.namespace)
    : ownerOfClusterScoped(plan, requester, labels)
  return { view: ports.view.with(claims), plan, requester, tenancy }
}

/** The API server has checked that the namespace exists, so one that is missing here is only not seen yet. */
async function confirmNamespace(review: Review, change: Change, ports: Ports): Promise<void> {
  const { namespace } = review
  if (!change.grows || !KINDS[change.kind].namespaced || ports.view.get('Namespace', '', namespace)) return
  await ports.confirm([{ kind: 'Namespace' satisfies KindName, namespace: '', name: namespace }])
}

function denialsRestOn(evaluation: Evaluation): readonly ObjectRef[] {
  const rests = evaluation.findings
    .filter(judged => judged.action === 'deny')
    .flatMap(judged => judged.finding.restsOn)
  return [...new Map(rests.map(ref => [refKey(ref), ref])).values()]
}
