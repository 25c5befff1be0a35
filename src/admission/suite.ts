import { Inventory } from '../inventory/inventory.ts'
import { kindOf } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { PolicyTest, PolicyTestCase } from '../policy/policy-test.ts'
import { named } from './apply.ts'
import { expectationFailures, type CaseResult } from './expectation.ts'
import { judge } from './judge.ts'
import { mutate } from './mutate.ts'
import { patched } from './patch.ts'
import type { PolicySnapshot, Ports } from './ports.ts'
import { admissionReview, rawObject, type RawObject, type UserInfo } from './raw-object.ts'
import { parseReview, type Review } from './review.ts'
import { shownRef } from './show.ts'
import { fieldErrorWords } from './wording/unjudged.ts'
import { validatingResponse } from './response.ts'

/** A case's outcome: no failures means it passed. */
export interface SuiteCase {
  readonly name: string
  readonly failures: readonly string[]
}

/** Who asks when a case names nobody: an administrator. */
const ADMINISTRATOR: UserInfo = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated']
}

/** The time in a suite that gives none: 1970, before every exemption ends, so that no suite fails for its age. */
const BEFORE_ALL_MS = 0

/**
 * Runs the cases of one suite, each as the API server would: mutate, then validate the result, against the suite's
 * objects with the case's own laid over them. The inventory is built once; a case costs what it changes. `confirm` is told
 * what denials rest on; by default nobody is.
 */
export async function runSuite(
  suite: PolicyTest,
  snapshot: PolicySnapshot,
  confirm: Ports['confirm'] = async () => []
): Promise<readonly SuiteCase[]> {
  const world = new World(suite.spec.existing)
  const ports = {
    snapshot: () => snapshot,
    view: world.inventory,
    confirm,
    now: () => suite.spec.now ?? BEFORE_ALL_MS
  }
  const results: SuiteCase[] = []
  for (const testCase of suite.spec.cases) {
    const restore = world.enter(testCase)
    results.push({
      name: testCase.name,
      failures: await runCase(testCase, world, ports)
    })
    restore()
  }
  return results
}

async function runCase(testCase: PolicyTestCase, world: World, ports: Ports): Promise<readonly string[]> {
  const review = reviewOf(testCase, world)
  if (typeof review === 'string') return [review]
  const patch = await mutate(review, ports)
  const final = patch.length === 0 ? review : { ...review, object: patched(objectOf(review), patch) }
  const judgement = await judge(final, ports)
  const response = validatingResponse(final, judgement, 'ignore')
  const result: CaseResult = { judgement, response, patch }
  const unseen =
    judgement.notJudged === 'foreign-kind'
      ? [`poolguard does not judge ${final.kindName || 'this kind'}`]
      : []
  return [...world.faults, ...unseen, ...expectationFailures(testCase.expect, result)]
}

/** The case's request as a review; a sentence when it cannot be one. */
function reviewOf(testCase: PolicyTestCase, world: World): Review | string {
  const { request } = testCase
  const given = rawObject(request.object)
  const oldObject =
    request.operation === 'CREATE' ? undefined : world.stored(rawObject(request.oldObject) ?? given)
  const object = request.operation === 'DELETE' ? undefined : given
  if (request.operation !== 'CREATE' && oldObject === undefined) {
    return `${request.operation} of an object that is not stored: give request.oldObject, or the object under existing`
  }
  const body = admissionReview({
    uid: 'policy-test',
    operation: request.operation,
    subResource: request.subResource,
    dryRun: request.dryRun,
    user: request.user ?? ADMINISTRATOR,
    object,
    oldObject
  })
  const parsed = parseReview(body)
  return parsed.ok ? parsed.review : parsed.reason
}

function objectOf(review: Review): Record<string, unknown> {
  return rawObject(review.object)?.json ?? {}
}

/** The stored objects of a suite: decoded in an inventory, raw for `oldObject`. */
class World {
  readonly inventory = new Inventory()
  /** What is wrong with objects that should be stored: no case means anything without them. */
  readonly faults: string[] = []
  private readonly raw = new Map<string, RawObject>()

  constructor(existing: readonly unknown[]) {
    this.inventory.setAllKnown()
    for (const json of existing) this.store(rawObject(json))
  }

  /** What is stored under the name of this object; undefined when nothing is. */
  stored(object: RawObject | undefined): RawObject | undefined {
    return object === undefined ? undefined : this.raw.get(refKey(object.ref))
  }

  /** Lays a case's objects over the suite's and answers how to undo it. */
  enter(testCase: PolicyTestCase): () => void {
    const undo: (() => void)[] = []
    const change = (ref: ObjectRef, group: string, object: RawObject | undefined) => {
      const before = this.raw.get(refKey(ref))
      undo.push(() => (before === undefined ? this.remove(ref, group) : this.store(before)))
      if (object === undefined) this.remove(ref, group)
      else this.store(object)
    }
    for (const ref of testCase.absent) {
      const before = this.raw.get(refKey(ref))
      if (before !== undefined) change(before.ref, before.group, undefined)
    }
    const { request } = testCase
    const added = [...testCase.existing, ...(request.operation === 'CREATE' ? [] : [request.oldObject])]
    for (const json of added) {
      const object = rawObject(json)
      if (object !== undefined) change(object.ref, object.group, object)
    }
    return () => undo.toReversed().forEach(step => step())
  }

  private store(object: RawObject | undefined): void {
    if (object === undefined) return
    this.raw.set(refKey(object.ref), object)
    const kind = kindOf(object.group, object.ref.kind)
    const errors = kind === undefined ? [] : this.inventory.putJson(kind, named(object))
    this.faults.push(...errors.map(error => `existing ${shownRef(object.ref)}: ${fieldErrorWords(error)}`))
  }

  private remove(ref: ObjectRef, group: string): void {
    this.raw.delete(refKey(ref))
    const kind = kindOf(group, ref.kind)
    if (kind !== undefined) this.inventory.delete(kind, ref.namespace, ref.name)
  }
}
