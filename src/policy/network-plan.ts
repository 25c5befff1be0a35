import * as z from 'zod'
import { addressText, cidrText, rangeText } from './range-text.ts'
import { accountName, API_VERSION, labelSelector, metadata, objectName, tenantName } from './schema-fields.ts'
import { tenancy } from './tenancy-schema.ts'
import { wideningDeclarations } from './widening/declaration.ts'

const nodeSubnet = z.union([
  cidrText,
  z.strictObject({
    cidr: cidrText,
    gateway: addressText.optional().describe('reserved, as the network and broadcast addresses are'),
    interfaces: z.array(z.string().min(1)).optional().describe('absent: every interface'),
    nodeSelector: labelSelector.optional().describe('which nodes are in it; absent: as their addresses show')
  })
])

const reservedRange = z.strictObject({
  range: rangeText,
  purpose: z.string().default('').describe('named in denials'),
  owner: z.string().default('').describe('whom to ask')
})

const allocation = z.strictObject({
  range: rangeText,
  purpose: z.string().default(''),
  announcement: z.enum(['l2', 'bgp']).default('l2').describe("bgp: need not lie in the nodes' subnets")
})

const clusterRanges = z
  .strictObject({ services: z.array(rangeText).default([]), pods: z.array(rangeText).default([]) })
  .prefault({})

/** The values of METALLB_BGP_TYPE (MetalLB, internal/config). */
const bgpType = z.enum(['native', 'frr', 'frr-k8s', 'frr-k8s-external'])

const metallb = z
  .strictObject({
    namespace: objectName.default('kmetal-metallb').describe('the only one whose pools MetalLB reads'),
    loadBalancerClass: z.string().default('').describe('empty: Services without a class'),
    bgpType: bgpType.default('frr').describe('METALLB_BGP_TYPE of the speakers'),
    poolAnnotation: z
      .enum(['metallb.io/address-pool', 'metallb.universe.tf/address-pool'])
      .default('metallb.io/address-pool')
      .describe('what is filled in')
  })
  .prefault({})

const kubeOvn = z
  .strictObject({
    version: z
      .string()
      .regex(/^v?\d+\.\d+(\.\d+)?$/, 'not a version such as "1.15"')
      .default('1.15'),
    multiDGP: z
      .enum(['blocked', 'assumeFixed'])
      .default('blocked')
      .describe('several gateway ports on one router')
  })
  .prefault({})

const globalPool = z
  .strictObject({
    ipAddressPool: objectName.optional().describe("what a tenant's Service defaults to"),
    ipAddressPoolByClass: z
      .strictObject({
        controlPlane: objectName.optional(),
        mirrored: objectName.optional(),
        direct: objectName.optional()
      })
      .prefault({}),
    externalSubnets: z.array(objectName).optional().describe('absent: not restricted'),
    defaultExternalSubnet: objectName.optional().describe('what an OvnEip defaults to')
  })
  .prefault({})

const edgeRouter = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('directRouting'), providerCIDRs: z.array(cidrText).optional() }),
  z.strictObject({
    mode: z.literal('edgeNAT'),
    mappings: z.array(z.strictObject({ publicIP: addressText, eip: addressText }))
  })
])

const percent = z.int().min(1).max(100)

const accounts = z.array(accountName)

const platform = z
  .strictObject({
    users: accounts.default([]).describe("who may write what is the platform's"),
    groups: accounts.default(['system:masters', 'kubeadm:cluster-admins']),
    namespaces: z.array(objectName).default([]).describe("the platform's without a label")
  })
  .prefault({})

/** Exact user names. Those of Flux and of cloud-provider-ovn vary too much between installations to be presumed. */
const controllers = z
  .strictObject({
    metallb: accounts.default([
      'system:serviceaccount:kmetal-metallb:controller',
      'system:serviceaccount:kmetal-metallb:speaker',
      'system:serviceaccount:metallb-system:controller',
      'system:serviceaccount:metallb-system:speaker'
    ]),
    kubeOvn: accounts.default([
      'system:serviceaccount:kube-system:ovn',
      'system:serviceaccount:kube-system:kube-ovn-cni'
    ]),
    kamaji: accounts.default(['system:serviceaccount:kamaji-system:kamaji-controller-manager']),
    ccm: accounts.default([]),
    cpo: accounts.default([]),
    capi: accounts.default([
      'system:serviceaccount:kamaji-system:capi-kamaji-controller-manager',
      'system:serviceaccount:capi-system:capi-manager',
      'system:serviceaccount:capk-system:capk-manager'
    ]),
    gitops: accounts.default([])
  })
  .prefault({})

const spec = z.strictObject({
  scope: z
    .enum(['underCluster', 'tenantCluster'])
    .default('underCluster')
    .describe('which cluster this is for'),
  tenant: tenantName.optional().describe('whose cluster this is; with scope tenantCluster only'),
  networkingMode: z
    .enum(['overlay', 'vlan'])
    .default('overlay')
    .describe("where tenants' addresses come from: OVN, or their VLANs"),
  nodeSubnets: z.array(nodeSubnet).optional().describe('absent: membership is not judged'),
  reservedRanges: z
    .array(reservedRange)
    .default([])
    .describe('no pool may hold these: DHCP, routers, others'),
  clusterRanges: clusterRanges.describe('added to what ServiceCIDRs and Nodes say'),
  allocations: z.array(allocation).optional().describe('absent: pools may lie anywhere'),
  metallb,
  kubeOvn,
  globalPool,
  poolModel: z
    .enum(['global', 'perTenant'])
    .default('global')
    .describe('one pool for all tenants, or one each'),
  edgeRouter: edgeRouter.optional().describe('how addresses are reached from outside; absent: not judged'),
  capacity: z
    .strictObject({
      warnPercent: percent.default(80).describe('from which a pool is warned of'),
      criticalPercent: percent.default(95).describe('from which a Service is warned')
    })
    .prefault({}),
  platform: platform.describe('who administers the cluster'),
  controllers: controllers.describe(
    'exact user names of controllers; a list that is given replaces the default'
  ),
  tenancy: tenancy.describe('how tenants are recognised'),
  widenings: wideningDeclarations
})

/** NetworkPlan: what the network is. The one source of its types, its parser and its JSON Schema. */
export const networkPlan = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NetworkPlan'),
  metadata,
  spec
})

/** A NetworkPlan as its schema reads it: defaults filled in, ranges parsed. */
export type NetworkPlan = z.output<typeof networkPlan>
export type NetworkPlanSpec = NetworkPlan['spec']
