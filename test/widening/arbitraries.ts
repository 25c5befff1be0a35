import * as fc from 'fast-check'
import { UnusableError } from '../../src/cli/io.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { RULES } from '../../src/rules/index.ts'
import type { Request } from '../../src/admission/widening/decision.ts'
import {
  appliesToSpec,
  atLeastOne,
  maybe,
  ovnEipsSpec,
  servicesShape,
  some,
  type Names
} from '../policy/exposure-arbitraries.ts'

/** Policies and requests of few names and addresses, so that they meet one another. */
export type Json = Readonly<Record<string, unknown>>

const RANGES = ['10.0.0.0/29', '10.0.0.2-10.0.0.11', '10.0.0.5', '10.0.0.16/28', 'fd00::/126']
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.5',
  '10.0.0.7',
  '10.0.0.8',
  '10.0.0.11',
  '10.0.0.20',
  'fd00::1'
]
const POOLS = ['a', 'b', 'c']
const SUBNETS = ['external', 'acme-ext', 'beta-ext']
const PORTS = ['22', '20-25', '26', '8080', '30000-30010']
const CLASSES = ['', 'example.com/x']
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']
const USERS = ['alice', 'bob', 'system:serviceaccount:kmetal:cpo', 'ccm', 'lb']
const DATES = ['2027-01-31', '2027-06-30', '2020-01-01']
const BOUNDED = [
  'pool-reserved-range',
  'pool-unallocated',
  'service-type',
  'service-port',
  'service-pool-not-granted',
  'eip-not-granted',
  'eip-type',
  'vpc-multi-dgp',
  'subnet-unrouted',
  'namespace-tenant'
]

const selector = fc.constantFrom<Json>(
  {},
  { matchLabels: { t: '1' } },
  { matchLabels: { t: '2' } },
  { matchLabels: { t: '1', u: '1' } },
  { matchExpressions: [{ key: 't', operator: 'NotIn', values: ['1'] }] },
  { matchExpressions: [{ key: 'u', operator: 'Exists' }] }
)

const NAMES: Names<Json> = {
  selector,
  pools: POOLS,
  subnets: SUBNETS,
  types: TYPES,
  ranges: RANGES,
  classes: CLASSES,
  ports: PORTS,
  most: { loadBalancers: 3, eips: 2 }
}

const exemption = fc
  .record({
    rules: atLeastOne([
      'service-port',
      'service-type',
      'pool-reserved-range',
      'eip-not-granted',
      'service-external-ips'
    ]),
    by: fc.constantFrom<Json>(
      { users: ['alice'] },
      { users: ['alice', 'bob'] },
      { groups: ['devs'] },
      { namespaces: ['acme-1'] },
      { objects: ['IPAddressPool/kmetal-metallb/a'] },
      { objects: ['Service/acme-1/s', 'OvnEip/e'] },
      { users: ['bob'], namespaces: ['beta-1'] }
    ),
    expires: fc.constantFrom(...DATES)
  })
  .map(({ rules, by, expires }): Json => ({ rules, ...by, expires, reason: 'r', owner: 'o' }))

const exposure: fc.Arbitrary<Json> = maybe({
  appliesTo: appliesToSpec(NAMES),
  actions: fc.dictionary(fc.constantFrom(...BOUNDED), fc.constantFrom('deny', 'warn', 'audit', 'off'), {
    maxKeys: 3
  }),
  pools: fc.record({ allowed: some(POOLS) }),
  services: maybe({ ...servicesShape(NAMES), nodePorts: fc.record({ denied: some(PORTS) }) }),
  ovnEips: ovnEipsSpec(NAMES),
  exemptions: fc.array(exemption, { maxLength: 2 })
})

