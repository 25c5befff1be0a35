import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { contains } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { isRecord } from '../kinds/decode.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import type { Exposure } from '../policy/exposure.ts'
import { defaultSubnets } from '../policy/grants.ts'
import type { Plan } from '../policy/plan.ts'
import type { Requester, Tenancy } from '../policy/tenancy.ts'
import type { Operation } from '../rules/rule.ts'

/** What is known about one write of an OvnEip. */
export interface OvnEipFacts {
  readonly eip: OvnEip
  /** What is stored; undefined on CREATE. */
  readonly oldEip: OvnEip | undefined
  readonly operation: Operation
  readonly requester: Requester
  readonly plan: Plan
  readonly view: View
  /** Whose the OvnEip is. */
  readonly tenancy: Tenancy
  readonly exposure: Exposure
}

/**
 * A copy of the raw OvnEip with its owner's default Subnet (`defaultSubnets` in policy/) in an empty `spec.externalSubnet`;
 * undefined when there is nothing to do, and when the owner has to choose among several. Kube-OVN takes its own default
 * Subnet, but leaves the field empty: after a restart it finds no Subnet of that name, and hands the address out again.
 *
 * On CREATE whatever addresses are asked for. On UPDATE of an OvnEip that has or asks for addresses, the one Subnet that
 * holds them all: of the owner's, or the plan's default, which Kube-OVN takes. Then the field says what is so already,
 * Kube-OVN does not react to it, and a later restart or deletion finds the right Subnet. An address from elsewhere, or from
 * two of them, might be released into the wrong Subnet, so such an OvnEip stays as it is. The stored object's addresses
 * count too, since the new one comes without its status when a client replaces the whole object.
 *
 * Kube-OVN's own writes stay as they are. `raw` is not changed; the copy shares its unchanged parts. Idempotent.
 */
export function defaultOvnEip(
  raw: Record<string, unknown>,
  facts: OvnEipFacts
): Record<string, unknown> | undefined {
  const { eip, operation } = facts
  if (eip.externalSubnet !== '' || eip.meta.deleting) return undefined
  if (facts.requester.controller === 'kubeOvn' || operation === 'DELETE') return undefined
  const externalSubnet = subnetFor(facts)
  if (externalSubnet === undefined) return undefined
  const spec = isRecord(raw['spec']) ? raw['spec'] : {}
  return { ...raw, spec: { ...spec, externalSubnet } }
}

function subnetFor(facts: OvnEipFacts): string | undefined {
  const { operation, plan, view } = facts
  const owners = defaultSubnets(facts)
  const addresses = addressesOf(facts)
  const isOpen = operation === 'CREATE' || addresses.length === 0
  const { defaultExternalSubnet } = plan.globalPool
  // What Kube-OVN takes for everybody.
  const kubeOvns = defaultExternalSubnet === undefined ? [] : [defaultExternalSubnet]
  const either = [...new Set([...owners, ...kubeOvns])]
  const fitting = isOpen ? owners : either.filter(name => areIn(addresses, name, view))
  return fitting.length === 1 ? fitting[0] : undefined
}

/** Every address it has or asks for, as written. */
function addressesOf({ eip, oldEip }: OvnEipFacts): readonly string[] {
  return [eip, oldEip]
    .flatMap(of => (of === undefined ? [] : [of.v4Ip, of.v6Ip, of.statusV4Ip, of.statusV6Ip]))
    .filter(text => text !== '')
}

function areIn(addresses: readonly string[], name: string, view: View): boolean {
  const subnet = view.get('Subnet', '', name)
  const prefixes = subnet === undefined ? [] : subnetPrefixes(subnet)
  return addresses.every(text => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok && prefixes.some(prefix => contains(prefix, parsed.range))
  })
}
