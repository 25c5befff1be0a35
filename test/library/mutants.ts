import { formatEntry } from '../../src/address/format.ts'
import { parseRange, PLAN_FORMS } from '../../src/address/parse.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { fieldOf, type PathPart } from '../../src/policy/document-error.ts'

/** One change of a policy document: what stands at `path` taken out (`value` undefined) or replaced. */
export interface Mutant {
  readonly path: readonly PathPart[]
  readonly value: unknown
  /** `spec.services.quota.loadBalancers = 6`, or `spec.pools taken out`. */
  readonly name: string
}

/** Texts that no verdict depends on. */
const WORDS = new Set(['purpose', 'owner', 'reason'])

/** The next laxer word after each, for all enumerations of the documents. */
const LAXER = new Map([
  ['deny', 'warn'],
  ['warn', 'audit'],
  ['audit', 'warn'], // audit and off differ in no verdict
  ['off', 'warn'],
  ['denied', 'withinGrants'],
  ['never', 'withinNamespace'],
  ['withinNamespace', 'withinTenant'],
  ['untrusted', 'platform'],
  ['vlan', 'overlay'],
  ['bgp', 'l2'],
  ['tenantCluster', 'underCluster']
])

/**
 * Every change of one line of a `spec`: each key and each entry of a list taken out, each `[]` opened, each value made laxer,
 * larger, smaller or another. Never two at once. O(nodes).
 */
export function mutantsOf(document: unknown): readonly Mutant[] {
  const spec = isRecord(document) ? document['spec'] : undefined
  return within(spec, ['spec'])
}

function within(value: unknown, path: readonly PathPart[]): readonly Mutant[] {
  if (Array.isArray(value)) {
    const opened = value.length === 0 ? [replaced(path, ['0.0.0.0/0', '::/0'])] : []
    return [...opened, ...value.flatMap((item, i) => partMutants(item, [...path, i]))]
  }
  if (!isRecord(value)) return scalarMutants(value, path).map(other => replaced(path, other))
  return Object.entries(value).flatMap(([key, member]) =>
    WORDS.has(key) ? [] : partMutants(member, [...path, key])
  )
}

function partMutants(value: unknown, path: readonly PathPart[]): readonly Mutant[] {
  return [{ path, value: undefined, name: `${fieldOf(path)} taken out` }, ...within(value, path)]
}

function replaced(path: readonly PathPart[], value: unknown): Mutant {
  return { path, value, name: `${fieldOf(path)} = ${JSON.stringify(value)}` }
}

function scalarMutants(value: unknown, path: readonly PathPart[]): readonly unknown[] {
  if (typeof value === 'number') return [value + 1, value - 1]
  if (typeof value === 'boolean') return [!value]
  if (typeof value !== 'string') return []
  if (path.at(-1) === 'expires') return ['2999-12-31', '1971-01-01']
  const laxer = LAXER.get(value)
  if (laxer !== undefined) return [laxer]
  const ports = /^(\d+)-(\d+)$/.exec(value)
  if (ports) return [`${Number(ports[1]) + 1}-${ports[2]}`, `${ports[1]}-${Number(ports[2]) - 1}`]
  return rangeMutants(value)
}

/** A range with its ends one further in, and one further out; no other text but names, which become others. */
function rangeMutants(text: string): readonly unknown[] {
  const parsed = parseRange(text, PLAN_FORMS)
  if (!parsed.ok) return /^[a-z][\w.:/-]*$/i.test(text) ? [`${text}-x`] : []
  const { family, first, last } = parsed.range
  const moved = (down: bigint, up: bigint) =>
    first - down < 0n || first - down > last + up
      ? []
      : [formatEntry({ family, first: first - down, last: last + up })]
  return [...moved(-1n, 0n), ...moved(0n, -1n), ...moved(1n, 0n), ...moved(0n, 1n)]
}

/** The document with one change; it is not touched itself. */
export function mutated(document: unknown, { path, value }: Mutant): unknown {
  const [part, ...rest] = path
  if (part === undefined) return value
  if (Array.isArray(document)) {
    const index = Number(part)
    const items: readonly unknown[] = document
    if (rest.length === 0 && value === undefined) return items.toSpliced(index, 1)
    return items.with(index, mutated(items[index], { path: rest, value, name: '' }))
  }
  if (!isRecord(document)) return document
  const entries = Object.entries(document).flatMap(([key, member]): [string, unknown][] => {
    if (key !== part) return [[key, member]]
    if (rest.length === 0 && value === undefined) return []
    return [[key, mutated(member, { path: rest, value, name: '' })]]
  })
  return Object.fromEntries(entries)
}
