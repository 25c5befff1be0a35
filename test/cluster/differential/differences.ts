import { member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { metallbNamespace } from '../users.ts'
import type { Finding } from '../../../src/rules/finding.ts'
import type { Case } from './compare.ts'

/** Why poolguard answers otherwise than MetalLB's own webhook, on purpose. */
export type Reason = {
  readonly name: string
  readonly why: string
  /** Whether it explains this case, in which the two differ. */
  explains(one: Case): boolean
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
    explains: one => allowsMore(one) && !one.metallbOnStored.allowed
  },
  {
    name: 'mapped IPv4',
    why: 'An IPv4-mapped IPv6 address is the IPv4 address: MetalLB gives out the same addresses twice and does not notice.',
    explains: one =>
      deniesMore(one) && one.poolguard.denials.every(finding => entriesOf(finding, one).some(isMapped))
  },
  {
    name: 'mixed families',
    why: 'A range from an IPv4 to an IPv6 address is nothing: MetalLB takes it for a pool without addresses.',
    explains: one =>
      deniesMore(one) &&
      one.poolguard.denials.every(
        finding => finding.code === 'unparsable-range' && finding.problem.problem === 'mixed-families'
      )
  }
]

function allowsMore({ metallb, poolguard }: Case): boolean {
  return poolguard.allowed && !metallb.allowed
}

function deniesMore({ metallb, poolguard }: Case): boolean {
  return metallb.allowed && !poolguard.allowed && poolguard.denials.length > 0
}

function namespaceOf(object: JsonObject): string {
  return text(member(object, 'metadata'), 'namespace')
}

/** IPv4-mapped addresses are ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
function isMapped(entry: string): boolean {
  return /::ffff:/i.test(entry)
}

/** The entries of pools that a denial is about: its own, and those it may collide with. */
function entriesOf(finding: Finding, one: Case): readonly string[] {
  if (finding.code === 'shares-with') {
    const other = one.stored.find(stored => text(member(stored, 'metadata'), 'name') === finding.other.name)
    return [finding.value, ...(other === undefined ? [] : addressesOf(other))]
  }
  if (finding.code === 'repeats-itself') return addressesOf(one.object)
  return [finding.value]
}

function addressesOf(pool: JsonObject): readonly string[] {
  const { addresses } = member(pool, 'spec')
  return Array.isArray(addresses) ? addresses.filter(entry => typeof entry === 'string') : []
}
