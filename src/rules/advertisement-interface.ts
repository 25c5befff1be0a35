import { overlap } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { L2Advertisement } from '../kinds/l2-advertisement.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { NodeSubnet, Plan } from '../policy/plan.ts'
import { announcedPools, type AnnouncedPool } from './announced-pools.ts'
import type { Finding } from './finding.ts'
import { subnetTexts } from './node-subnets.ts'
import { announcing } from './pool-announcement.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

/** An L2Advertisement that names interfaces names those on which the plan has the subnets that it announces. */
export const advertisementInterface = defineRule<'L2Advertisement' | 'IPAddressPool'>({
  id: 'advertisement-interface',
  summary:
    "An L2Advertisement that names interfaces names those that the plan gives the node subnets of its pools (nodeSubnets[].interfaces), and at least one of each subnet's.",
  why: 'MetalLB answers ARP and NDP on the interfaces that an advertisement names and elects a node whether or not it has one of them: the Service has its address, and nobody hears of it.',
  fix: "Name the subnet's interfaces in spec.interfaces, or none for all, or correct the plan.",
  example: 'spec: {ipAddressPools: [storage], interfaces: [eth0]} # while the plan has that subnet on eth1',
  see: [
    'https://metallb.io/configuration/_advanced_l2_configuration/',
    'https://metallb.io/apis/#metallb.io/v1beta1.L2AdvertisementSpec',
    'https://github.com/metallb/metallb/blob/v0.15.2/speaker/layer2_controller.go'
  ],
  on: ['L2Advertisement', 'IPAddressPool'],
  reads: ['IPAddressPool', 'L2Advertisement'],
  defaultAction: 'deny',
  check({ object }, { plan, view }) {
    const restricted = restrictedSubnets(plan)
    // Nothing to ask the view for.
    if (restricted.length === 0) return []
    if (object.kind === 'IPAddressPool') return poolFindings(object, restricted, view)
    return object.interfaces.length === 0 ? [] : interfaceFindings(object, restricted, { plan, view })
  }
})

/** A node subnet whose interfaces the plan states. */
interface RestrictedSubnet {
  readonly subnet: NodeSubnet
  readonly interfaces: readonly string[]
}

function restrictedSubnets({ nodeSubnets = [] }: Plan): readonly RestrictedSubnet[] {
  return nodeSubnets.flatMap(subnet =>
    subnet.interfaces === undefined ? [] : [{ subnet, interfaces: subnet.interfaces }]
  )
}

function isIn(subnet: NodeSubnet, { entries }: AnnouncedPool): boolean {
  return entries.some(({ range }) => overlap(range, subnet.range) !== undefined)
}

/**
 * Interfaces that are on none of the announced subnets, as long as the plan states the interfaces of all of those, and
 * announced subnets none of whose interfaces are named.
 */
function interfaceFindings(
  object: L2Advertisement,
  restricted: readonly RestrictedSubnet[],
  { plan, view }: { readonly plan: Plan; readonly view: View }
): Finding[] {
  const announced = announcedPools(object, view)
  const reached = restricted.flatMap(({ subnet, interfaces }) => {
    const pool = announced.find(candidate => isIn(subnet, candidate))
    return pool === undefined ? [] : [{ subnet, interfaces, pool: refOf(pool.pool) }]
  })
  const named = new Set(object.interfaces)
  const unheard = reached
    .filter(({ interfaces }) => !interfaces.some(name => named.has(name)))
    .map(({ subnet, interfaces, pool }): Finding => {
      const at = { field: 'spec.interfaces', value: '', restsOn: [pool] }
      return { ...at, code: 'subnet-without-interface', pool, nodeSubnet: subnet.text, interfaces }
    })
  const open = (plan.nodeSubnets ?? []).filter(({ interfaces }) => interfaces === undefined)
  const isOpen = reached.length === 0 || announced.some(pool => open.some(subnet => isIn(subnet, pool)))
  return isOpen ? unheard : [...unheard, ...strangers(object, reached)]
}

function strangers(
  object: L2Advertisement,
  reached: readonly (RestrictedSubnet & { readonly pool: ObjectRef })[]
): Finding[] {
  const known = new Set(reached.flatMap(({ interfaces }) => interfaces))
  const nodeSubnets = subnetTexts(reached.map(({ subnet }) => subnet))
  // A pool of another subnet that is not seen yet would allow more.
  const all = { kind: 'IPAddressPool', namespace: object.meta.namespace, name: '' }
  const restsOn = [...reached.map(({ pool }) => pool), all]
  return object.interfaces.flatMap((value, i): Finding[] => {
    const at = { field: `spec.interfaces[${i}]`, value, restsOn }
    const fact = { code: 'interface-not-on-subnet', nodeSubnets, interfaces: [...known] } as const
    return known.has(value) ? [] : [{ ...at, ...fact }]
  })
}

/** Entries in a subnet of which an advertisement, the first by name, names no interface. */
function poolFindings(object: IPAddressPool, restricted: readonly RestrictedSubnet[], view: View): Finding[] {
  const advertisements = announcing(view.list('L2Advertisement'), object).filter(
    ({ interfaces }) => interfaces.length > 0
  )
  const entries = advertisements.length === 0 ? [] : poolEntries(object)
  return restricted.flatMap(({ subnet, interfaces }) => {
    const on = new Set(interfaces)
    const elsewhere = advertisements.find(
      advertisement => !advertisement.interfaces.some(name => on.has(name))
    )
    if (elsewhere === undefined) return []
    const advertisement = refOf(elsewhere)
    return entries.flatMap(({ field, text, range: whole }): Finding[] => {
      const range = overlap(whole, subnet.range)
      if (range === undefined) return []
      const at = { field, value: text, range, restsOn: [advertisement] }
      const code = 'announced-on-other-interface'
      return [{ ...at, code, advertisement, nodeSubnet: subnet.text, interfaces }]
    })
  })
}
