import { Inventory } from '../../inventory/inventory.ts'
import { kindOf } from '../../kinds/index.ts'
import { named, type JsonObject } from '../apply.ts'
import { judge } from '../judge.ts'
import { mutate } from '../mutate.ts'
import { patched } from '../patch.ts'
import type { PolicySnapshot } from '../ports.ts'
import { admissionReview, rawObject, type UserInfo } from '../raw-object.ts'
import { closing, denialCauses } from '../response.ts'
import { parseReview, type Review } from '../review.ts'

/** Objects that are stored, decoded once for all requests that are tried on them. */
export interface World {
  readonly existing: readonly JsonObject[]
  readonly inventory: Inventory
}

/** A world of these objects, and nothing else; every kind is known. Objects that do not decode are as if not there. */
export function worldOf(existing: readonly JsonObject[]): World {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const json of existing) {
    const raw = rawObject(json)
    const kind = raw && kindOf(raw.group, raw.ref.kind)
    if (raw !== undefined && kind !== undefined) inventory.putJson(kind, named(raw))
  }
  return { existing, inventory }
}

/** One write that somebody may ask for. `oldObject` is what is stored, which the world holds too: absent for a CREATE. */
export interface Request {
  readonly user: UserInfo
  readonly object: JsonObject
  readonly oldObject?: JsonObject
  /** '' for the object itself. */
  readonly subResource?: '' | 'status'
}

/** What one set of policies says to a request. */
export interface Decision {
  readonly allowed: boolean
  /** Ids of the rules that refused it, each once; empty when it is allowed, or refused for want of knowledge. */
  readonly rules: readonly string[]
}

/** Decides as the server does: fills in defaults, then judges. undefined for what is no request. */
export async function decide(
  request: Request,
  { inventory }: World,
  { snapshot, nowMs }: { readonly snapshot: PolicySnapshot; readonly nowMs: number }
): Promise<Decision | undefined> {
  const review = reviewOf(request)
  if (review === undefined) return undefined
  const ports = { snapshot: () => snapshot, view: inventory, confirm: async () => [], now: () => nowMs }
  const patch = await mutate(review, ports)
  const object = patch.length === 0 ? review.object : patched(request.object, patch)
  const judgement = await judge({ ...review, object }, ports)
  const rules = [...new Set(denialCauses(judgement).map(({ reason }) => reason))]
  return { allowed: rules.length === 0 && closing(judgement).length === 0, rules }
}

function reviewOf({ user, object, oldObject, subResource = '' }: Request): Review | undefined {
  const body = admissionReview({
    uid: 'widening',
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    subResource,
    dryRun: true,
    user,
    object: rawObject(object),
    oldObject: rawObject(oldObject)
  })
  const parsed = parseReview(body)
  return parsed.ok ? parsed.review : undefined
}
