import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from '../cluster.ts'
import { waitUntil } from '../process.ts'
import { namespace } from '../rbac.ts'
import { metallbNamespace, serviceAccount } from '../users.ts'
import { AREAS_RANGE, areaSubnets } from './area-objects.ts'

/** The controller that writes the OvnEips of all tenants. */
export const CPO = serviceAccount('kmetal', 'cpo')

/** Where that controller says whose an OvnEip is. */
export const TENANT_LABEL = 'kmetal.clastix.io/tenant'

/** The provider Subnet of OvnEips and Vips. */
export const LIFE_SUBNET = 'life'

/** Where Services are, which is a tenant's. */
export const TENANT_NAMESPACE = 'soak-tenant'

const POLICIES = [
  {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'NetworkPlan',
    metadata: { name: LIFE_SUBNET },
    spec: {
      nodeSubnets: ['192.168.1.0/24'],
      allocations: [{ range: AREAS_RANGE, purpose: 'areas', announcement: 'bgp' }],
      metallb: { namespace: metallbNamespace },
      kubeOvn: { version: '1.15.2' },
      globalPool: { externalSubnets: [LIFE_SUBNET, ...areaSubnets()], defaultExternalSubnet: LIFE_SUBNET },
      tenancy: { ovnEipOwners: [{ user: CPO.name, tenantFromLabel: TENANT_LABEL }] }
    }
  },
  {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'ExposurePolicy',
    metadata: { name: 'tenant' },
    spec: {
      appliesTo: { tenants: ['soak'] },
      services: { ports: { denied: ['22'] }, externalIPs: { allowedRanges: [] } }
    }
  }
]

/** Writes the policies into a folder of its own and returns that. */
export function writePolicies(cluster: Cluster): string {
  const folder = join(cluster.directory, 'policies')
  mkdirSync(folder)
  for (const policy of POLICIES) writeFileSync(join(folder, `${policy.kind}.yaml`), JSON.stringify(policy))
  return folder
}

/** A provider Subnet of 65,536 addresses, namespaces, and the right to write OvnEips and NAT rules for the controller. */
export async function prepareCluster(cluster: Cluster): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io'
  const meta = { apiVersion: `${apiGroup}/v1`, metadata: { name: 'cpo' } }
  const rules = [{ apiGroups: ['kubeovn.io'], resources: ['ovn-eips', 'ovn-fips'], verbs: ['*'] }]
  const subjects = [{ apiGroup, kind: 'User', name: CPO.name }]
  const spec = {
    protocol: 'IPv4',
    cidrBlock: '10.200.0.0/16',
    gateway: '10.200.0.1',
    excludeIps: ['10.200.0.1'],
    vlan: 'vlan0'
  }
  await cluster.apply([
    namespace(metallbNamespace),
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: TENANT_NAMESPACE, labels: { tenant: 'soak' } }
    },
    { ...meta, kind: 'ClusterRole', rules },
    {
      ...meta,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cpo' },
      subjects
    },
    { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name: LIFE_SUBNET }, spec }
  ])
  const path = 'jsonpath={.status.v4availableIPs}'
  await waitUntil(`Subnet ${LIFE_SUBNET}`, async () => {
    const { stdout } = await cluster.kubectl(['get', 'subnets.kubeovn.io', LIFE_SUBNET, '-o', path])
    return Number(stdout) > 0
  })
}

/**
 * Addresses of the upper half of the Subnet, each once. Kube-OVN gives out one that was never used before one that was, from the
 * lowest on: the lower half lasts for as many.
 */
export function* staticAddresses(): Generator<string, undefined, undefined> {
  for (let third = 128; third < 255; third++) {
    for (let last = 0; last < 256; last++) yield `10.200.${third}.${last}`
  }
}
