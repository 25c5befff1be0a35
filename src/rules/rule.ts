import type { View } from '../inventory/view.ts'
import type { KindName, Kinds } from '../kinds/index.ts'
import type { Action } from '../policy/action.ts'
import type { Exposure } from '../policy/exposure.ts'
import type { Plan } from '../policy/plan.ts'
import type { Requester, Tenancy } from '../policy/tenancy.ts'
import type { Said } from './finding.ts'
import type { RawWrite } from './raw-write.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE'

/**
 * One write of one object. `oldObject` is what is stored: undefined on CREATE. `object` is what will be: undefined on
 * DELETE. `grows` is false for a DELETE and for an UPDATE that adds nothing rules judge, `loses` for a CREATE and for an
 * UPDATE that takes nothing of it away.
 */
export interface Change<K extends KindName = KindName> {
  readonly kind: K
  readonly operation: Operation
  readonly object: Kinds[K] | undefined
  readonly oldObject: Kinds[K] | undefined
  readonly grows: boolean
  readonly loses: boolean
}

/** What a rule may read besides the object: nothing here changes while a rule runs. */
export interface RuleContext {
  readonly view: View
  readonly plan: Plan
  readonly requester: Requester
  /** Whose the object is: of its namespace, or of the requester for cluster-scoped kinds. */
  readonly tenancy: Tenancy
  /** False: no way out of a finding is to be worked out, which costs more than the finding. */
  readonly proposing?: boolean
  /**
   * What the policies that apply to this request say. It rests on the labels of the object's Namespace, as `tenancy` does: a
   * finding by it names that in `restsOn`, and while the Namespace is not known the rule answers `unjudged`.
   */
  readonly exposure: Exposure
  /** The write as custom rules see it; absent: they are not asked, as about a change of a scale alone. */
  readonly raw?: RawWrite
}

/** What a rule is handed. The kinds that it asks `view` about are those its verdict rests on. */
export interface CheckContext extends RuleContext {
  /** The same view for working out proposals, which no verdict rests on. */
  readonly proposals: View
}

/** The object a rule judges, and what is stored in its place (undefined on CREATE). */
export interface Subject<K extends KindName> {
  /** `stored` while the ratchet asks about the stored object, which `object` and `oldObject` are both then. */
  readonly as: 'new' | 'stored'
  readonly object: Kinds[K]
  readonly oldObject: Kinds[K] | undefined
}

/** A write of the status subresource: what is stored, and what will be there. Only status can differ. */
export interface StatusWrite<K extends KindName> {
  readonly oldObject: Kinds[K]
  readonly object: Kinds[K]
}

/** What an UPDATE or a DELETE takes away from: what is stored, and what will be there instead (undefined: nothing). */
export interface Loss<K extends KindName> {
  readonly oldObject: Kinds[K]
  readonly object: Kinds[K] | undefined
}

/**
 * One rule, on one kind or several alike, with at least one of `check`, `checkLoss` and `checkStatus`. They are synchronous and pure; while one runs
 * no watch event can interleave, so the live view is one consistent snapshot. An empty answer means: nothing wrong.
 */
