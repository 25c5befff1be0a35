import type { AddressRange } from '../address/range.ts'
import { RangeIndex } from '../address/range-index.ts'
import type { Claim, Domain } from '../kinds/claim.ts'
import type { FieldError } from '../kinds/decode.ts'
import { keepSource } from '../kinds/source-json.ts'
import { claimsOf, decodeObject, KIND_NAMES, refOf, type KindName, type Kinds } from '../kinds/index.ts'
import { refKey, sameRef } from '../kinds/object-ref.ts'
import { nearestFreeAmong } from './nearest-free.ts'
import { Overlay } from './overlay.ts'
import type { FreeSearch, View } from './view.ts'

/**
 * What the cluster holds now, in memory: objects by kind, and an interval index of their claims by domain. Every kind is
 * unknown until `replace` or `setKnown` says otherwise. One writer (watches or files), read through `View` by rules.
 */
export class Inventory implements View {
  private readonly objects: { [K in KindName]: Map<string, Kinds[K]> } = {
    IPAddressPool: new Map(),
    L2Advertisement: new Map(),
    BGPAdvertisement: new Map(),
    BGPPeer: new Map(),
    BFDProfile: new Map(),
    Community: new Map(),
    Service: new Map(),
    OvnEip: new Map(),
    OvnFip: new Map(),
    OvnDnatRule: new Map(),
    OvnSnatRule: new Map(),
    RouterLBRule: new Map(),
    IP: new Map(),
    IPPool: new Map(),
    IptablesEIP: new Map(),
    Vip: new Map(),
    SwitchLBRule: new Map(),
    VpcEgressGateway: new Map(),
    Subnet: new Map(),
    Vpc: new Map(),
    Node: new Map(),
    Namespace: new Map(),
    ServiceCIDR: new Map(),
    Tenant: new Map(),
    TenantControlPlane: new Map(),
    KamajiControlPlane: new Map()
  }
  private readonly claims = new Map<string, readonly Claim[]>()
  private readonly domains = new Map<Domain, RangeIndex<Claim>>()
  private readonly knownKinds = new Set<KindName>()

  get<K extends KindName>(kind: K, namespace: string, name: string): Kinds[K] | undefined {
    return this.objects[kind].get(`${namespace}/${name}`)
  }

  list<K extends KindName>(kind: K): Iterable<Kinds[K]> {
    return this.objects[kind].values()
  }

  /** Number of stored objects of a kind. */
  count(kind: KindName): number {
    return this.objects[kind].size
  }

  known(kind: KindName): boolean {
    return this.knownKinds.has(kind)
  }

  *overlapping(domains: readonly Domain[], range: AddressRange): Iterable<Claim> {
    for (const domain of domains) {
      for (const entry of this.domains.get(domain)?.overlapping(range) ?? []) yield entry.value
    }
  }

  nearestFree(search: FreeSearch): AddressRange | undefined {
    const indexes = search.domains.flatMap(domain => this.domains.get(domain) ?? [])
    return nearestFreeAmong(indexes, search, claim => sameRef(claim.holder, search.except))
  }

  with(claims: readonly Claim[]): View {
    return new Overlay(this, claims)
  }

  /** Stores or replaces one object. O(log n) a claim. */
  put<K extends KindName>(kind: K, object: Kinds[K]): void {
    const ref = refOf(object)
    this.objects[kind].set(`${ref.namespace}/${ref.name}`, object)
    this.setClaims(refKey(ref), claimsOf(kind, object))
  }

  /** Decodes and stores one object, and keeps its JSON; the fields of the wrong type, and nothing stored, when there are any. */
  putJson<K extends KindName>(kind: K, json: unknown): readonly FieldError[] {
    const decoded = decodeObject(kind, json)
    if (!decoded.ok) return decoded.errors
    keepSource(decoded.object, json)
    this.put(kind, decoded.object)
    return []
  }

  /** Forgets one object; nothing happens when it is not there. `namespace` is '' for cluster-scoped kinds. */
  delete(kind: KindName, namespace: string, name: string): void {
    this.objects[kind].delete(`${namespace}/${name}`)
    this.setClaims(refKey({ kind, namespace, name }), [])
  }

  /** Replaces all objects of a kind by a complete list, and makes the kind known. */
  replace<K extends KindName>(kind: K, objects: Iterable<Kinds[K]>): void {
    const gone = new Set(this.objects[kind].keys())
    for (const object of objects) {
      const ref = refOf(object)
      gone.delete(`${ref.namespace}/${ref.name}`)
      this.put(kind, object)
    }
    for (const key of gone) {
      const slash = key.indexOf('/')
      this.delete(kind, key.slice(0, slash), key.slice(slash + 1))
    }
    this.setKnown(kind, true)
  }

  /** Says whether an absence in this kind means anything: true after a complete list, false when it became unreadable. */
  setKnown(kind: KindName, known: boolean): void {
    if (known) this.knownKinds.add(kind)
    else this.knownKinds.delete(kind)
  }

  setAllKnown(): void {
    for (const kind of KIND_NAMES) this.setKnown(kind, true)
  }

  private setClaims(key: string, claims: readonly Claim[]): void {
    for (const claim of this.claims.get(key) ?? []) this.index(claim.domain).remove(claim.range, claim)
    for (const claim of claims) this.index(claim.domain).insert(claim.range, claim)
    if (claims.length > 0) this.claims.set(key, claims)
    else this.claims.delete(key)
  }

  private index(domain: Domain): RangeIndex<Claim> {
    const existing = this.domains.get(domain)
    if (existing !== undefined) return existing
    const created = new RangeIndex<Claim>()
    this.domains.set(domain, created)
    return created
  }
}
