import { member, type JsonObject } from '../json.ts'
import { COLLECTIONS, type RacedKind } from '../race/contests.ts'
import { racer } from '../race/wave.ts'
import type { RestRequest } from '../rest.ts'
import { metallbNamespace } from '../users.ts'

/** Each area is a /24 of it. */
export const AREAS_RANGE = '10.32.0.0/16'

/** That a time at which many of them wait for a claim that was left leaves some to go on with. */
export const AREAS = 48

/** Subnets of an area at a time, at most: contenders, and one more that has to be refused. */
export const SUBNETS_OF_AREA = 4

/** What takes addresses of an area; a pool or a provider Subnet. */
export type AreaKind = 'IPAddressPool' | 'Subnet'

/** An object of an area, and what of it is taken, as the last numbers of its addresses. */
export type AreaObject = {
  readonly kind: AreaKind
  readonly name: string
  readonly area: number
  readonly first: number
  readonly last: number
}

/** Names of all provider Subnets of areas, which the plan has to know. */
export function areaSubnets(): readonly string[] {
  return Array.from({ length: AREAS }, (_, area) =>
    Array.from({ length: SUBNETS_OF_AREA }, (_each, i) => subnetName(area, i))
  ).flat()
}

export function subnetName(area: number, i: number): string {
  return `area-${area}-${i}`
}

/**
 * A Subnet has the cidrBlock of 64 addresses, or of less where it is smaller, that `first` and `last` lie in, and gives out these:
 * the rest is excluded.
 */
export function specOf({ kind, area, first, last }: AreaObject): object {
  const prefix = `10.32.${area}`
  if (kind === 'IPAddressPool')
    return { addresses: [`${prefix}.${first}-${prefix}.${last}`], autoAssign: false }
  const base = first - (first % SUBNET_SIZE)
  const gateway = `${prefix}.${base + 1}`
  const end = base + SUBNET_SIZE - 2
  const rest = last < end ? [`${prefix}.${last + 1}..${prefix}.${end}`] : []
  return {
    protocol: 'IPv4',
    cidrBlock: `${prefix}.${base}/26`,
    gateway,
    excludeIps: [gateway, ...rest],
    vlan: 'vlan0'
  }
}
const SUBNET_SIZE = 64

/** Where it is stored. */
export function pathOf({ kind, name }: { readonly kind: RacedKind; readonly name: string }): string {
  return `${COLLECTIONS[kind]}/${name}`
}

/** Creates it, as somebody else in each area: one user may have eight claims only. */
export function creation(object: AreaObject): RestRequest {
  const { kind, name, area } = object
  const apiVersion = kind === 'Subnet' ? 'kubeovn.io/v1' : 'metallb.io/v1beta1'
  const metadata = kind === 'Subnet' ? { name } : { name, namespace: metallbNamespace }
  const body = { apiVersion, kind, metadata, spec: specOf(object) }
  return { method: 'POST', path: COLLECTIONS[kind], body, as: racer(area) }
}

/** Gives it other addresses, at the same place. */
export function resizing(object: AreaObject): RestRequest {
  return { method: 'PATCH', path: pathOf(object), body: { spec: specOf(object) }, as: racer(object.area) }
}

export function deletion(object: { readonly kind: RacedKind; readonly name: string }): RestRequest {
  return { method: 'DELETE', path: pathOf(object), as: racer(0) }
}

/** Rules by which one of these is refused addresses that another has. */
export const RULES: Readonly<Record<AreaKind, readonly string[]>> = {
  IPAddressPool: ['pool-overlap', 'pool-provider-network'],
  Subnet: ['subnet-overlap']
}

/** Whether what is stored is that object, with those addresses. */
export function standsAs(stored: JsonObject | undefined, object: AreaObject): boolean {
  if (stored === undefined) return false
  const spec = member(stored, 'spec')
  const wanted = specOf(object)
  const key = object.kind === 'IPAddressPool' ? 'addresses' : 'excludeIps'
  const entries = (one: unknown): string => (Array.isArray(one) ? one.map(String).toSorted().join() : '')
  return entries(spec[key]) === entries(member({ wanted }, 'wanted')[key])
}
