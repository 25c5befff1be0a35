import { isDeepStrictEqual } from 'node:util'

import { judge } from '../../../src/admission/judge.ts'
import { admissionReview, rawObject } from '../../../src/admission/raw-object.ts'
import { parseReview } from '../../../src/admission/review.ts'
import { validatingResponse } from '../../../src/admission/response.ts'
import { snapshotOf } from '../../../src/cli/policies.ts'
import type { Finding } from '../../../src/rules/finding.ts'
import { member } from '../json.ts'
import type { JsonObject } from '../json.ts'
import type { MetalLBVerdict, MetalLBWebhook } from '../metallb-webhook.ts'
import { metallbNamespace } from '../users.ts'
import { metallbObject } from './proposals.ts'
import type { MetalLBKind } from './proposals.ts'
import { placeOf } from './world.ts'
import type { World } from './world.ts'

/** One write, what all say about it, and what was stored then. */
export type Case = {
  readonly operation: 'CREATE' | 'UPDATE'
  readonly object: JsonObject
  readonly oldObject: JsonObject | undefined
  readonly stored: readonly JsonObject[]
  readonly metallb: MetalLBVerdict
  /** Asked only when MetalLB refuses what poolguard does not mind. */
  readonly mess: Mess | undefined
  readonly poolguard: PoolguardVerdict
  /**
   * Why the speakers refuse all that is stored, before the write and with it; '' when they do not. What MetalLB's webhook
   * refuses they are not asked about.
   */
  readonly speakers: { readonly before: string; readonly after: string }
}

/** What MetalLB's webhook has against what is stored already. */
export type Mess = {
  /** What it says about a write that changes nothing: of the stored object, or of one that nobody could mind. */
  readonly stored: MetalLBVerdict
  /** What it says once the stored object is away; the same as `stored` when there is none. */
  readonly others: MetalLBVerdict
  /** What it says then about an object that nobody could mind but for what the write changes. */
  readonly changes: MetalLBVerdict
}

export type PoolguardVerdict = {
  readonly allowed: boolean
  /** It denies, or warns where it leaves the denying to MetalLB. */
  readonly objects: boolean
  /** Why not, and what it warns of; the id of the rule at the end of each. */
  readonly messages: readonly string[]
  /** What it objects to; empty also when the object could not be read. */
  readonly objections: readonly Finding[]
}

/**
 * The rules that say what MetalLB's own webhook says, and some that warn of what its speakers refuse until more is there.
 * The others know of networks, tenants and Services.
 */
const COMPARED = [
  'pool-syntax',
  'pool-overlap',
  'pool-wrong-namespace',
  'advertisement-syntax',
  'advertisement-wrong-namespace',
  'advertisement-unknown-pool',
  'advertisement-selects-nothing',
  'advertisement-in-use'
]

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: differential}
spec: {metallb: {namespace: ${metallbNamespace}}}
`

const all = snapshotOf([{ path: 'plan.yaml', text: PLAN }])
const snapshot = { ...all, rules: all.rules.filter(({ id }) => COMPARED.includes(id)) }

export type Compared = {
  readonly world: World
  readonly webhook: MetalLBWebhook
}

/**
 * Asks all about the write of an object over what the world holds. Leaves it stored when MetalLB and poolguard allow it,
 * and otherwise everything as it was. `before` is what the speakers say about the world as it is.
 */
export async function compare(
  object: JsonObject,
  before: string,
  { world, webhook }: Compared
): Promise<Case> {
  const place = placeOf(object)
  const oldObject = world.stored(place)
  const operation = oldObject === undefined ? 'CREATE' : 'UPDATE'
  const stored = world.objects()
  const body = reviewOf(object, oldObject)
  const metallb = await webhook.review(body)
  const poolguard = await askPoolguard(body, world)
  const one = { operation, object, oldObject, stored, metallb, poolguard } as const
  if (!metallb.allowed) {
    const mess = poolguard.objects ? undefined : await messAround(object, { world, webhook })
    return { ...one, mess, speakers: { before, after: before } }
  }
  await world.store(object)
  const after = await webhook.configurationError()
  if (!poolguard.allowed) await world.restore(place, oldObject)
  return { ...one, mess: undefined, speakers: { before, after } }
}

async function messAround(object: JsonObject, { world, webhook }: Compared): Promise<Mess> {
  const place = placeOf(object)
  const oldObject = world.stored(place)
  const ask = (spec: JsonObject) => {
    const probe = harmless(place.kind, world.objects())
    return webhook.review(reviewOf({ ...probe, spec: { ...member(probe, 'spec'), ...spec } }, undefined))
  }
  if (oldObject === undefined) {
    const stored = await ask({})
    return { stored, others: stored, changes: await ask(member(object, 'spec')) }
  }
  const stored = await webhook.review(reviewOf(oldObject, oldObject))
  await world.restore(place, undefined)
  const others = await ask({})
  const changes = await ask(changedFields(member(object, 'spec'), member(oldObject, 'spec')))
  await world.restore(place, oldObject)
  return { stored, others, changes }
}

function changedFields(now: JsonObject, before: JsonObject): JsonObject {
  const isNew = ([name, value]: [string, unknown]): boolean => !isDeepStrictEqual(value, before[name])
  return Object.fromEntries(Object.entries(now).filter(isNew))
}

/** An object that collides with nothing that is ever proposed. */
function harmless(kind: MetalLBKind, stored: readonly JsonObject[]): JsonObject {
  // with FRR all peers have one router ID
  const peer = stored.find(object => placeOf(object).kind === 'BGPPeer') ?? {}
  const { routerID = '' } = member(peer, 'spec')
  const specs: Record<MetalLBKind, JsonObject> = {
    IPAddressPool: { addresses: ['2001:db8::/128'] },
    L2Advertisement: { ipAddressPools: ['no-such-pool'] },
    BGPAdvertisement: { ipAddressPools: ['no-such-pool'] },
    Community: {},
    BGPPeer: { myASN: 64_500, peerASN: 64_600, peerAddress: '2001:db8::1', vrf: 'harmless', routerID },
    BFDProfile: {}
  }
  return metallbObject(kind, { name: 'harmless', namespace: metallbNamespace }, specs[kind])
}

/** The AdmissionReview that the API server sends for this write. */
export function reviewOf(object: JsonObject, oldObject: JsonObject | undefined): JsonObject {
  const body = admissionReview({
    uid: 'differential',
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    subResource: '',
    dryRun: false,
    user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
    object: rawObject(object),
    oldObject: rawObject(oldObject)
  })
  if (body === undefined) throw new Error(`no object: ${JSON.stringify(object)}`)
  return body
}

async function askPoolguard(body: JsonObject, { inventory }: World): Promise<PoolguardVerdict> {
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  const judgement = await judge(parsed.review, {
    snapshot: () => snapshot,
    view: inventory,
    confirm: async () => [],
    now: () => 0
  })
  const { allowed, status, warnings } = validatingResponse(parsed.review, judgement, 'fail')
  const messages = [...(status?.message.split('\n') ?? []), ...(warnings ?? [])]
  const denials = judgement.findings.filter(({ action }) => action === 'deny')
  const advice = judgement.findings.filter(({ rule, action }) => {
    return action === 'warn' && rule.advisesOn.some(kind => kind === parsed.review.kind)
  })
  const objections = (allowed ? advice : denials).map(({ finding }) => finding)
  return { allowed, objects: !allowed || objections.length > 0, messages, objections }
}
