import { isJsonObject, items, member, text, type JsonObject } from '../json.ts'
import type { Rest } from '../rest.ts'
import { COLLECTIONS, PREFIX, type RacedKind } from './contests.ts'

/** One object that is stored. */
export type Stored = {
  readonly kind: RacedKind
  readonly name: string
  /** IPv4 addresses as numbers, both ends included. */
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

/** All pools, Subnets, OvnEips and Vips, those of other origin too; four lists. */
export async function readStored(rest: Rest): Promise<readonly Stored[]> {
  const kinds = ['IPAddressPool', 'Subnet', 'OvnEip', 'Vip'] as const
  const lists = await Promise.all(
    kinds.map(async kind => ({ kind, list: await rest.send({ path: COLLECTIONS[kind] }) }))
  )
  return lists.flatMap(({ kind, list: { status, json } }) => {
    if (status !== 200 || !isJsonObject(json)) throw new Error(`the list of ${kind}s: HTTP ${status}`)
    return items(json, 'items').map(object => ({
      kind,
      name: text(member(object, 'metadata'), 'name'),
      ranges: rangesOf(kind, member(object, 'spec'))
    }))
  })
}

/** Those that a race made. */
export function racers(stored: readonly Stored[]): readonly Stored[] {
  return stored.filter(({ name }) => name.startsWith(PREFIX))
}

/** Deletes what a race made. */
export async function removeRacers(rest: Rest): Promise<void> {
  for (const { kind, name } of racers(await readStored(rest))) {
    const { status } = await rest.send({ method: 'DELETE', path: `${COLLECTIONS[kind]}/${name}` })
    if (status >= 300 && status !== 404) throw new Error(`DELETE of ${kind} ${name}: HTTP ${status}`)
  }
}

/**
 * Pairs of stored objects that hold an address in common, `A and B`: pools and Subnets among one another, and pools, OvnEips and
 * Vips among one another, of which those that ask for an address may lie in Subnets. Arithmetic of its own, so that nothing of poolguard's is trusted. O(n log n).
 */
export function overlaps(stored: readonly Stored[]): readonly string[] {
  return [
    ...sharing(stored.filter(({ kind }) => kind === 'IPAddressPool' || kind === 'Subnet')),
    ...sharing(stored.filter(({ kind }) => kind !== 'Subnet'))
  ]
}

function sharing(stored: readonly Stored[]): string[] {
  const all = stored.flatMap(one =>
    one.ranges.map(([first, last]) => ({ who: `${one.kind} ${one.name}`, first, last }))
  )
  const pairs: string[] = []
  let widest: (typeof all)[number] | undefined
  for (const one of all.toSorted((a, b) => a.first - b.first)) {
    if (widest !== undefined && widest.last >= one.first) pairs.push(`${widest.who} and ${one.who}`)
    if (widest === undefined || one.last > widest.last) widest = one
  }
  return pairs
}

function rangesOf(kind: RacedKind, spec: JsonObject): Stored['ranges'] {
  if (kind === 'Subnet') return ipv4Prefixes(text(spec, 'cidrBlock'))
  if (kind === 'OvnEip' || kind === 'Vip') {
    const address = text(spec, kind === 'Vip' ? 'v4ip' : 'v4Ip')
    return address === '' ? [] : [[number(address), number(address)]]
  }
  const { addresses } = spec
  const entries = Array.isArray(addresses) ? addresses.map(String) : []
  return entries.map(entry => {
    const [first = '', last = ''] = entry.split('-')
    return [number(first), number(last)]
  })
}

function ipv4Prefixes(cidrs: string): Stored['ranges'] {
  return cidrs
    .split(',')
    .filter(cidr => !cidr.includes(':'))
    .map(cidr => {
      const [base = '', bits = ''] = cidr.split('/')
      const first = number(base)
      return [first, first + 2 ** (32 - Number(bits)) - 1]
    })
}

function number(address: string): number {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  if (Number.isNaN(value)) throw new Error(`no IPv4 address: ${address}`)
  return value
}
