import { addressClaims } from './held-addresses.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/**
 * A Kube-OVN external address. Kube-OVN writes '' for unset fields, so '' and absent are alike. An empty `type` becomes
 * `nat`; an empty `externalSubnet` means the controller's default, which it does not write back.
 */
export interface OvnEip {
  readonly kind: 'OvnEip'
  readonly meta: Meta
  readonly externalSubnet: string
  readonly v4Ip: string
  readonly v6Ip: string
  readonly macAddress: string
  readonly type: string
  /** The addresses in use, from status; '' until allocated. */
  readonly statusV4Ip: string
  readonly statusV6Ip: string
  readonly statusMacAddress: string
  readonly statusType: string
  /** Which kinds of NAT rules use it, as Kube-OVN notes it. */
  readonly statusNat: string
  readonly statusReady: boolean
}

export const ovnEip: KindDefinition<OvnEip> = {
  kind: 'OvnEip',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'ovn-eips',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    const status = object.at('status')
    return {
      kind: 'OvnEip',
      meta,
      externalSubnet: spec.at('externalSubnet').string(),
      v4Ip: spec.at('v4Ip').string(),
      v6Ip: spec.at('v6Ip').string(),
      macAddress: spec.at('macAddress').string(),
      type: spec.at('type').string(),
      statusV4Ip: status.at('v4Ip').string(),
      statusV6Ip: status.at('v6Ip').string(),
      statusMacAddress: status.at('macAddress').string(),
      statusType: status.at('type').string(),
      statusNat: status.at('nat').string(),
      statusReady: status.at('ready').boolean(false)
    }
  },
  claims(eip) {
    const holder = { kind: 'OvnEip', namespace: '', name: eip.meta.name }
    return addressClaims(subnetDomain(eip.externalSubnet), holder, [
      { text: eip.statusV4Ip, field: 'status.v4Ip' },
      { text: eip.statusV6Ip, field: 'status.v6Ip' },
      { text: eip.v4Ip, field: 'spec.v4Ip' },
      { text: eip.v6Ip, field: 'spec.v6Ip' }
    ])
  },
  judged: ({ meta, ...eip }) => [askOf(eip), ownLabels(meta.labels)]
}

/** What the spec asks Kube-OVN for. */
function askOf({ externalSubnet, v4Ip, v6Ip, macAddress, type }: Omit<OvnEip, 'meta'>): readonly string[] {
  return [externalSubnet, v4Ip, v6Ip, macAddress, type]
}

/** Whether both ask Kube-OVN for the same, whatever their labels. */
export function sameAsk(a: OvnEip, b: OvnEip): boolean {
  const other = askOf(b)
  return askOf(a).every((text, i) => text === other[i])
}

/** Kube-OVN's own labels, which it sets to what it allocated (pkg/util/const.go); a plan may read owners off any other. */
const KUBE_OVN_LABELS = 'ovn.kubernetes.io/'

function ownLabels(labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...labels].filter(([key]) => !key.startsWith(KUBE_OVN_LABELS)))
}
