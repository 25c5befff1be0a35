import { contains } from '../../address/range.ts'
import { formatRange } from '../../address/format.ts'
import type { Allocation, NodeSubnet, Plan } from '../plan.ts'
import { changed, ofPlan, rangesMissing, rangesText, sameMeaning, type Loosening } from './loosening.ts'

/** What rules say about a range of the plan that is gone. */
const RESERVED = [
  'pool-reserved-range',
  'subnet-overlap',
  'eip-address-in-use',
  'eip-reserved-address',
  'service-external-ips'
]
const CLUSTER = ['pool-cluster-range', 'subnet-overlap', 'eip-address-in-use', 'service-external-ips']
const OUTSIDE = ['pool-outside-node-subnet', 'advertisement-off-subnet']
const VPCS = ['vpc-multi-dgp', 'vpc-per-tenant', 'eip-per-tenant']
const PROVIDERS = [
  ...VPCS,
  'pool-provider-network',
  'eip-unknown-subnet',
  'eip-address-in-use',
  'subnet-overlap'
]

/**
 * What the proposal's NetworkPlan asks for less than the base's, and all of its changes of which that cannot be told: only
 * what surely refuses as much is left out. Names, purposes, owners, edge NAT mappings and the order of ranges do not matter.
 */
export function comparePlans(base: Plan, proposal: Plan): readonly Loosening[] {
  return [
    ...reserved(base, proposal),
    ...clusterRanges(base, proposal),
    ...nodeSubnets(base, proposal),
    ...allocations(base, proposal),
    ...routed(base, proposal),
    ...capacity(base, proposal),
    ...changes(base, proposal)
  ]
}

function reserved(base: Plan, proposal: Plan): readonly Loosening[] {
  const gone = rangesMissing(base.reservedRanges, proposal.reservedRanges)
  if (gone.length === 0) return []
  return [ofPlan(RESERVED, ['reservedRanges'], `spec.reservedRanges no longer holds ${rangesText(gone)}`)]
}

function clusterRanges(base: Plan, proposal: Plan): readonly Loosening[] {
  return (['services', 'pods'] as const).flatMap(key => {
    const gone = rangesMissing(base.clusterRanges[key], proposal.clusterRanges[key])
    const path = ['clusterRanges', key]
    return gone.length === 0
      ? []
      : [ofPlan(CLUSTER, path, `spec.clusterRanges.${key} no longer holds ${rangesText(gone)}`)]
  })
}

/** A subnet that is given keeps its first, last and gateway address from everybody, besides letting pools in. */
function nodeSubnets({ nodeSubnets: base }: Plan, { nodeSubnets: proposal }: Plan): readonly Loosening[] {
  if (base === undefined) return []
  const path = ['nodeSubnets']
  if (proposal === undefined)
    return [
      ofPlan(
        [...OUTSIDE, 'advertisement-interface', 'pool-reserved-range'],
        path,
        'spec.nodeSubnets is no longer stated'
      )
    ]
  const added = rangesMissing(proposal, base)
  const grown =
    added.length === 0
      ? []
      : [
          ofPlan(
            [...OUTSIDE, 'advertisement-interface'],
            path,
            `spec.nodeSubnets now holds ${rangesText(added)}`
          )
        ]
  return [...grown, ...base.flatMap(subnet => subnetLoosened(subnet, proposal))]
}

function subnetLoosened(subnet: NodeSubnet, proposal: readonly NodeSubnet[]): readonly Loosening[] {
  const same = proposal.filter(({ range }) => contains(range, subnet.range) && contains(subnet.range, range))
  const at = formatRange(subnet.range)
  const [kept] = same
  if (kept === undefined)
    return [ofPlan(['pool-reserved-range'], ['nodeSubnets'], `spec.nodeSubnets has no subnet ${at} any more`)]
  const { gateway, interfaces, nodeSelector } = subnet
  const loosened: Loosening[] = []
  const add = (rules: readonly string[], key: string) =>
    loosened.push(ofPlan(rules, ['nodeSubnets'], `${key} of node subnet ${at} has changed`))
  const isGatewayKept = gateway === undefined || same.some(other => sameMeaning(other.gateway, gateway))
  if (!isGatewayKept) add(['pool-reserved-range'], 'the gateway')
  const isInterfaceAdded =
    interfaces !== undefined &&
    (kept.interfaces === undefined || kept.interfaces.some(name => !interfaces.includes(name)))
  if (isInterfaceAdded) add(['advertisement-interface'], 'interfaces')
  if (nodeSelector !== undefined && !sameMeaning(nodeSelector, kept.nodeSelector))
    add(['advertisement-off-subnet', 'advertisement-interface'], 'nodeSelector')
  return loosened
}

