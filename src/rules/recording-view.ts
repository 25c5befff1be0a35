import type { AddressRange } from '../address/range.ts'
import type { FreeSearch, View } from '../inventory/view.ts'
import { subnetDomain, type Claim, type Domain } from '../kinds/claim.ts'
import { SUBNET_KINDS, type KindName, type Kinds } from '../kinds/index.ts'

/** The kinds whose objects hold the claims of a domain; all others are `subnet:NAME`. The plan's own come from no kind. */
const KINDS_OF_DOMAIN: ReadonlyMap<Domain, readonly KindName[]> = new Map<Domain, readonly KindName[]>([
  ['metallb', ['IPAddressPool']],
  ['ingress', ['Service']],
  ['nodes', ['Node']],
  ['pods', ['Node', 'Subnet']],
  ['services', ['ServiceCIDR']],
  ['switch-lb', ['SwitchLBRule']],
  ['plan', []]
])

/** Those hold claims of SUBNET_KINDS. All others, `vlan:TENANT`, hold the plan's claims alone. */
const SUBNET_DOMAINS = subnetDomain('')

/** A view that notes which kinds it is asked about, whatever it answers. Views made of it by `with` note in the same set. */
export class RecordingView implements View {
  /** The kinds asked about so far. */
  readonly asked: Set<KindName>
  private readonly under: View

  constructor(under: View, asked = new Set<KindName>()) {
    this.under = under
    this.asked = asked
  }

  get<K extends KindName>(kind: K, namespace: string, name: string): Kinds[K] | undefined {
    this.asked.add(kind)
    return this.under.get(kind, namespace, name)
  }

  list<K extends KindName>(kind: K): Iterable<Kinds[K]> {
    this.asked.add(kind)
    return this.under.list(kind)
  }

  known(kind: KindName): boolean {
    this.asked.add(kind)
    return this.under.known(kind)
  }

  overlapping(domains: readonly Domain[], range: AddressRange): Iterable<Claim> {
    this.noteDomains(domains)
    return this.under.overlapping(domains, range)
  }

  nearestFree(search: FreeSearch): AddressRange | undefined {
    this.noteDomains(search.domains)
    return this.under.nearestFree(search)
  }

  with(claims: readonly Claim[]): View {
    return new RecordingView(this.under.with(claims), this.asked)
  }

  private noteDomains(domains: readonly Domain[]): void {
    for (const domain of domains) {
      const others = domain.startsWith(SUBNET_DOMAINS) ? SUBNET_KINDS : []
      for (const kind of KINDS_OF_DOMAIN.get(domain) ?? others) this.asked.add(kind)
    }
  }
}
