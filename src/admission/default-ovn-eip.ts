import { parseAddress } from '../address/parse.ts'
import { contains } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { isRecord } from '../kinds/decode.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import type { Plan } from '../policy/plan.ts'
import type { Requester } from '../policy/tenancy.ts'
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
}

/**
 * A copy of the raw OvnEip with the plan's default Subnet in an empty `spec.externalSubnet`; undefined when there is
 * nothing to do. Kube-OVN takes its default Subnet as well, but leaves the field empty: after a restart it finds no Subnet
 * of that name, and hands the address out again.
 *
 * On CREATE always. On UPDATE only while every address the OvnEip has or asks for lies in the default Subnet (none, too):
 * then the field says what is so already, Kube-OVN does not react to it, and a later restart or deletion finds the right
 * Subnet. An address from elsewhere would be released into the wrong Subnet, so such an OvnEip stays as it is. The stored
 * object's addresses count too, since the new one comes without its status when a client replaces the whole object.
 *
 * Kube-OVN's own writes stay as they are. `raw` is not changed; the copy shares its unchanged parts. Idempotent.
 */
export function defaultOvnEip(
  raw: Record<string, unknown>,
  facts: OvnEipFacts
): Record<string, unknown> | undefined {
  const { eip, operation, plan } = facts
  const externalSubnet = plan.globalPool.defaultExternalSubnet
  if (externalSubnet === undefined || eip.externalSubnet !== '' || eip.meta.deleting) return undefined
  if (facts.requester.controller === 'kubeOvn' || operation === 'DELETE') return undefined
  if (operation === 'UPDATE' && !addressesAreIn(externalSubnet, facts)) return undefined
  const spec = isRecord(raw['spec']) ? raw['spec'] : {}
  return { ...raw, spec: { ...spec, externalSubnet } }
}

function addressesAreIn(name: string, { eip, oldEip, view }: OvnEipFacts): boolean {
  const texts = [eip, oldEip].flatMap(of =>
    of === undefined ? [] : [of.v4Ip, of.v6Ip, of.statusV4Ip, of.statusV6Ip]
  )
  const subnet = view.get('Subnet', '', name)
  const prefixes = subnet === undefined ? [] : subnetPrefixes(subnet)
  return texts
    .filter(text => text !== '')
    .every(text => {
      const parsed = parseAddress(text)
      if (!parsed.ok) return false
      const address = { family: parsed.family, first: parsed.value, last: parsed.value }
      return prefixes.some(prefix => contains(prefix, address))
    })
}