export interface Rule<K extends KindName = KindName> {
  /** kebab-case, printed to users, never reused. */
  readonly id: string
  /** One sentence: what is required. */
  readonly summary: string
  /** What breaks otherwise. */
  readonly why: string
  /** What to do about a finding. */
  readonly fix: string
  /** The whole story, a paragraph each, for `poolguard explain` alone; absent where `why` and `fix` tell all. */
  readonly background?: readonly string[]
  /** A short manifest, or the part of one, that the rule refuses. */
  readonly example: string
  /** Sources: documentation, upstream issue or file. */
  readonly see: readonly string[]
  readonly on: readonly K[]
  /** Those of them on which it only warns, whatever its action: somebody else is in charge of refusing them. */
  readonly advisesOn?: readonly K[]
  /**
   * Kinds whose presence or absence the verdict may rest on: gates readiness, generates RBAC. One that is unknown leaves
   * the rule unjudged when `check` asked the view about it.
   */
  readonly reads: readonly KindName[]
  readonly defaultAction: Action
  /**
   * Its findings are about all that one tenant has together: an audit tells them once a tenant (quota-overruns.ts) and does
   * not ask about each object.
   */
  readonly countsTogether?: true
  /**
   * What is wrong with `subject.object` as if it were new: the ratchet in evaluate.ts asks a second time about the stored
   * object and reports only what the write adds. Not asked about a DELETE.
   */
  check?(subject: Subject<K>, context: CheckContext): readonly Said[]
  /**
   * What is wrong with taking away what `oldObject` had. A kind with such a rule is registered for DELETE too, unless
   * `allowsDelete`. What could not be judged closes nothing: things must be removable whatever the inventory is like.
   */
  checkLoss?(loss: Loss<K>, context: CheckContext): readonly Said[]
  /** Whether `checkLoss` has nothing to say when all goes. */
  readonly allowsDelete?: true
  /**
   * What is wrong with a write of the status subresource; `check` and `checkLoss` are not asked about those, nor this about
   * others. Kinds with such a rule are registered for it in a webhook entry of its own. There is no ratchet: compare with
   * `oldObject` where it matters what was there before.
   */
  checkStatus?(write: StatusWrite<K>, context: CheckContext): readonly Said[]
}

/** A rule of any kind, as the list holds it: it judges only changes of its own kinds. */
export interface AnyRule extends Omit<
  Rule,
  'on' | 'advisesOn' | 'check' | 'checkLoss' | 'allowsDelete' | 'checkStatus'
> {
  readonly on: readonly KindName[]
  /** Empty when it denies on all. */
  readonly advisesOn: readonly KindName[]
  /**
   * Of a custom rule alone: the operations it is asked about, every write of the object among them, whether it grows or not,
   * since an expression may be about any field. Not asked about what is under deletion.
   */
  readonly operations?: readonly Operation[]
  /** Of a custom rule alone: whether its answer may depend on who writes, which is not stored. */
  readonly asksWho?: boolean
  /** Whether it is asked about writes of the object itself. */
  readonly judgesObject: boolean
  /** Whether it judges what an UPDATE takes away. */
  readonly judgesLoss: boolean
  /** Whether it judges a DELETE. */
  readonly judgesDelete: boolean
  /** Whether it is asked about writes of the status subresource. */
  readonly judgesStatus: boolean
  judge(change: Change, as: Subject<KindName>['as'], context: CheckContext): readonly Said[]
  judgeLoss(change: Change, context: CheckContext): readonly Said[]
  judgeStatus(change: Change, context: CheckContext): readonly Said[]
}

/** Wraps a rule so that lists can hold rules of different kinds without casts. */
export function defineRule<K extends KindName>(rule: Rule<K>): AnyRule {
  return {
    ...rule,
    advisesOn: rule.advisesOn ?? [],
    judgesObject: rule.check !== undefined || rule.checkLoss !== undefined,
    judgesLoss: rule.checkLoss !== undefined,
    judgesDelete: rule.checkLoss !== undefined && rule.allowsDelete !== true,
    judgesStatus: rule.checkStatus !== undefined,
    judge(change, as, context) {
      if (!isOn(rule.on, change)) return []
      const object = as === 'new' ? change.object : change.oldObject
      return object === undefined
        ? []
        : (rule.check?.({ as, object, oldObject: change.oldObject }, context) ?? [])
    },
    judgeLoss(change, context) {
      if (!isOn(rule.on, change)) return []
      const { object, oldObject } = change
      return oldObject === undefined ? [] : (rule.checkLoss?.({ object, oldObject }, context) ?? [])
    },
    judgeStatus(change, context) {
      if (!isOn(rule.on, change)) return []
      const { object, oldObject } = change
      return object === undefined || oldObject === undefined
        ? []
        : (rule.checkStatus?.({ object, oldObject }, context) ?? [])
    }
  }
}

/** True when the change is of one of these kinds. */
export function isOn<K extends KindName>(kinds: readonly K[], change: Change): change is Change<K> {
  return kinds.some(kind => kind === change.kind)
}
