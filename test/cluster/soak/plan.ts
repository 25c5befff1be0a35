import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from '../cluster.ts'
import { waitUntil } from '../process.ts'
import { serviceAccount } from '../users.ts'

/** The controller that writes the OvnEips of all tenants. */
export const CPO = serviceAccount('kmetal', 'cpo')

/** Where that controller says whose an OvnEip is. */
export const TENANT_LABEL = 'kmetal.clastix.io/tenant'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: life}
spec:
  nodeSubnets: [192.168.1.0/24]
  kubeOvn: {version: 1.15.2}
  globalPool: {externalSubnets: [life], defaultExternalSubnet: life}
  tenancy:
    ovnEipOwners:
    - {user: "${CPO.name}", tenantFromLabel: ${TENANT_LABEL}}
`

/** Writes the plan into a folder of its own and returns that. */
export function writePlan(cluster: Cluster): string {
  const folder = join(cluster.directory, 'policies')
  mkdirSync(folder)
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  return folder
}

/** A provider Subnet of 32,768 addresses, and the right to write OvnEips and NAT rules for the controller. */
export async function prepareSubnet(cluster: Cluster): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io'
  const meta = { apiVersion: `${apiGroup}/v1`, metadata: { name: 'cpo' } }
  const rules = [{ apiGroups: ['kubeovn.io'], resources: ['ovn-eips', 'ovn-fips'], verbs: ['*'] }]
  const subjects = [{ apiGroup, kind: 'User', name: CPO.name }]
  const spec = {
    protocol: 'IPv4',
    cidrBlock: '10.200.0.0/17',
    gateway: '10.200.0.1',
    excludeIps: ['10.200.0.1'],
    vlan: 'vlan0'
  }
  await cluster.apply([
    { ...meta, kind: 'ClusterRole', rules },
    {
      ...meta,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cpo' },
      subjects
    },
    { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name: 'life' }, spec }
  ])
  const path = 'jsonpath={.status.v4availableIPs}'
  await waitUntil('Subnet life', async () => {
    const { stdout } = await cluster.kubectl(['get', 'subnets.kubeovn.io', 'life', '-o', path])
    return Number(stdout) > 0
  })
}

/** Addresses of the upper half of the Subnet, each once; Kube-OVN gives out the lower ones first. */
export function* staticAddresses(): Generator<string, undefined, undefined> {
  for (let third = 64; third < 127; third++) {
    for (let last = 0; last < 256; last++) yield `10.200.${third}.${last}`
  }
}