const plan: fc.Arbitrary<Json> = maybe({
  networkingMode: fc.constantFrom('overlay', 'vlan'),
  nodeSubnets: fc.constantFrom<unknown[][]>(
    ['10.0.0.0/24'],
    ['10.0.0.0/25', 'fd00::/64'],
    [{ cidr: '10.0.0.0/24', gateway: '10.0.0.2', interfaces: ['eth0'] }],
    [
      {
        cidr: '10.0.0.0/24',
        gateway: '10.0.0.5',
        interfaces: ['eth0', 'eth1'],
        nodeSelector: { matchLabels: { r: 'a' } }
      }
    ],
    [
      {
        cidr: '10.0.0.0/24',
        gateway: '10.0.0.5',
        interfaces: ['eth1'],
        nodeSelector: { matchLabels: { r: 'b' } }
      }
    ],
    []
  ),
  reservedRanges: some(RANGES).map(ranges => ranges.map(range => ({ range }))),
  clusterRanges: maybe({ services: some(RANGES, 1), pods: some(RANGES, 1) }),
  allocations: fc.array(
    fc.record({
      range: fc.constantFrom(...RANGES, '10.0.0.0/24'),
      announcement: fc.constantFrom('l2', 'bgp')
    }),
    { maxLength: 3 }
  ),
  metallb: maybe({
    namespace: fc.constantFrom('kmetal-metallb', 'metallb-system'),
    loadBalancerClass: fc.constantFrom(...CLASSES),
    bgpType: fc.constantFrom('frr', 'native')
  }),
  kubeOvn: maybe({
    version: fc.constantFrom('1.15', '1.12'),
    multiDGP: fc.constantFrom('blocked', 'assumeFixed')
  }),
  globalPool: maybe({
    ipAddressPool: fc.constantFrom(...POOLS),
    ipAddressPoolByClass: maybe({ direct: fc.constantFrom(...POOLS), mirrored: fc.constantFrom(...POOLS) }),
    externalSubnets: some(SUBNETS),
    defaultExternalSubnet: fc.constantFrom(...SUBNETS)
  }),
  poolModel: fc.constantFrom('global', 'perTenant'),
  edgeRouter: fc.constantFrom<Json>(
    { mode: 'directRouting' },
    { mode: 'directRouting', providerCIDRs: ['10.1.0.0/24'] },
    { mode: 'directRouting', providerCIDRs: ['10.1.0.0/25'] },
    { mode: 'edgeNAT', mappings: [] }
  ),
  platform: maybe({
    users: some(USERS),
    groups: some(['devs', 'system:masters']),
    namespaces: some(['plain', 'acme-1'], 1)
  }),
  controllers: maybe({
    ccm: some(['ccm', 'alice'], 1),
    metallb: some(['lb', 'ccm'], 1),
    kubeOvn: some(['bob'], 1),
    cpo: some(['ccm'], 1)
  }),
  tenancy: maybe({
    namespaceLabels: fc.constantFrom(
      ['tenant'],
      ['owner', 'tenant'],
      ['capsule.clastix.io/tenant', 'tenant']
    ),
    unlabelledNamespaces: fc.constantFrom('platform', 'untrusted'),
    unmappedOvnEips: fc.constantFrom('warn', 'deny'),
    serviceOwners: fc.constantFrom<Json[][]>(
      [],
      [{ user: 'alice', tenant: 'acme' }],
      [{ user: 'alice', tenantFromLabel: 'of' }]
    ),
    ovnEipOwners: fc.constantFrom<Json[][]>(
      [],
      [{ user: 'alice', tenant: 'acme' }],
      [{ user: 'system:serviceaccount:kmetal:cpo', tenantFromLabel: 'of' }],
      [
        { user: 'alice', tenant: 'beta' },
        { user: 'bob', tenant: 'acme' }
      ]
    ),
    tenants: fc.constantFrom<Json[][]>(
      [],
      [{ name: 'acme', externalSubnets: ['acme-ext'] }],
      [
        {
          name: 'acme',
          networkingMode: 'vlan',
          vlan: { exposure: 'ccmProxy', ipAddressPool: 'c', range: '10.9.0.0/24' }
        }
      ],
      [
        { name: 'beta', networkingMode: 'vlan' },
        { name: 'acme', networkingMode: 'overlay' }
      ]
    )
  })
})

export interface Policies {
  readonly plan: Json
  readonly exposures: readonly Json[]
}

export const policies: fc.Arbitrary<Policies> = fc.record({
  plan,
  exposures: fc.array(exposure, { maxLength: 3 })
})

