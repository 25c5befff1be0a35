import { subtract } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import type { NodeSubnet, Plan } from '../policy/plan.ts'
import { advertisedFromElsewhere, poolFromElsewhere } from './announced-from-elsewhere.ts'
import { announcedPools, type AnnouncedPool } from './announced-pools.ts'
import type { Finding, Unjudged } from './finding.ts'
import { layer2Ranges, NO_NODE_SUBNETS, subnetTexts } from './node-subnets.ts'
import { announcing } from './pool-announcement.ts'
import { defineRule, type CheckContext, type Subject } from './rule.ts'

/** By L2 only nodes of a subnet announce addresses of it. */
export const advertisementOffSubnet = defineRule<'L2Advertisement' | 'IPAddressPool'>({
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
  on: ['L2Advertisement', 'IPAddressPool'],
  reads: ['IPAddressPool', 'L2Advertisement', 'Node'],
  defaultAction: 'deny',
  check(subject, context) {
    const { as, object, oldObject } = subject
    if (object.kind === 'IPAddressPool')
      return judgePool(
        { as, object, oldObject: oldObject?.kind === 'IPAddressPool' ? oldObject : undefined },
        context
      )
    return judgeAdvertisement(
      { as, object, oldObject: oldObject?.kind === 'L2Advertisement' ? oldObject : undefined },
      context
    )
  }
})

function judgeAdvertisement(
  subject: Subject<'L2Advertisement'>,
  { view, plan }: CheckContext
): (Finding | Unjudged)[] {
  const announced = announcedPools(subject.object, view).filter(({ entries }) => entries.length > 0)
  if (announced.length === 0) return []
  const { nodeSubnets } = plan
  if (nodeSubnets === undefined) return [NO_NODE_SUBNETS]
  return [
    ...announced.flatMap(pool => offSubnet(pool, nodeSubnets, plan)),
    ...advertisedFromElsewhere(subject, announced, { nodeSubnets, view })
  ]
}

/** What lies outside of all node subnets is pool-outside-node-subnet's to tell of. */
function judgePool(subject: Subject<'IPAddressPool'>, { view, plan }: CheckContext): (Finding | Unjudged)[] {
  const { nodeSubnets } = plan
  if (nodeSubnets !== undefined) return poolFromElsewhere(subject, { nodeSubnets, view })
  return announcing(view.list('L2Advertisement'), subject.object).length > 0 ? [NO_NODE_SUBNETS] : []
}

function offSubnet(
  { pool, entries, field, value }: AnnouncedPool,
  subnets: readonly NodeSubnet[],
  plan: Plan
): Finding[] {
  const ref = refOf(pool)
  const allowed = layer2Ranges(plan, pool) ?? []
  return entries.flatMap(entry =>
    subtract([entry.range], allowed).map(range => ({
      code: 'announced-off-subnet',
      field,
      value,
      pool: ref,
      poolField: entry.field,
      range,
      nodeSubnets: subnetTexts(subnets),
      restsOn: [ref]
    }))
  )
}
