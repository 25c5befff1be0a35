import { judge } from '../../../src/admission/judge.ts'
import { admissionReview, rawObject } from '../../../src/admission/raw-object.ts'
import { parseReview } from '../../../src/admission/review.ts'
import { validatingResponse } from '../../../src/admission/response.ts'
import { snapshotOf } from '../../../src/cli/policies.ts'
import type { Finding } from '../../../src/rules/finding.ts'
import type { JsonObject } from '../json.ts'
import type { MetalLBVerdict, MetalLBWebhook } from '../metallb-webhook.ts'
import { metallbNamespace } from '../users.ts'
import { metallbObject } from './proposals.ts'
import type { MetalLBKind } from './proposals.ts'
import { placeOf } from './world.ts'
import type { World } from './world.ts'

/** One write, what both say about it, and what was stored then. */
export type Case = {
  readonly operation: 'CREATE' | 'UPDATE'
  readonly object: JsonObject
  readonly oldObject: JsonObject | undefined
  readonly stored: readonly JsonObject[]
  readonly metallb: MetalLBVerdict
  /** What MetalLB says about a write of that kind that adds nothing anybody could mind. */
  readonly metallbOnStored: MetalLBVerdict
  readonly poolguard: PoolguardVerdict
}

export type PoolguardVerdict = {
  readonly allowed: boolean
  /** Why not, and what it warns of; the id of the rule at the end of each. */
  readonly messages: readonly string[]
  /** What it denies for; empty also when the object could not be read. */
  readonly denials: readonly Finding[]
}

/** The rules that say what MetalLB's own webhook says. The others know of networks, tenants and Services. */
const COMPARED = [
  'pool-syntax',
  'pool-overlap',
  'pool-wrong-namespace',
  'advertisement-syntax',
  'advertisement-wrong-namespace'
]

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: differential}
spec: {metallb: {namespace: ${metallbNamespace}}}
`

const all = snapshotOf([{ path: 'plan.yaml', text: PLAN }])
const snapshot = { ...all, rules: all.rules.filter(({ rule }) => COMPARED.includes(rule.id)) }

/** Asks both about the write of an object over what the world holds. Stores nothing. */
export async function compare(object: JsonObject, world: World, webhook: MetalLBWebhook): Promise<Case> {
  const oldObject = world.stored(placeOf(object))
  const body = reviewOf(object, oldObject)
  return {
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    object,
    oldObject,
    stored: world.objects(),
    metallb: await webhook.review(body),
    metallbOnStored: await webhook.review(reviewOf(harmless(placeOf(object).kind), undefined)),
    poolguard: await askPoolguard(body, world)
  }
}

/** An object that collides with nothing that is ever proposed. */
function harmless(kind: MetalLBKind): JsonObject {
  const specs: Record<MetalLBKind, JsonObject> = {
    IPAddressPool: { addresses: ['2001:db8::/128'] },
    L2Advertisement: { ipAddressPools: ['no-such-pool'] },
    BGPAdvertisement: { ipAddressPools: ['no-such-pool'] },
    Community: {},
    BGPPeer: { myASN: 64_500, peerASN: 64_600, peerAddress: '2001:db8::1' },
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
    confirm: async () => []
  })
  const { allowed, status, warnings } = validatingResponse(parsed.review, judgement, 'fail')
  const messages = [...(status?.message.split('\n') ?? []), ...(warnings ?? [])]
  const denials = judgement.findings.filter(({ action }) => action === 'deny').map(({ finding }) => finding)
  return { allowed, messages, denials }
}
