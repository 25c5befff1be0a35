import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { DocumentError } from './document-error.ts'
import type { ExemptionSpec } from './exposure-schema.ts'
import { documentError, type PolicySource } from './problem.ts'

/** Findings of these rules that policies let pass, for whom or on what, and until when. Each given selector must match. */
export interface Exemption {
  /** Of the ExposurePolicy it stands in. */
  readonly policy: string
  readonly rules: ReadonlySet<string>
  /** As `refKey`. undefined, here and below: not by this; at least one is given, and none is empty. */
  readonly objects: ReadonlySet<string> | undefined
  readonly users: ReadonlySet<string> | undefined
  readonly groups: ReadonlySet<string> | undefined
  readonly namespaces: ReadonlySet<string> | undefined
  readonly reason: string
  readonly owner: string
  /** The last day on which it counts, such as 2027-01-31. */
  readonly expires: string
  /** The end of that day in UTC, in milliseconds since 1970: it counts before, not from then on. */
  readonly endsMs: number
  /** What to say where it stands, once it has expired. */
  readonly ifExpired: DocumentError
}

/** Their findings cannot be exempted: two holders of one address are never right, and the others decide who is who. */
export const NEVER_EXEMPT: readonly string[] = [
  'pool-overlap',
  'service-status',
  'eip-status',
  'namespace-tenant'
]

const DAY_MS = 86_400_000

/** Exemption `index` of the policy in `source`. */
export function exemptionOf(
  spec: ExemptionSpec,
  index: number,
  { policy, source }: { readonly policy: string; readonly source: PolicySource }
): Exemption {
  const { rules, objects, users, groups, namespaces, reason, owner, expires } = spec
  return {
    policy,
    rules: new Set(rules),
    objects: objects && new Set(objects.map(refKey)),
    users: users && new Set(users),
    groups: groups && new Set(groups),
    namespaces: namespaces && new Set(namespaces),
    reason,
    owner,
    expires,
    endsMs: Date.parse(expires) + DAY_MS,
    ifExpired: documentError(source, {
      path: ['spec', 'exemptions', index, 'expires'],
      at: 'value',
      message: `has expired, so that ${rules.join(', ')} counts again (${reason})`,
      hint: `${owner} owns it: renew it or take it out`
    })
  }
}

function isExpired({ endsMs }: Exemption, nowMs: number): boolean {
  return nowMs >= endsMs
}

/** What to say about each exemption that no longer counts, where it stands. */
export function expiredExemptions(
  policies: readonly { readonly exemptions: readonly Exemption[] }[],
  nowMs: number
): readonly DocumentError[] {
  return policies
    .flatMap(({ exemptions }) => exemptions)
    .filter(exemption => isExpired(exemption, nowMs))
    .map(({ ifExpired }) => ifExpired)
}

/** Who writes what: an object of namespace '' is in none. */
export interface ExemptableWrite {
  readonly ref: ObjectRef
  readonly username: string
  readonly groups: readonly string[]
}

/** The first exemption from this rule that matches the write and has not expired; undefined for none. */
export function exemptionFor(
  exemptions: readonly Exemption[],
  rule: string,
  write: ExemptableWrite,
  nowMs: number
): Exemption | undefined {
  return exemptions.find(
    exemption => exemption.rules.has(rule) && !isExpired(exemption, nowMs) && matches(exemption, write)
  )
}

function matches(
  { objects, users, groups, namespaces }: Exemption,
  { ref, username, groups: ofUser }: ExemptableWrite
): boolean {
  return (
    (objects === undefined || objects.has(refKey(ref))) &&
    (users === undefined || users.has(username)) &&
    (groups === undefined || ofUser.some(group => groups.has(group))) &&
    (namespaces === undefined || namespaces.has(ref.namespace))
  )
}
