import { parseRange, POOL_FORMS } from '../../../src/address/parse.ts'
import { subtract } from '../../../src/address/range.ts'
import type { AddressRange } from '../../../src/address/range.ts'
import type { Finding } from '../../../src/rules/finding.ts'
import { member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { metallbNamespace } from '../users.ts'
import type { Case } from './compare.ts'

/** Why poolguard answers otherwise than MetalLB's own webhook, on purpose. */
export type Reason = {
  readonly name: string
  readonly why: string
  /** Whether it explains the difference as a whole. */
  explains?(one: Case): boolean
  /** Whether it explains this one of poolguard's objections to what MetalLB's webhook allows. */
  covers?(objection: Finding, one: Case): boolean
}

/** The first that fits is a case's reason. One that explains nothing in a whole run is to be taken out. */
export const REASONS: readonly Reason[] = [
  {
    name: 'other namespace',
    why: 'MetalLB judges an UPDATE in another namespace as if it were in its own, in the place of its namesake there; poolguard tells the two apart.',
    explains: one => one.operation === 'UPDATE' && namespaceOf(one.object) !== metallbNamespace
  },
  {
    name: 'stored mess',
    why: 'Something wrong that is stored already blocks no unrelated write: MetalLB judges the whole set anew each time.',
    explains: ({ mess }) => mess?.others.allowed === false
  },
  {
    name: 'partial repair',
    why: 'A change of something wrong that leaves it as wrong as it was, or less so, passes: it may be all that can be done at a time.',
    explains: one =>
      one.mess?.stored.allowed === false &&
      (complaint(one.mess.stored.message) === complaint(one.metallb.message) || addsNoAddress(one))
  },
  {
    name: 'disableMP',
    why: 'MetalLB answers a new BGPPeer with disableMP with a word about that field, and judges nothing else of it.',
    explains: ({ metallb, operation, object }) =>
      metallb.allowed && operation === 'CREATE' && member(object, 'spec')['disableMP'] === true
  },
  {
    name: 'kinds together',
    why: "MetalLB's webhook judges a pool without the advertisements of it, and a peer without its profile; its speakers then refuse the whole configuration.",
    explains: breaksWhole,
    // of what the speakers refused before nobody can say whether they would refuse the write too
    covers: ({ restsOn }, { object, speakers }) =>
      speakers.before !== '' && restsOn.some(({ kind }) => kind !== object['kind'])
  },
  {
    name: 'negative length',
    why: 'MetalLB takes an aggregationLengthV6 below 0 as long as the advertisement announces no IPv6 pool.',
    covers: ({ code, value }) => code === 'aggregation-length' && value.startsWith('-')
  },
  {
    name: 'password twice',
    why: "MetalLB's webhook leaves the Secret of a BGPPeer out; its speakers refuse one that has a password as well.",
    covers: ({ code, field }) => code === 'peer-mistake' && field === 'spec.passwordSecret.name'
  },
  {
    name: 'mapped IPv4',
    why: 'An IPv4-mapped IPv6 address is the IPv4 address: MetalLB gives out the same addresses twice and does not notice.',
    covers: (objection, one) => entriesOf(objection, one).some(isMapped)
  },
  {
    name: 'mixed families',
    why: 'A range from an IPv4 to an IPv6 address is nothing: MetalLB takes it for a pool without addresses.',
    covers: objection =>
      objection.code === 'unparsable-range' && objection.problem.problem === 'mixed-families'
  }
]

/** Why the two differ in this case; undefined: nobody knows. */
export function reasonOf(one: Case): Reason | undefined {
  const whole = REASONS.find(reason => reason.explains?.(one) === true)
  if (whole !== undefined || !one.metallb.allowed) return whole
  const reasons = one.poolguard.objections.map(objection =>
    REASONS.find(reason => reason.covers?.(objection, one) === true)
  )
  return reasons.includes(undefined) ? undefined : reasons[0]
}

/** Whether the speakers took all that was stored, and refuse it with this write. */
export function breaksWhole({ metallb, speakers }: Case): boolean {
  return metallb.allowed && speakers.before === '' && speakers.after !== ''
}

function namespaceOf(object: JsonObject): string {
  return text(member(object, 'metadata'), 'namespace')
}

/** What MetalLB complains of, whichever of several alike it happens to meet first (it ranges over Go maps). */
function complaint(message: string): string {
  return message.replaceAll(/[\w.:/-]*\d[\w.:/-]*/g, '#')
}

/** Whether a pool's new ranges lie in its old ones. */
function addsNoAddress({ object, oldObject }: Case): boolean {
  if (oldObject === undefined || object['kind'] !== 'IPAddressPool') return false
  return subtract(rangesOf(object), rangesOf(oldObject)).length === 0
}

function rangesOf(pool: JsonObject): readonly AddressRange[] {
  return addressesOf(pool).flatMap(entry => {
    const parsed = parseRange(entry, POOL_FORMS)
    return parsed.ok ? [parsed.range] : []
  })
}

/** IPv4-mapped addresses are ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
function isMapped(entry: string): boolean {
  return /::ffff:/i.test(entry)
}

/** The entries of pools that an objection is about: its own, and those it may collide with. */
function entriesOf(objection: Finding, one: Case): readonly string[] {
  if (objection.code === 'shares-with') {
    const other = one.stored.find(stored => text(member(stored, 'metadata'), 'name') === objection.other.name)
    return [objection.value, ...(other === undefined ? [] : addressesOf(other))]
  }
  if (objection.code === 'repeats-itself') return addressesOf(one.object)
  return [objection.value]
}

function addressesOf(pool: JsonObject): readonly string[] {
  const { addresses } = member(pool, 'spec')
  return Array.isArray(addresses) ? addresses.filter(entry => typeof entry === 'string') : []
}
