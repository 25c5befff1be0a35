import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { subnetDomain, type Claim } from './claim.ts'
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
  readonly type: string
  /** The addresses in use, from status; '' until allocated. */
  readonly statusV4Ip: string
  readonly statusV6Ip: string
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
      type: spec.at('type').string(),
      statusV4Ip: status.at('v4Ip').string(),
      statusV6Ip: status.at('v6Ip').string()
    }
  },
  claims(eip) {
    const holder = { kind: 'OvnEip', namespace: '', name: eip.meta.name }
    const texts = new Map([
      [eip.statusV4Ip, 'status.v4Ip'],
      [eip.statusV6Ip, 'status.v6Ip'],
      // last, so that an address in both is named by the field that asked for it
      [eip.v4Ip, 'spec.v4Ip'],
      [eip.v6Ip, 'spec.v6Ip']
    ])
    const claims: Claim[] = []
    for (const [text, field] of texts) {
      const parsed = parseRange(text, ADDRESS_FORMS)
      if (!parsed.ok) continue
      claims.push({
        domain: subnetDomain(eip.externalSubnet),
        range: parsed.range,
        holder,
        field,
        state: 'stored'
      })
    }
    return claims
  },
  judged: ({ meta, ...eip }) => [askOf(eip), ownLabels(meta.labels)]
}

/** What the spec asks Kube-OVN for. */
function askOf({ externalSubnet, v4Ip, v6Ip, type }: Omit<OvnEip, 'meta'>): readonly string[] {
  return [externalSubnet, v4Ip, v6Ip, type]
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