/** Mostly the same policies again, with one field of one document changed: two independent ones hardly ever differ in one. */
export const pairs: fc.Arbitrary<readonly [Policies, Policies]> = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(policies, policies) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(policies, policies, fc.nat(), fc.nat(), fc.boolean())
      .map(([one, other, at, key, swapped]) => {
        const changed = withOneChange(one, other, at, key)
        return swapped ? ([changed, one] as const) : ([one, changed] as const)
      })
  }
)

function withOneChange(one: Policies, other: Policies, at: number, key: number): Policies {
  const i = at % (one.exposures.length + 2)
  if (i >= one.exposures.length) return { ...one, plan: mixed(one.plan, other.plan, key) }
  const from = other.exposures[at % Math.max(1, other.exposures.length)] ?? {}
  if (key % 7 === 0) return { ...one, exposures: one.exposures.toSpliced(i, 1) }
  return { ...one, exposures: one.exposures.with(i, mixed(one.exposures[i] ?? {}, from, key)) }
}

/** With one key as the other has it, or in it one key where both are mappings. */
function mixed(one: Json, other: Json, key: number): Json {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  const name = keys[key % Math.max(1, keys.length)]
  if (name === undefined) return one
  const [a, b] = [one[name], other[name]]
  const isDeep = isMapping(a) && isMapping(b) && key % 3 > 0
  const value = isDeep ? mixed(a, b, Math.floor(key / 3)) : b
  const { [name]: _, ...rest } = one
  return value === undefined ? rest : { ...rest, [name]: value }
}

function isMapping(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** undefined for policies that do not load. */
export function loaded(given: Policies): PolicySnapshot | undefined {
  const { plan: spec, exposures } = consistent(given)
  const documents = [
    { kind: 'NetworkPlan', metadata: { name: 'dc1' }, spec },
    ...exposures.map((one, i) => ({ kind: 'ExposurePolicy', metadata: { name: `p${i}` }, spec: one }))
  ]
  const files = documents.map((document, i) => ({
    path: `${i}.json`,
    text: JSON.stringify({ apiVersion: 'poolguard.io/v1alpha1', ...document })
  }))
  try {
    return snapshotOf(files)
  } catch (error) {
    if (error instanceof UnusableError) return undefined
    throw error
  }
}

/** Grants hold what tenants get by default, and policies for some namespaces say nothing about OvnEips: else they do not load. */
function consistent({ plan: spec, exposures }: Policies): Policies {
  const globalPool = mapping(spec['globalPool'])
  const { ipAddressPool, defaultExternalSubnet: subnet } = globalPool
  const byClass = Object.values(mapping(globalPool['ipAddressPoolByClass']))
  const defaults = [ipAddressPool, ...byClass].filter(pool => pool !== undefined)
  const withSubnet = (names: unknown) => [...new Set([...(Array.isArray(names) ? names : []), subnet])]
  const plans =
    subnet === undefined
      ? spec
      : { ...spec, globalPool: { ...globalPool, externalSubnets: withSubnet(globalPool['externalSubnets']) } }
  return {
    plan: plans,
    exposures: exposures.map(({ ovnEips, ...one }) => {
      const isSelecting = Object.keys(mapping(mapping(one['appliesTo'])['namespaceSelector'])).length > 0
      const given = mapping(ovnEips)
      const granted =
        'externalSubnets' in given && subnet !== undefined
          ? { externalSubnets: withSubnet(given['externalSubnets']) }
          : {}
      const allowed = mapping(one['pools'])['allowed']
      return {
        ...one,
        ...(Array.isArray(allowed) ? { pools: { allowed: [...new Set([...allowed, ...defaults])] } } : {}),
        ...(isSelecting || ovnEips === undefined ? {} : { ovnEips: { ...given, ...granted } })
      }
    })
  }
}

function mapping(value: unknown): Json {
  return isMapping(value) ? value : {}
}

export const KNOWN = new Map(RULES.map(({ id, defaultAction }) => [id, defaultAction]))

const namespaces = [
  { name: 'kmetal-metallb', labels: {} },
  { name: 'metallb-system', labels: {} },
  { name: 'plain', labels: { t: '2' } },
  { name: 'acme-1', labels: { tenant: 'acme', t: '1' } },
  { name: 'acme-2', labels: { tenant: 'acme', owner: 'beta', u: '1', t: '1' } },
  { name: 'beta-1', labels: { tenant: 'beta' } },
  { name: 'gamma-1', labels: { tenant: 'gamma', t: '2' } }
]

const service = (metadata: object, spec: object, status?: object): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: { ports: [{ port: 80 }], ...spec },
  ...(status === undefined ? {} : { status })
})

