import type { KindName } from '../kinds/index.ts'
import type { Action } from '../policy/action.ts'
import type { Exposure } from '../policy/exposure.ts'
import { addsNothing, storedExcuses } from './excuse.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Doubt, Finding, Said, Unjudged } from './finding.ts'
import { newFindings } from './ratchet.ts'
import { RecordingView } from './recording-view.ts'
import type { AnyRule, Change, CheckContext, RuleContext } from './rule.ts'

/** A rule and what the policies say to do about its findings in one request. */
export interface BoundRule {
  readonly rule: AnyRule
  readonly action: Exclude<Action, 'off'>
}

/** One finding, whose it is, and what follows from it. */
export interface Judged {
  readonly rule: AnyRule
  readonly action: Exclude<Action, 'off'>
  readonly finding: Finding
}

/** A rule that could not be judged, wholly or in part. */
export interface UnjudgedRule {
  readonly rule: AnyRule
  readonly action: Exclude<Action, 'off'>
  readonly reason: Unjudged
  /** Whether a write must be refused for it where the rule denies: never for what the write takes away. */
  readonly closes: boolean
}

export interface Evaluation {
  /** In the order of the rule list. */
  readonly findings: readonly Judged[]
  readonly unjudged: readonly UnjudgedRule[]
  /** What rules that deny want read live before they let the write pass. */
  readonly doubts: readonly ObjectRef[]
}

const NOTHING: Evaluation = { findings: [], unjudged: [], doubts: [] }

/**
 * Runs every rule that is about this kind; the only loop over rules. A write that neither grows nor loses anything (see
 * `grows` and `loses` in kinds/, and `addsNothing`) is judged by custom rules alone, so it passes the others whatever state the
 * inventory is in. A rule is unjudged when a kind that it reads, and asked about this time, is unknown. Rules that the policies switch off for
 * this request are not asked.
 */
export function evaluate(change: Change, rules: readonly AnyRule[], context: RuleContext): Evaluation {
  const isLeft = change.operation === 'DELETE' || change.object?.meta.deleting !== true
  const about: About = {
    growth: change.grows && !addsNothing(change, context),
    // What is under deletion is gone already: its finalizers must get done.
    loss: change.loses && change.object?.meta.deleting !== true,
    write: isLeft
  }
  if (!about.growth && !about.loss && !about.write) return NOTHING
  const recording = recordingOf(context)
  const parts: Evaluation[] = []
  for (const rule of rules) {
    const bound = boundRule(rule, change.kind, context.exposure)
    if (bound !== undefined) parts.push(...saidAbout(about, bound, change, recording))
  }
  return together(parts.filter(part => part !== NOTHING))
}

/** What there is to judge: something more, something less, and that it is written at all, which custom rules ask about. */
interface About {
  readonly growth: boolean
  readonly loss: boolean
  readonly write: boolean
}

function saidAbout(
  about: About,
  bound: BoundRule,
  change: Change,
  recording: Recording
): readonly Evaluation[] {
  const { rule } = bound
  const isAsked = rule.operations === undefined ? about.growth : about.write
  const isLosing = about.loss && rule.judgesLoss
  return [
    ...(isAsked ? [growthOf(bound, change, recording)] : []),
    ...(isLosing ? [saidBy(bound, 'loss', change, recording)] : [])
  ]
}

/** One view for all rules of a decision, which is asked what a rule read after each. */
interface Recording {
  readonly context: RuleContext
  readonly view: RecordingView
  readonly checked: CheckContext
}

function recordingOf(context: RuleContext): Recording {
  const view = new RecordingView(context.view)
  return { context, view, checked: { ...context, view, proposals: context.view } }
}

function together(parts: readonly Evaluation[]): Evaluation {
  return {
    findings: parts.flatMap(({ findings }) => findings),
    unjudged: parts.flatMap(({ unjudged }) => unjudged),
    doubts: parts.flatMap(({ doubts }) => doubts)
  }
}

