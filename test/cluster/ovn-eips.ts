import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from './cluster.ts'
import { waitUntil } from './process.ts'
import type { KubernetesObject, Transcript } from './ovn-transcript.ts'

/** Provider Subnets besides `external`, one with IPv6 as well; documentation ranges (RFC 5737, RFC 3849). */
const SUBNETS = {
  small: {
    protocol: 'IPv4',
    cidrBlock: '198.51.100.0/28',
    gateway: '198.51.100.1',
    excludeIps: ['198.51.100.1..198.51.100.3']
  },
  tiny: {
    protocol: 'IPv4',
    cidrBlock: '198.51.100.16/29',
    gateway: '198.51.100.17',
    excludeIps: ['198.51.100.17']
  },
  dual: {
    protocol: 'Dual',
    cidrBlock: '192.0.2.0/28,2001:db8:7::/124',
    gateway: '192.0.2.1,2001:db8:7::1',
    excludeIps: ['192.0.2.1', '2001:db8:7::1']
  }
} as const

/** alice's OvnEips are whose their label says, bob's are all tenant beta's. */
const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [192.168.1.0/24]
  kubeOvn: {version: 1.15.2}
  globalPool: {externalSubnets: [external, small, tiny, dual], defaultExternalSubnet: external}
  tenancy:
    ovnEipOwners:
    - {user: alice, tenantFromLabel: tenant}
    - {user: bob, tenant: beta}
`

/** Writes the plan of the suite into a folder of its own and returns that. */
export function writePlan(cluster: Cluster): string {
  const folder = join(cluster.directory, 'policies')
  mkdirSync(folder)
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  return folder
}

/** Creates the Subnets and waits until Kube-OVN gives addresses from them. */
export async function createSubnets(cluster: Cluster): Promise<void> {
  await cluster.apply(
    Object.entries(SUBNETS).map(([name, spec]) => ovn('Subnet', name, { vlan: 'vlan0', ...spec }))
  )
  for (const name of Object.keys(SUBNETS)) await field(cluster, `subnet/${name}`, '.status.v4availableIPs')
}

/** What tenants' administrators may write in this cluster; which of it they should is what poolguard is for. */
export async function grantEips(cluster: Cluster): Promise<void> {
  const resources = ['ovn-eips', 'ovn-eips/status', 'ovn-fips', 'vips', 'ippools']
  const apiGroup = 'rbac.authorization.k8s.io'
  const meta = { apiVersion: `${apiGroup}/v1`, metadata: { name: 'tenants-eips' } }
  const subjects = ['acme-admins', 'beta-admins'].map(name => ({ apiGroup, kind: 'Group', name }))
  const roleRef = { apiGroup, kind: 'ClusterRole', name: 'tenants-eips' }
  await cluster.apply([
    { ...meta, kind: 'ClusterRole', rules: [{ apiGroups: ['kubeovn.io'], resources, verbs: ['*'] }] },
    { ...meta, kind: 'ClusterRoleBinding', roleRef, subjects }
  ])
}

export function ovn(kind: string, name: string, spec: object, metadata: object = {}): KubernetesObject {
  return { apiVersion: 'kubeovn.io/v1', kind, metadata: { name, ...metadata }, spec }
}

export function eip(name: string, spec: object, metadata: object = {}): KubernetesObject {
  return ovn('OvnEip', name, spec, metadata)
}

/** A Pod that no kubelet will run; Kube-OVN gives it addresses all the same. */
export function pod(name: string, annotations: object): KubernetesObject {
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'none' }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations }, spec }
}

/** What stands at a path, '' for nothing. */
export async function read(cluster: Cluster, object: string, path: string): Promise<string> {
  return (await cluster.kubectl(['get', object, '-o', `jsonpath={${path}}`])).stdout
}

/** The same once it is something. */
export function field(cluster: Cluster, object: string, path: string): Promise<string> {
  return waitUntil(`${path} of ${object}`, async () => (await read(cluster, object, path)) || undefined)
}

/** The address that Kube-OVN's allocator gave an OvnEip: a label says so, written together with the spec. */
export function address(cluster: Cluster, name: string): Promise<string> {
  return field(cluster, `oeip/${name}`, String.raw`.metadata.labels.ovn\.kubernetes\.io/eip_v4_ip`)
}

/**
 * The address of an OvnEip whose status has it too. When its cache lags behind, kube-ovn-controller 1.15 writes an empty status
 * over the one it wrote (patchOvnEipStatus), and never again; such an OvnEip is made anew here, which is what an operator has
 * to do.
 */
export async function served(cluster: Cluster, object: KubernetesObject, name: string): Promise<string> {
  for (;;) {
    const given = await address(cluster, name)
    await waitUntil(
      `${name} to be ready`,
      async () => (await read(cluster, `oeip/${name}`, '.status.ready')) === 'true'
    )
    await new Promise(resolve => setTimeout(resolve, CACHE_LAG_MS))
    if ((await read(cluster, `oeip/${name}`, '.status.v4Ip')) === given) return given
    await cluster.mustKubectl(['delete', 'oeip', name])
    await cluster.apply([object])
  }
}

/** Longer than the two patches of a status are apart. */
const CACHE_LAG_MS = 300

/** Lists OvnEips in the transcript. */
export async function show(transcript: Transcript, ...names: readonly string[]): Promise<string> {
  const columns =
    'NAME:.metadata.name,SUBNET:.spec.externalSubnet,SPEC:.spec.v4Ip,STATUS:.status.v4Ip,STATUS-V6:.status.v6Ip'
  return (await transcript.kubectl(['get', 'oeip', ...names, '-o', `custom-columns=${columns}`])).stdout
}

/** Arguments of `kubectl patch`. */
export function patchOf(patch: object): readonly string[] {
  return ['--type=merge', '-p', JSON.stringify(patch)]
}
