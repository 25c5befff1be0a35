import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from './cluster.ts'
import { waitUntil } from './process.ts'
import { grantNamespace, namespace } from './rbac.ts'
import { metallbNamespace, serviceAccount } from './users.ts'

/** Whose namespaces there are: overlay tenants acme (alice's) and beta (bob's), and vera, who lives in a VLAN. */
export const tenantNamespaces = { acme: 'tenant-acme', beta: 'tenant-beta', vera: 'tenant-vera' } as const

/** The pools of the suites. `legacy-pool` is there before poolguard and the others are. */
export const pools = {
  'legacy-pool': '192.168.1.200-192.168.1.205',
  'default-pool': '192.168.1.100-192.168.1.149',
  'platform-pool': '192.168.1.150-192.168.1.159',
  'beta-pool': '192.168.1.160-192.168.1.169',
  'vera-vlan': '10.9.0.100-10.9.0.119',
  'next-pool': '192.168.1.210-192.168.1.219'
} as const
export type PoolName = keyof typeof pools

export function pool(name: PoolName): object {
  const metadata = { name, namespace: metallbNamespace }
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata,
    spec: { addresses: [pools[name]] }
  }
}

const GATEWAYS = 'envoy-gateway-system'

/** The account of a gateway's controller, and the label that it names a Gateway's namespace by: Envoy Gateway's. */
export const gateway = serviceAccount(GATEWAYS, 'envoy-gateway')
export const gatewayLabel = 'gateway.envoyproxy.io/owning-gateway-namespace'

/** What all tenants share, and what beta and vera have beside it. */
function plan(defaultPool: PoolName): string {
  return `apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [192.168.1.0/24]
  globalPool: {ipAddressPool: ${defaultPool}}
  tenancy:
    serviceOwners:
    - {user: "${gateway.name}", namespaceFromLabel: ${gatewayLabel}}
    tenants:
    - {name: vera, networkingMode: vlan, vlan: {exposure: ccmProxy, ipAddressPool: vera-vlan, range: 10.9.0.0/24}}
---
apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: beta}
spec:
  appliesTo: {tenants: [beta]}
  pools: {allowed: [${defaultPool}, beta-pool]}
`
}

export interface PolicyOptions {
  /** What the plan's default pool is; `default-pool` when absent. */
  readonly defaultPool?: PoolName
  /** Further documents. */
  readonly more?: string
}

/** Writes the plan of these suites into a folder of its own and returns that. */
export function writePolicies(cluster: Cluster, name: string, options: PolicyOptions = {}): string {
  const folder = join(cluster.directory, name)
  mkdirSync(folder)
  const { defaultPool = 'default-pool', more } = options
  writeFileSync(join(folder, 'plan.yaml'), plan(defaultPool))
  if (more !== undefined) writeFileSync(join(folder, 'more.yaml'), more)
  return folder
}

/**
 * The tenants' namespaces, with their administrators. acme's may do more than they should be able to: write the status of
 * their Services, and their Namespace, labels and all.
 */
export async function createTenants(cluster: Cluster): Promise<void> {
  const { acme, beta, vera } = tenantNamespaces
  await cluster.apply([namespace(GATEWAYS)])
  await grantNamespace(cluster, GATEWAYS, `system:serviceaccounts:${GATEWAYS}`)
  await cluster.apply(Object.entries(tenantNamespaces).map(([tenant, name]) => namespace(name, { tenant })))
  await grantNamespace(cluster, acme, 'acme-admins')
  await grantNamespace(cluster, beta, 'beta-admins')
  await grantNamespace(cluster, vera, 'vera-admins')
  const apiGroup = 'rbac.authorization.k8s.io'
  const meta = { apiVersion: `${apiGroup}/v1`, metadata: { name: 'acme-doors', namespace: acme } }
  const rule = (resources: readonly string[], names: readonly string[] = []): object => ({
    apiGroups: [''],
    resources,
    resourceNames: names,
    verbs: ['get', 'update', 'patch']
  })
  const ofNamespace = rule(['namespaces', 'namespaces/status', 'namespaces/finalize'], [acme])
  const subjects = [{ apiGroup, kind: 'Group', name: 'acme-admins' }]
  await cluster.apply([
    { ...meta, kind: 'Role', rules: [rule(['services/status']), ofNamespace] },
    { ...meta, kind: 'RoleBinding', subjects, roleRef: { apiGroup, kind: 'Role', name: 'acme-doors' } }
  ])
}

/** What one Service asks for, on top of a plain LoadBalancer. */
export interface Ask {
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
}

/** A LoadBalancer Service of tenant acme, unless `ask` says something else. */
export function service(
  name: string,
  { annotations = {}, spec = {} }: Ask = {},
  owner: string = tenantNamespaces.acme
): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: owner, annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: name }, ...spec }
  }
}

/** What stands at a path of a Service, '' for nothing. */
export async function ofService(
  cluster: Cluster,
  name: string,
  path: string,
  owner: string = tenantNamespaces.acme
): Promise<string> {
  return (await cluster.kubectl(['get', '-n', owner, `service/${name}`, '-o', `jsonpath={${path}}`])).stdout
}

const INGRESS = '.status.loadBalancer.ingress[0].ip'

/** The address of a Service; '' while it has none. */
export function addressNow(cluster: Cluster, name: string, owner?: string): Promise<string> {
  return ofService(cluster, name, INGRESS, owner)
}

/** The address that MetalLB gives a Service. */
export function address(cluster: Cluster, name: string, owner?: string): Promise<string> {
  return waitUntil(`an address of ${name}`, async () => (await addressNow(cluster, name, owner)) || undefined)
}

/** The pool annotation of a Service; '' for none. */
export function poolAnnotation(cluster: Cluster, name: string, owner?: string): Promise<string> {
  return ofService(cluster, name, String.raw`.metadata.annotations.metallb\.io/address-pool`, owner)
}