/** Runs every rule that judges writes of this kind's status subresource. What could not be judged closes the write. */
export function evaluateStatus(change: Change, rules: readonly AnyRule[], context: RuleContext): Evaluation {
  const recording = recordingOf(context)
  const parts = rules
    .filter(rule => rule.judgesStatus)
    .flatMap(rule => boundRule(rule, change.kind, context.exposure) ?? [])
    .map(bound => saidBy(bound, 'status', change, recording))
  return together(parts)
}

/** The rule with the action it has in this request, by policy or of its own; undefined when it is about other kinds, or off. */
function boundRule(
  rule: AnyRule,
  kind: KindName,
  { actions }: Pick<Exposure, 'actions'>
): BoundRule | undefined {
  if (!rule.on.includes(kind)) return undefined
  const action = actions.get(rule.id) ?? rule.defaultAction
  if (action === 'off') return undefined
  return { rule, action: action === 'deny' && rule.advisesOn.includes(kind) ? 'warn' : action }
}

function growthOf({ rule, action }: BoundRule, change: Change, recording: Recording): Evaluation {
  const { context, view, checked } = recording
  view.asked.clear()
  const said = rule.judge(change, 'new', checked)
  const unjudged = unjudgedReasons(rule, said, view)
  // Most rules have nothing to say.
  if (said.length === 0 && unjudged.length === 0) return NOTHING
  const found = said.filter(isFinding)
  const isUpdate = change.operation === 'UPDATE'
  const isExcused = isUpdate && found.length > 0 && storedExcuses(change, context)
  const added = newFindings(found, isExcused ? storedFindings(rule, change, context) : [])
  return {
    findings: added.map(finding => ({ rule, action: limited(action, finding), finding })),
    unjudged: unjudged.map(reason => ({ rule, action, reason, closes: change.operation !== 'DELETE' })),
    doubts: action === 'deny' ? said.filter(isDoubt).flatMap(({ restsOn }) => restsOn) : []
  }
}

/** What a rule says without a ratchet. */
function saidBy(
  { rule, action }: BoundRule,
  about: 'loss' | 'status',
  change: Change,
  { view, checked }: Recording
): Evaluation {
  view.asked.clear()
  const said = about === 'loss' ? rule.judgeLoss(change, checked) : rule.judgeStatus(change, checked)
  const closes = about === 'status'
  return {
    findings: said.filter(isFinding).map(finding => ({ rule, action: limited(action, finding), finding })),
    unjudged: unjudgedReasons(rule, said, view).map(reason => ({ rule, action, reason, closes })),
    doubts: []
  }
}

function limited(action: BoundRule['action'], { atMost }: Finding): BoundRule['action'] {
  return action === 'deny' ? (atMost ?? action) : action
}

function storedFindings(rule: AnyRule, change: Change, context: RuleContext): readonly Finding[] {
  const stored: CheckContext = { ...context, proposals: context.view }
  return rule.judge(change, 'stored', stored).filter(isFinding)
}

function unjudgedReasons(rule: AnyRule, said: readonly Said[], view: RecordingView): readonly Unjudged[] {
  const unknown = rule.reads.filter(kind => view.asked.has(kind) && !view.known(kind))
  const stated = said.filter(isUnjudged)
  if (unknown.length === 0) return stated
  const named = new Set(stated.map(reason => (reason.because === 'kind-unknown' ? reason.kind : undefined)))
  const unnamed = unknown.filter(kind => !named.has(kind))
  const byKind = unnamed.map(kind => ({ code: 'unjudged', because: 'kind-unknown', kind }) as const)
  return [...byKind, ...stated]
}

function isFinding(said: Said): said is Finding {
  return !isUnjudged(said) && !isDoubt(said)
}

function isUnjudged(said: Said): said is Unjudged {
  return said.code === 'unjudged'
}

function isDoubt(said: Said): said is Doubt {
  return said.code === 'doubt'
}
