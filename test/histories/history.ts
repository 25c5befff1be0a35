import { ADMINISTRATOR, EIPS, NOBODY, SUBNETS, TENANTS, VPCS } from './policy.ts'
import type { HistoryPolicy } from './policy.ts'
import { reconcile } from './kube-ovn.ts'
import type { Random } from './random.ts'
import { eipJson, vpcJson, World, type EipJson, type Stored, type Verdict, type Write } from './world.ts'

/** One write, the state it met, and what was said of it. */
export interface Decision {
  readonly write: Write
  /** What was stored before it. */
  readonly before: readonly Stored[]
  readonly verdict: Verdict
}

export interface HistoryOptions {
  readonly policy: HistoryPolicy
  readonly random: Random
  readonly length: number
  /** Begins with objects that no decision let in. */
  readonly isMessy: boolean
  /** Who writes. */
  readonly users: readonly [string, ...string[]]
  /** The controller acts on every Vpc after every write, not now and then. */
  readonly isPrompt: boolean
}

const NODE: Stored = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } }

/** Plays random writes of Vpcs and OvnEips, each judged, and stored if allowed; Kube-OVN's controller acts in between. */
export async function play(
  { policy, random, length, users, isMessy, isPrompt }: HistoryOptions,
  seen: (decision: Decision, world: World) => Promise<void> | void
): Promise<void> {
  const world = new World(policy.snapshot, [NODE, ...(isMessy ? mess(random) : [])])
  const byDefault = policy.model.defaultExternalSubnet
  for (let i = 0; i < length; i++) {
    const write = randomWrite(world, random, users)
    const before = world.objects
    const verdict = await world.judge(write)
    if (verdict.allowed) world.apply(write)
    if (isPrompt) for (const name of VPCS) reconcile(world, name, byDefault)
    else if (random.oneIn(2)) reconcile(world, random.of(VPCS), byDefault)
    await seen({ write, before, verdict }, world)
  }
}

/** Routers with several ports, ports under deletion, OvnEips wherever: what a cluster may hold before poolguard comes. */
function mess(random: Random): readonly Stored[] {
  const vpcs = random.some(VPCS, 2).map(name => vpcJson(name, vpcSpec(random)))
  const ports = random.some(VPCS, 2).flatMap(name =>
    random.some(SUBNETS, 2).map((externalSubnet): EipJson => {
      const port = eipJson(`${name}-${externalSubnet}`, { externalSubnet, type: 'lrp' })
      const deletionTimestamp = '2026-11-23T00:00:00Z'
      return random.oneIn(4) ? { ...port, metadata: { ...port.metadata, deletionTimestamp } } : port
    })
  )
  const eips = random.some(EIPS, 2).map(name => eipJson(name, { ...eipSpec(random), type: 'nat' }))
  return [...vpcs, ...ports, ...eips]
}

/** All who write; the administrator twice as often. */
export const EVERYBODY = [...TENANTS, ADMINISTRATOR, ADMINISTRATOR, NOBODY] as const

function randomWrite(world: World, random: Random, users: HistoryOptions['users']): Write {
  const user = random.of(users)
  if (random.oneIn(2)) return vpcWrite(world, random, user)
  const name = random.of(EIPS)
  const old = world.eip(name)
  // Whoever but Kube-OVN changes what is Kube-OVN's is eip-type's business, which the model leaves out.
  const isTheirs =
    ['lrp', 'lsp'].includes(old?.spec.type ?? '') || old?.metadata.deletionTimestamp !== undefined
  if (old !== undefined && (random.oneIn(3) || isTheirs)) {
    return { op: 'DELETE', user, object: old, oldObject: undefined }
  }
  const object = eipJson(name, eipSpec(random))
  return { op: old === undefined ? 'CREATE' : 'UPDATE', user, object, oldObject: old }
}

function vpcWrite(world: World, random: Random, user: string): Write {
  const name = random.of(VPCS)
  const old = world.vpc(name)
  if (old !== undefined && random.oneIn(6)) return { op: 'DELETE', user, object: old, oldObject: undefined }
  const object = vpcJson(name, vpcSpec(random))
  return { op: old === undefined ? 'CREATE' : 'UPDATE', user, object, oldObject: old }
}

function vpcSpec(random: Random) {
  const extra = random.some(SUBNETS, 2)
  const extraExternalSubnets = extra.length > 0 || random.oneIn(2) ? { extraExternalSubnets: extra } : {}
  return { ...(random.oneIn(8) ? {} : { enableExternal: !random.oneIn(4) }), ...extraExternalSubnets }
}

function eipSpec(random: Random): EipJson['spec'] {
  return {
    ...(random.oneIn(5) ? {} : { externalSubnet: random.of(SUBNETS) }),
    ...(random.oneIn(4) ? {} : { type: random.of(['nat', 'nat', 'nat', 'nat', '', 'lrp', 'lsp']) }),
    ...(random.oneIn(4) ? { v4Ip: `10.0.0.${random.below(9)}` } : {})
  }
}
