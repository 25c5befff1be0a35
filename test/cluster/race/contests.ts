import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from '../cluster.ts'
import { namespace } from '../rbac.ts'
import { metallbNamespace } from '../users.ts'

/** Where objects of the guarded kinds are, by kind. */
export const COLLECTIONS = {
  IPAddressPool: `/apis/metallb.io/v1beta1/namespaces/${metallbNamespace}/ipaddresspools`,
  Subnet: '/apis/kubeovn.io/v1/subnets',
  OvnEip: '/apis/kubeovn.io/v1/ovn-eips',
  Vip: '/apis/kubeovn.io/v1/vips'
} as const
export type RacedKind = keyof typeof COLLECTIONS

/** One write of many at once. */
export type Contender = { readonly kind: RacedKind; readonly name: string; readonly body: object }

/**
 * - `pools`: IPAddressPools against one another.
 * - `subnets`: as many provider Subnets as pools.
 * - `eips`: OvnEips that ask for one static address.
 */
export const CONTESTS = ['pools', 'subnets', 'eips'] as const
export type ContestName = (typeof CONTESTS)[number]

/** The names of what is created here, and of nothing else. */
export const PREFIX = 'race-'

/** Of different rounds so many have addresses of their own: more than come while a claim that was left (120 s) lasts. */
const MOST_ROUNDS = 250

/** What contender `i` of a round (both from 0) writes. All of one round take one address, of 10.20.0.0/14, and none of another round's. */
export function contender(contest: ContestName, round: number, i: number): Contender {
  const name = `${PREFIX}${contest}-${round}-${i}`
  const third = round % MOST_ROUNDS
  if (contest === 'eips')
    return ovn('OvnEip', name, { externalSubnet: 'external', v4Ip: `10.22.${third}.40` })
  if (contest === 'subnets' && i % 2 === 0) {
    // from /24 to /27 all hold .40
    const bits = 24 + ((i / 2) % 4)
    const base = bits === 27 ? 32 : 0
    const gateway = `10.21.${third}.${base + 1}`
    return ovn('Subnet', name, {
      protocol: 'IPv4',
      cidrBlock: `10.21.${third}.${base}/${bits}`,
      gateway,
      excludeIps: [gateway],
      vlan: 'vlan0'
    })
  }
  const prefix = `10.${contest === 'pools' ? 20 : 21}.${third}`
  const first = 37 + (i % 4)
  const spec = { addresses: [`${prefix}.${first}-${prefix}.${first + 5}`], autoAssign: false }
  const metadata = { name, namespace: metallbNamespace }
  const body = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec }
  return { kind: 'IPAddressPool', name, body }
}

function ovn(kind: 'Subnet' | 'OvnEip', name: string, spec: object): Contender {
  return { kind, name, body: { apiVersion: 'kubeovn.io/v1', kind, metadata: { name }, spec } }
}

/** Writes the plan that allows each contender alone into a folder of its own, and returns that. */
export function writePlan(
  cluster: Cluster,
  { rounds, writers }: { rounds: number; writers: number }
): string {
  const names = Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: Math.ceil(writers / 2) }, (_each, i) => contender('subnets', round, i * 2).name)
  ).flat()
  const plan = {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'NetworkPlan',
    metadata: { name: 'race' },
    spec: {
      nodeSubnets: ['192.168.1.0/24'],
      allocations: [{ range: '10.20.0.0/15', purpose: 'races', announcement: 'bgp' }],
      metallb: { namespace: metallbNamespace },
      kubeOvn: { version: '1.15.2' },
      globalPool: { externalSubnets: ['external', ...names], defaultExternalSubnet: 'external' }
    }
  }
  const folder = join(cluster.directory, 'race-policies')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'plan.yaml'), JSON.stringify(plan))
  return folder
}

/** What the contenders refer to. Kube-OVN's controller is not there: it would only hand on what was allowed. */
export async function prepareContests(cluster: Cluster): Promise<void> {
  const meta = (kind: string, name: string, spec: object) => ({
    apiVersion: 'kubeovn.io/v1',
    kind,
    metadata: { name },
    spec
  })
  const spec = {
    protocol: 'IPv4',
    cidrBlock: '10.22.0.0/16',
    gateway: '10.22.0.1',
    excludeIps: ['10.22.0.1'],
    vlan: 'vlan0'
  }
  await cluster.apply([
    namespace(metallbNamespace),
    meta('ProviderNetwork', 'external', { defaultInterface: 'eth1' }),
    meta('Vlan', 'vlan0', { id: 0, provider: 'external' }),
    meta('Subnet', 'external', spec)
  ])
}