function allocations({ allocations: base }: Plan, { allocations: proposal }: Plan): readonly Loosening[] {
  const rules = ['pool-unallocated', 'pool-outside-node-subnet']
  const path = ['allocations']
  if (base !== undefined && proposal === undefined)
    return [ofPlan(['pool-unallocated'], path, 'spec.allocations no longer restricts anything')]
  const forBGP = (list: readonly Allocation[] = []) =>
    list.filter(({ announcement }) => announcement === 'bgp')
  // Where nothing is stated, nothing is handed over for BGP either, which excuses from the nodes' subnets.
  const added = base === undefined ? [] : rangesMissing(proposal ?? [], base)
  const moved = rangesMissing(forBGP(proposal), forBGP(base))
  return [
    ...(added.length === 0 ? [] : [ofPlan(rules, path, `spec.allocations now holds ${rangesText(added)}`)]),
    ...(moved.length === 0
      ? []
      : [
          ofPlan(
            ['pool-outside-node-subnet'],
            path,
            `spec.allocations now hands ${rangesText(moved)} over for BGP`
          )
        ])
  ]
}

/** Mappings of an edge NAT router refuse nothing. */
function routed({ edgeRouter: base }: Plan, { edgeRouter: proposal }: Plan): readonly Loosening[] {
  const before = base?.mode === 'directRouting' ? base.providerCIDRs : undefined
  const after = proposal?.mode === 'directRouting' ? proposal.providerCIDRs : undefined
  if (before === undefined) return []
  const path = ['edgeRouter']
  if (after === undefined)
    return [ofPlan(['subnet-unrouted'], path, 'spec.edgeRouter.providerCIDRs no longer restricts anything')]
  const added = rangesMissing(after, before)
  return added.length === 0
    ? []
    : [ofPlan(['subnet-unrouted'], path, `spec.edgeRouter.providerCIDRs now holds ${rangesText(added)}`)]
}

function capacity({ capacity: base }: Plan, { capacity: proposal }: Plan): readonly Loosening[] {
  const raised = (['warnPercent', 'criticalPercent'] as const).filter(key => proposal[key] > base[key])
  const rules = ['pool-unusable', 'service-pool-exhausted']
  return raised.map(key =>
    ofPlan(rules, ['capacity', key], `spec.capacity.${key} was raised to ${proposal[key]}`)
  )
}

/** Of these any change counts, but for one that surely refuses more. */
function changes(base: Plan, proposal: Plan): readonly Loosening[] {
  const { metallb, kubeOvn, globalPool, poolModel } = base
  const isGuarded = kubeOvn.multiDGP === 'assumeFixed' || proposal.kubeOvn.multiDGP === 'blocked'
  const defaults = ['ipAddressPool', 'ipAddressPoolByClass'] as const
  return [
    ...changed(
      ['pool-wrong-namespace', 'advertisement-wrong-namespace', 'pool-in-use', 'service-pool-not-granted'],
      'metallb.namespace',
      [metallb.namespace, proposal.metallb.namespace]
    ),
    ...changed(
      [
        'service-pool-not-granted',
        'service-address-not-granted',
        'service-address-conflict',
        'service-quota'
      ],
      'metallb.loadBalancerClass',
      [metallb.loadBalancerClass, proposal.metallb.loadBalancerClass]
    ),
    ...changed(['advertisement-syntax'], 'metallb.bgpType', [metallb.bgpType, proposal.metallb.bgpType]),
    ...changed(['service-pool-not-granted'], 'metallb.poolAnnotation', [
      metallb.poolAnnotation,
      proposal.metallb.poolAnnotation
    ]),
    ...changed(VPCS, 'kubeOvn.version', [kubeOvn.version, proposal.kubeOvn.version]),
    ...(isGuarded ? [] : changed(VPCS, 'kubeOvn.multiDGP', [kubeOvn.multiDGP, proposal.kubeOvn.multiDGP])),
    ...changed([...VPCS, 'pool-per-tenant', 'eip-not-granted'], 'poolModel', [poolModel, proposal.poolModel]),
    ...defaults.flatMap(key =>
      changed(['service-pool-not-granted', 'service-address-in-use'], `globalPool.${key}`, [
        globalPool[key],
        proposal.globalPool[key]
      ])
    ),
    ...changed(PROVIDERS, 'globalPool.externalSubnets', [
      asSet(globalPool.externalSubnets),
      asSet(proposal.globalPool.externalSubnets)
    ]),
    ...changed([...PROVIDERS, 'eip-syntax', 'eip-not-granted'], 'globalPool.defaultExternalSubnet', [
      globalPool.defaultExternalSubnet,
      proposal.globalPool.defaultExternalSubnet
    ])
  ]
}

function asSet(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names && new Set(names)
}