const pool = (name: string, namespace: string, addresses: readonly string[], more: object = {}): Json => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name, namespace },
  spec: { addresses, ...more }
})

const vpc = (name: string, spec: object): Json => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vpc',
  metadata: { name },
  spec
})

const eip = (name: string, labels: object, spec: object): Json => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'OvnEip',
  metadata: { name, labels },
  spec
})

export const EXISTING: readonly Json[] = [
  ...namespaces.map(({ name, labels }) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels }
  })),
  ...['kmetal-metallb', 'metallb-system'].flatMap(namespace =>
    POOLS.map((name, i) => pool(name, namespace, [`198.18.${i}.0/24`]))
  ),
  ...SUBNETS.map((name, i) => ({
    apiVersion: 'kubeovn.io/v1',
    kind: 'Subnet',
    metadata: { name },
    spec: { protocol: 'IPv4', cidrBlock: `10.1.${i}.0/24`, gateway: `10.1.${i}.1`, vlan: `vlan${i}` }
  })),
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', labels: { r: 'a' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.200' }] }
  },
  service(
    { name: 'held', namespace: 'acme-2', annotations: { 'metallb.io/allow-shared-ip': 'k' } },
    { type: 'LoadBalancer' }
  ),
  service({ name: 'one', namespace: 'beta-1' }, { type: 'LoadBalancer' }),
  eip('kept', { of: 'acme' }, { externalSubnet: 'external', type: 'nat' }),
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'l2', namespace: 'kmetal-metallb' },
    spec: { ipAddressPools: ['a'] }
  },
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'BGPAdvertisement',
    metadata: { name: 'bgp', namespace: 'kmetal-metallb' },
    spec: { ipAddressPools: ['b'] }
  }
]

const user = fc
  .tuple(fc.constantFrom(...USERS), some(['devs', 'system:masters'], 1))
  .map(([username, groups]) => ({ username, groups: [...groups, 'system:authenticated'] }))

const services = fc
  .record({
    namespace: fc.constantFrom(...namespaces.map(({ name }) => name)),
    type: fc.constantFrom(...TYPES),
    pool: fc.constantFrom(undefined, ...POOLS),
    address: fc.constantFrom(undefined, undefined, '198.18.0.7', '198.18.1.7', '10.0.0.5'),
    shared: fc.constantFrom(undefined, undefined, 'k'),
    mirrored: fc.boolean(),
    loadBalancerClass: fc.constantFrom(undefined, undefined, 'example.com/x'),
    ranges: fc.constantFrom(undefined, ['10.0.0.5/32'], ['10.0.0.0/29'], ['0.0.0.0/0']),
    port: fc.constantFrom(80, 19, 20, 22, 25, 26, 8080, 30005),
    nodePort: fc.constantFrom(undefined, undefined, 30000, 30010, 30011),
    externalIPs: fc.constantFrom<(string[] | undefined)[]>(
      undefined,
      undefined,
      ...ADDRESSES.map(address => [address])
    )
  })
  .map(
    ({
      namespace,
      type,
      pool: named,
      address,
      shared,
      mirrored,
      loadBalancerClass,
      ranges,
      port,
      nodePort,
      externalIPs
    }) => {
      const annotations = {
        ...(named === undefined ? {} : { 'metallb.io/address-pool': named }),
        ...(address === undefined ? {} : { 'metallb.io/loadBalancerIPs': address }),
        ...(shared === undefined ? {} : { 'metallb.io/allow-shared-ip': shared })
      }
      const labels = { of: 'beta', ...(mirrored ? { 'cluster.x-k8s.io/tenant-service-name': 's' } : {}) }
      return service(
        { name: 's', namespace, annotations, labels },
        {
          type,
          ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
          ...(ranges === undefined ? {} : { loadBalancerSourceRanges: ranges }),
          ports: [{ port, ...(nodePort === undefined ? {} : { nodePort }) }],
          ...(externalIPs === undefined ? {} : { externalIPs })
        }
      )
    }
  )

