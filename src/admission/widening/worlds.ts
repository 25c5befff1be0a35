import { CAPSULE_LABEL } from '../../policy/tenancy.ts'
import type { Plan } from '../../policy/plan.ts'
import type { JsonObject } from '../apply.ts'
import type { Constants } from './constants.ts'
import { worldOf, type World } from './decision.ts'

/** A namespace that a request may be made in. */
export interface WitnessNamespace {
  readonly name: string
  /** undefined: no tenant's. */
  readonly tenant: string | undefined
}

/** Where requests are tried: what is stored, and the namespaces there. */
export interface Worlds {
  readonly namespaces: readonly WitnessNamespace[]
  /** Namespaces, pools and Subnets of every name that the policies know. */
  readonly plain: World
  /** Besides, in the first namespace of each tenant, a Service that shares its address under the key `shared-TENANT`. */
  readonly sharing: World
  /** Besides, as many LoadBalancer Services and OvnEips of each tenant as some quota allows. */
  readonly full: readonly World[]
  /** Besides, an advertisement of all pools. */
  readonly announced: readonly World[]
}

/** More namespaces, and more objects of one tenant, than this are not made. */
const MOST_NAMESPACES = 40
const MOST_HELD = 64

/** Addresses for benchmarks (RFC 2544), which no plan has: /24 of the given number. */
export function witnessPrefix(of: 'pool' | 'subnet', i: number): string {
  return `198.${of === 'pool' ? 18 : 19}.${i}`
}

/** Builds the worlds for these policies. */
export function worldsFor(constants: Constants, [base, proposal]: readonly [Plan, Plan]): Worlds {
  const metallb = [...new Set([base.metallb.namespace, proposal.metallb.namespace])]
  const named = namespacesFor(constants)
  const plain = [
    ...metallb.map(name => namespaceObject(name, {})),
    ...named.flatMap(({ name, tenant, labels }) => namespaceObjects(name, tenant, labels, base)),
    ...metallb.flatMap(namespace =>
      constants.pools.map((name, i) =>
        metallbObject(
          'IPAddressPool',
          { name, namespace },
          { addresses: [`${witnessPrefix('pool', i)}.0/24`] }
        )
      )
    ),
    ...constants.subnets.map((name, i) => subnetObject(name, `${witnessPrefix('subnet', i)}.0/24`))
  ]
  const advertised = (kind: 'L2Advertisement' | 'BGPAdvertisement') =>
    metallb.map(namespace => metallbObject(kind, { name: 'all', namespace }, {}))
  return {
    namespaces: named.map(({ name, tenant }) => ({ name, tenant })),
    plain: worldOf(plain),
    sharing: worldOf([...plain, ...sharers(named)]),
    full: constants.quotas
      .filter(quota => quota <= MOST_HELD)
      .map(quota => worldOf([...plain, ...held(quota, named, { constants, plan: base })])),
    announced: [advertised('L2Advertisement'), advertised('BGPAdvertisement')].map(objects =>
      worldOf([...plain, ...objects])
    )
  }
}

interface Labelled extends WitnessNamespace {
  readonly labels: ReadonlyMap<string, string>
}

/** Two of each tenant, one for each set of labels, and those that the policies name themselves. */
function namespacesFor({ tenants, labelSets, namespaces }: Constants): readonly Labelled[] {
  const none = new Map<string, string>()
  const ofTenants = tenants.flatMap((tenant, t) =>
    [...(labelSets.length === 0 ? [none] : labelSets), none].map((labels, i) => ({
      name: `t${t + 1}-${i + 1}`,
      tenant,
      labels
    }))
  )
  const others = [
    { name: 'unlabelled', tenant: undefined, labels: none },
    ...namespaces.map(name => ({ name, tenant: tenants[0], labels: none })),
    ...labelSets.map((labels, i) => ({ name: `labelled-${i + 1}`, tenant: undefined, labels }))
  ]
  return [...others, ...ofTenants].slice(0, MOST_NAMESPACES)
}

