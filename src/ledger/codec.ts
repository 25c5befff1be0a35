import { isRecord } from '../kinds/decode.ts'
import { isKindName, type KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { readRevision } from './ledger.ts'
import type { Attempt, ClaimedRanges, InFlight, Ledger, LedgerRead } from './ledger.ts'
import { rangeText, readRangeText } from './range-text.ts'

/** Raised whenever a replica of the version before would take what is written for something else. */
export const FORMAT_VERSION = 1

/** What a store knows of the ledger besides its text. */
export type LedgerIdentity = Pick<Ledger, 'version' | 'lineage'>

/** Ranges as they were read or written: nearly all that is written was read a moment before, and each costs 10 µs to write. */
const textsOf = new WeakMap<ClaimedRanges, readonly string[]>()

/** JSON, for the one key of a ConfigMap. O(ranges). */
export function encodeLedger({ claims, minRevision }: Ledger): string {
  return JSON.stringify({
    formatVersion: FORMAT_VERSION,
    minRevision: Object.fromEntries([...minRevision].map(([kind, revision]) => [kind, String(revision)])),
    claims: claims.map(({ attempts, taken, ...claim }) => ({
      ...claim,
      attempts: attempts.map(({ uid, replaces, id }) => ({ uid, replaces: replaces?.toString(), id })),
      taken: taken.map(part => ({ ...part, ranges: rangeTexts(part) }))
    }))
  })
}

/**
 * Reads what `encodeLedger` wrote; undefined is a ledger that nobody has written into yet. Anything unknown is corrupt: a claim
 * that is overlooked is an overlap that is let through.
 */
export function decodeLedger(text: string | undefined, identity: LedgerIdentity): LedgerRead {
  if (text === undefined) return { ok: true, ledger: blankLedger(identity) }
  const json = parse(text)
  if (!isRecord(json)) return corrupt('it is no JSON object')
  const { formatVersion } = json
  if (formatVersion !== FORMAT_VERSION) {
    const version = JSON.stringify(formatVersion) ?? 'none'
    return { ok: false, problem: 'format-version', detail: `formatVersion ${version}, not ${FORMAT_VERSION}` }
  }
  if (!hasOnly(json, ['formatVersion', 'minRevision', 'claims'])) return corrupt('an unknown key')
  const minRevision = revisionsOf(json['minRevision'])
  if (minRevision === undefined) return corrupt('minRevision')
  const claims = all(json['claims'], claimOf)
  if (claims === undefined) return corrupt('claims')
  return { ok: true, ledger: { ...identity, isBlank: false, minRevision, claims } }
}

/** One that holds nothing. */
export function blankLedger(identity: LedgerIdentity): Ledger {
  return { ...identity, isBlank: true, claims: [], minRevision: new Map() }
}

function corrupt(detail: string): LedgerRead {
  return { ok: false, problem: 'corrupt', detail }
}

function parse(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text)
    return json
  } catch {
    return undefined
  }
}

function revisionsOf(json: unknown): ReadonlyMap<KindName, bigint> | undefined {
  if (!isRecord(json)) return undefined
  const revisions = new Map<KindName, bigint>()
  for (const [kind, revision] of Object.entries(json)) {
    const read = typeof revision === 'string' ? readRevision(revision) : undefined
    if (!isKindName(kind) || read === undefined) return undefined
    revisions.set(kind, read)
  }
  return revisions
}

function claimOf(json: unknown): InFlight | undefined {
  if (!isRecord(json) || !hasOnly(json, ['owner', 'requester', 'tenant', 'attempts', 'taken']))
    return undefined
  const { requester, tenant } = json
  const owner = ownerOf(json['owner'])
  const attempts = someOf(json['attempts'], attemptOf)
  const taken = someOf(json['taken'], takenOf)
  if (owner === undefined || attempts === undefined || taken === undefined) return undefined
  if (typeof requester !== 'string' || typeof tenant !== 'string') return undefined
  return { owner, requester, tenant, attempts, taken }
}

function attemptOf(json: unknown): Attempt | undefined {
  if (!isRecord(json) || !hasOnly(json, ['uid', 'replaces', 'id'])) return undefined
  const { uid, replaces, id } = json
  if (typeof uid !== 'string' || typeof id !== 'string') return undefined
  if (replaces === undefined) return { uid, replaces, id }
  const revision = typeof replaces === 'string' ? readRevision(replaces) : undefined
  return revision === undefined ? undefined : { uid, replaces: revision, id }
}

function ownerOf(json: unknown): ObjectRef | undefined {
  if (!isRecord(json) || !hasOnly(json, ['kind', 'namespace', 'name'])) return undefined
  const { kind, namespace, name } = json
  if (typeof kind !== 'string' || typeof namespace !== 'string' || typeof name !== 'string') return undefined
  return isKindName(kind) ? { kind, namespace, name } : undefined
}

function takenOf(json: unknown): ClaimedRanges | undefined {
  if (!isRecord(json) || !hasOnly(json, ['domain', 'field', 'ranges'])) return undefined
  const { domain, field } = json
  const texts = someOf(json['ranges'], text => (typeof text === 'string' ? text : undefined))
  const ranges = all(texts, text => (typeof text === 'string' ? readRangeText(text) : undefined))
  if (typeof domain !== 'string' || typeof field !== 'string') return undefined
  if (texts === undefined || ranges === undefined) return undefined
  const taken = { domain, field, ranges }
  textsOf.set(taken, texts)
  return taken
}

function rangeTexts(part: ClaimedRanges): readonly string[] {
  const texts = textsOf.get(part) ?? part.ranges.map(rangeText)
  textsOf.set(part, texts)
  return texts
}

/** undefined when it is no array, or one of its elements cannot be read. */
function all<T>(json: unknown, read: (element: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(json)) return undefined
  const values: T[] = []
  for (const element of json) {
    const value = read(element)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

/** undefined when there is none, too. */
function someOf<T>(json: unknown, read: (element: unknown) => T | undefined): readonly T[] | undefined {
  const values = all(json, read)
  return values?.length === 0 ? undefined : values
}

function hasOnly(record: Record<string, unknown>, keys: readonly string[]): boolean {
  return Object.keys(record).every(key => keys.includes(key))
}
