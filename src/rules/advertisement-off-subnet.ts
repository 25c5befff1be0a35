import { overlap, subtract } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { announces } from '../kinds/advertisement.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { L2Advertisement } from '../kinds/l2-advertisement.ts'
import type { NodeSubnet, Plan } from '../policy/plan.ts'
import type { Finding, Unjudged } from './finding.ts'
import { announcingNodes, nodesElsewhere } from './node-membership.ts'
import { layer2Ranges, NO_NODE_SUBNETS, subnetTexts } from './node-subnets.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'
import { defineRule } from './rule.ts'

/** By L2 only nodes of a subnet announce addresses of it. */
export const advertisementOffSubnet = defineRule<'L2Advertisement'>({
  id: 'advertisement-off-subnet',
  summary:
    "An L2Advertisement announces only addresses in the nodes' subnets, each from nodes of its own subnet.",
  why: 'ARP and NDP do not leave a subnet: an answer from a node of another one is heard by nobody, and Services lose traffic whenever MetalLB elects such a node.',
  fix: 'Select the nodes of the right subnet with spec.nodeSelectors, or announce that pool by BGP.',
  example: 'spec: {ipAddressPools: [rack-b], nodeSelectors: [{matchLabels: {rack: a}}]}',
  see: [
    'https://metallb.io/concepts/layer2/',
    'https://metallb.io/configuration/_advanced_l2_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/speaker/layer2_controller.go'
  ],
  on: ['L2Advertisement'],
  reads: ['IPAddressPool', 'Node'],
  defaultAction: 'deny',
  check({ as, object, oldObject }, { view, plan }) {
    const announced = announcedEntries(object, view)
    if (announced.length === 0) return []
    const { nodeSubnets } = plan
    if (nodeSubnets === undefined) return [NO_NODE_SUBNETS]
    const stored = as === 'stored' ? undefined : oldObject
    return [
      ...announced.flatMap(entry => offSubnet(entry, nodeSubnets, plan)),
      ...nodeSubnets.flatMap(subnet =>
        fromElsewhere(announced, subnet, { object, stored, nodeSubnets, view })
      )
    ]
  }
})

/** One entry of a pool that an advertisement announces, and the field of the advertisement that says so. */
interface Announced {
  readonly pool: IPAddressPool
  readonly entry: PoolEntry
  readonly field: string
}

function announcedEntries(advertisement: L2Advertisement, view: View): readonly Announced[] {
  return [...view.list('IPAddressPool')]
    .filter(pool => announces(advertisement, pool))
    .toSorted((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
    .flatMap(pool => {
      const field = fieldFor(advertisement, pool)
      return poolEntries(pool).map(entry => ({ pool, entry, field }))
    })
}

function fieldFor({ ipAddressPools, ipAddressPoolSelectors }: L2Advertisement, pool: IPAddressPool): string {
  const i = ipAddressPools.indexOf(pool.meta.name)
  if (i >= 0) return `spec.ipAddressPools[${i}]`
  return ipAddressPoolSelectors.length > 0 ? 'spec.ipAddressPoolSelectors' : 'spec.ipAddressPools'
}

function offSubnet({ pool, entry, field }: Announced, subnets: readonly NodeSubnet[], plan: Plan): Finding[] {
  const ref = refOf(pool)
  return subtract([entry.range], layer2Ranges(plan, pool) ?? []).map(range => ({
    code: 'announced-off-subnet',
    field,
    value: field.endsWith(']') ? pool.meta.name : '',
    pool: ref,
    poolField: entry.field,
    range,
    nodeSubnets: subnetTexts(subnets),
    restsOn: [ref]
  }))
}

interface Case {
  readonly object: L2Advertisement
  readonly stored: L2Advertisement | undefined
  readonly nodeSubnets: readonly NodeSubnet[]
  readonly view: View
}

/**
 * Announcements of addresses in one subnet from nodes that are not on it; one finding an entry, about the first such node.
 * Nodes that the stored advertisement let announce the same pool are not counted: the ratchet compares findings by the
 * objects they rest on, and taking the first of two such nodes out must pass.
 */
function fromElsewhere(
  announced: readonly Announced[],
  subnet: NodeSubnet,
  { object, stored, nodeSubnets, view }: Case
): (Finding | Unjudged)[] {
  const inside = announced.flatMap(({ pool, entry }) => {
    const range = overlap(entry.range, subnet.range)
    return range === undefined ? [] : [{ pool, entry, range }]
  })
  if (inside.length === 0) return []
  const elsewhere = nodesElsewhere(announcingNodes(object, view), subnet, nodeSubnets, view)
  if (elsewhere === 'unknown') return [noNodeSelector(nodeSubnets.indexOf(subnet))]
  const before = stored === undefined ? [] : announcingNodes(stored, view)
  return inside.flatMap(({ pool, entry, range }) => {
    const known = stored !== undefined && announces(stored, pool) ? before : []
    const [first, ...others] = elsewhere.filter(node => !known.includes(node))
    if (first === undefined) return []
    const refs = { pool: refOf(pool), node: refOf(first) }
    return [
      {
        code: 'announced-from-other-subnet' as const,
        field: 'spec.nodeSelectors',
        value: '',
        pool: refs.pool,
        poolField: entry.field,
        range,
        nodeSubnet: subnet.text,
        node: refs.node.name,
        nodes: others.length + 1,
        restsOn: [refs.pool, refs.node]
      }
    ]
  })
}

function noNodeSelector(i: number): Unjudged {
  return { code: 'unjudged', because: 'plan-silent', planField: `spec.nodeSubnets[${i}].nodeSelector` }
}