const pools = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    namespace: fc.constantFrom('kmetal-metallb', 'kmetal-metallb', 'metallb-system'),
    address: fc.constantFrom(...ADDRESSES, '10.0.0.0', '10.0.0.255', '10.0.0.127', '10.9.0.7', 'nonsense'),
    tenant: fc.constantFrom(undefined, undefined, { serviceAllocation: { namespaces: ['acme-1'] } })
  })
  .map(({ name, namespace, address, tenant }) =>
    pool(
      name,
      namespace,
      [address.includes(':') ? `${address}/128` : address === 'nonsense' ? address : `${address}/32`],
      tenant
    )
  )

const eips = fc
  .record({
    of: fc.constantFrom('acme', 'beta'),
    externalSubnet: fc.constantFrom('', ...SUBNETS),
    v4Ip: fc.constantFrom('', '', '10.1.0.7', '10.1.1.7'),
    type: fc.constantFrom('', 'nat', 'lrp', 'lsp')
  })
  .map(({ of, ...spec }) => eip('e', { of }, spec))

const vpcs = fc
  .record({
    enableExternal: fc.boolean(),
    extraExternalSubnets: some(SUBNETS),
    namespaces: some(['acme-1', 'beta-1'], 1)
  })
  .map(spec => vpc('v', spec))

const subnets = fc
  .record({
    name: fc.constantFrom('external', 'acme-ext', 'new'),
    cidrBlock: fc.constantFrom('10.1.9.0/24', '10.0.0.0/28', '10.1.0.0/25', '10.9.0.0/24')
  })
  .map(({ name, cidrBlock }): Json => ({
    apiVersion: 'kubeovn.io/v1',
    kind: 'Subnet',
    metadata: { name },
    spec: { protocol: 'IPv4', cidrBlock, vlan: 'vlan9' }
  }))

const l2s = fc
  .record({
    interfaces: some(['eth0', 'eth1', 'eth2']),
    ipAddressPools: some(POOLS),
    namespace: fc.constantFrom('kmetal-metallb', 'plain')
  })
  .map(({ namespace, ...spec }): Json => ({
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'new', namespace },
    spec
  }))

const statuses = fc.constantFrom('acme-1', 'plain').map((namespace): Omit<Request, 'user'> => {
  const oldObject = service({ name: 's', namespace }, { type: 'LoadBalancer' }, {})
  return {
    oldObject,
    object: { ...oldObject, status: { loadBalancer: { ingress: [{ ip: '10.0.0.5' }] } } },
    subResource: 'status'
  }
})

const moves = fc.constantFrom('acme', 'beta', '').map((tenant): Omit<Request, 'user'> => {
  const namespace = (labels: object): Json => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'moved', labels }
  })
  return { oldObject: namespace({ tenant: 'acme' }), object: namespace(tenant === '' ? {} : { tenant }) }
})

export const requests: fc.Arbitrary<Request> = fc
  .tuple(
    user,
    fc.oneof(
      { weight: 6, arbitrary: services.map(object => ({ object })) },
      { weight: 4, arbitrary: pools.map(object => ({ object })) },
      { weight: 4, arbitrary: eips.map(object => ({ object })) },
      { weight: 1, arbitrary: vpcs.map(object => ({ object })) },
      { weight: 1, arbitrary: subnets.map(object => ({ object })) },
      { weight: 1, arbitrary: l2s.map(object => ({ object })) },
      { weight: 1, arbitrary: statuses },
      { weight: 1, arbitrary: moves }
    )
  )
  .map(([by, request]) => ({ user: by, ...request }))