/** The Namespace, labelled as the plan wants it; where Capsule's label is the only one, with its proof. */
function namespaceObjects(
  name: string,
  tenant: string | undefined,
  labels: ReadonlyMap<string, string>,
  { tenancy: { namespaceLabels } }: Plan
): readonly JsonObject[] {
  const own = Object.fromEntries(labels)
  if (tenant === undefined) return [namespaceObject(name, own)]
  const key = namespaceLabels.find(one => one !== CAPSULE_LABEL)
  if (key !== undefined) return [namespaceObject(name, { ...own, [key]: tenant })]
  const apiVersion = 'capsule.clastix.io/v1beta2'
  const uid = `uid-of-${tenant}`
  const namespace = namespaceObject(name, { ...own, [CAPSULE_LABEL]: tenant }, [
    { apiVersion, kind: 'Tenant', name: tenant, uid, controller: true }
  ])
  return [namespace, { apiVersion, kind: 'Tenant', metadata: { name: tenant, uid } }]
}

export function namespaceObject(
  name: string,
  labels: Readonly<Record<string, string>>,
  ownerReferences: readonly JsonObject[] = []
): JsonObject {
  const owners = ownerReferences.length === 0 ? {} : { ownerReferences }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, ...owners } }
}

export function metallbObject(kind: string, metadata: JsonObject, spec: JsonObject): JsonObject {
  return { apiVersion: 'metallb.io/v1beta1', kind, metadata, spec }
}

export function kubeOvnObject(kind: string, metadata: JsonObject, spec: JsonObject): JsonObject {
  return { apiVersion: 'kubeovn.io/v1', kind, metadata, spec }
}

export function subnetObject(name: string, cidrBlock: string): JsonObject {
  const gateway = cidrBlock.replace(/0\/24$/, '1')
  return kubeOvnObject('Subnet', { name }, { protocol: 'IPv4', cidrBlock, gateway, vlan: `vlan-${name}` })
}

export function serviceObject(metadata: JsonObject, spec: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }], ...spec } }
}

export const SHARING_ANNOTATION = 'metallb.io/allow-shared-ip'

function sharers(namespaces: readonly WitnessNamespace[]): readonly JsonObject[] {
  return firstOfTenants(namespaces).map(({ name, tenant }) => {
    const annotations = { [SHARING_ANNOTATION]: `shared-${tenant}` }
    return serviceObject({ name: 'sharer', namespace: name, annotations }, { type: 'LoadBalancer' })
  })
}

function firstOfTenants(namespaces: readonly WitnessNamespace[]): readonly WitnessNamespace[] {
  const byTenant = new Map<string, WitnessNamespace>()
  for (const namespace of namespaces) {
    const { tenant } = namespace
    if (tenant !== undefined && !byTenant.has(tenant)) byTenant.set(tenant, namespace)
  }
  return [...byTenant.values()]
}

interface Holding {
  readonly constants: Constants
  readonly plan: Plan
}

function held(
  count: number,
  namespaces: readonly WitnessNamespace[],
  { constants: { pools, subnets }, plan }: Holding
): readonly JsonObject[] {
  const label = ownerLabel(plan)
  const [externalSubnet = 'external'] = subnets
  const pool = pools[0] === undefined ? {} : { 'metallb.io/address-pool': pools[0] }
  return firstOfTenants(namespaces).flatMap(({ name: namespace, tenant }, t) =>
    Array.from({ length: count }, (_, i) => [
      serviceObject({ name: `held-${i + 1}`, namespace, annotations: pool }, { type: 'LoadBalancer' }),
      ...(label === undefined
        ? []
        : [
            kubeOvnObject(
              'OvnEip',
              { name: `held-${t + 1}-${i + 1}`, labels: { [label]: tenant ?? '' } },
              { externalSubnet, type: 'nat' }
            )
          ])
    ]).flat()
  )
}

/** The label of an OvnEip that names its tenant, where the plan has one. */
export function ownerLabel({ tenancy }: Plan): string | undefined {
  return tenancy.ovnEipOwners.flatMap(({ owner }) =>
    'tenantFromLabel' in owner ? [owner.tenantFromLabel] : []
  )[0]
}
