import { cidrBlocks } from '../../address/cidr-blocks.ts'
import { merge } from '../../address/range.ts'
import type { Plan } from '../../policy/plan.ts'
import { FLOOR_WORDS } from '../wording/floor.ts'
import { anyOf, texts, type Cel, type Variable } from './cel.ts'
import type { Check } from './floor.ts'
import { PLATFORM } from './owner.ts'
import { ifStored, plainAddress } from './service.ts'

/** What tenants' Pods may not say: the variables, and the checks; none while the plan names no provider network. */
export interface PodFloor {
  readonly variables: readonly Variable[]
  readonly checks: readonly Check[]
}

/**
 * Keeps tenants' Pods out of the provider networks that the plan names. Kube-OVN takes a Pod's Subnet from the annotation
 * `ovn.kubernetes.io/logical_switch`, or for a further network `<name>.<namespace>.ovn.kubernetes.io/logical_switch`, and its
 * addresses from `ip_address` and `ip_pool` with the same beginnings (pkg/util/const.go and pkg/controller/pod.go of v1.15.2). An
 * address counts only inside that Subnet, or in those of the namespace; it is refused where the plan says that the range is a
 * provider's. IPPools go by names that the plan does not know, and give addresses of the Pod's Subnet alone.
 */
export function podFloor(plan: Plan): PodFloor {
  const subnets = providerSubnets(plan)
  const cidrs = providerRanges(plan)
  if (subnets.length === 0 && cidrs.length === 0) return { variables: [], checks: [] }
  const isForbidden = anyOf([
    subnets.length === 0 ? 'false' : `(${isKey('logical_switch')} && ${VALUE}.trim() in ${texts(subnets)})`,
    cidrs.length === 0
      ? 'false'
      : `((${isKey('ip_address')} || ${isKey('ip_pool')}) && ${ADDRESSES}.exists(i, ${isIn('i', cidrs)}))`
  ])
  return {
    variables: VARIABLES,
    checks: [
      {
        when: `variables.owner != ${PLATFORM}`,
        offenders: { name: 'keys', expression: `variables.changed.filter(k, ${isForbidden})` },
        words: FLOOR_WORDS.podSubnet
      }
    ]
  }
}

/** Also a tenant's own: its addresses are for OvnEips. Each once, sorted. */
function providerSubnets({ globalPool, tenancy }: Plan): readonly string[] {
  const { externalSubnets = [], defaultExternalSubnet } = globalPool
  const own = [...tenancy.tenants.values()].flatMap(tenant => tenant.externalSubnets)
  const all = [...externalSubnets, ...own]
  return [...new Set(defaultExternalSubnet === undefined ? all : [...all, defaultExternalSubnet])].toSorted()
}

/** What the plan says reaches the outside. */
function providerRanges({ edgeRouter }: Plan): readonly string[] {
  if (edgeRouter === undefined) return []
  const ranges =
    edgeRouter.mode === 'edgeNAT'
      ? edgeRouter.mappings.map(({ eip }) => eip)
      : (edgeRouter.providerCIDRs ?? [])
  return merge(ranges.map(({ range }) => range)).flatMap(cidrBlocks)
}

function isKey(name: 'logical_switch' | 'ip_address' | 'ip_pool'): Cel {
  return `k.endsWith(".kubernetes.io/${name}")`
}

const VALUE = 'variables.annotations[k]'

/** One of each family, or for a workload a list with either sign between. */
const ADDRESSES = `${VALUE}.replace(";", ",").split(",").map(i, i.trim())`

function isIn(address: Cel, cidrs: readonly string[]): Cel {
  const plain = plainAddress(address)
  return `isIP(${plain}) && ${texts(cidrs)}.exists(c, cidr(c).containsIP(${plain}))`
}

/** What the write leaves as it is stays: Kube-OVN notes its own choice in the same annotations. */
const VARIABLES: readonly Variable[] = [
  { name: 'annotations', expression: 'object.metadata.?annotations.orValue({})' },
  {
    name: 'oldAnnotations',
    expression: ifStored('oldObject.metadata.?annotations.orValue({})', '{}')
  },
  {
    name: 'changed',
    expression:
      'variables.annotations.map(k, k).filter(k, variables.oldAnnotations[?k] != optional.of(variables.annotations[k]))'
  }
]
