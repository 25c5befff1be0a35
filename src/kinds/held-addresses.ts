import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { Claim, Domain } from './claim.ts'
import type { ObjectRef } from './object-ref.ts'

/** One address as an object states it, and where. */
export interface AddressText {
  readonly text: string
  readonly field: string
}

/**
 * Claims of single addresses, one for each text that is an address; of a list such as `a,b`, which Kube-OVN's allocator takes,
 * each is claimed. One that several fields hold is claimed once, under the last of them: put what was asked for behind what
 * was given.
 */
export function addressClaims(
  domain: Domain,
  holder: ObjectRef,
  addresses: readonly AddressText[]
): readonly Claim[] {
  const fields = new Map(
    addresses.flatMap(({ text, field }) => text.split(',').map(part => [part, field] as const))
  )
  return [...fields].flatMap(([text, field]): Claim[] => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [{ domain, range: parsed.range, holder, field, state: 'stored' }] : []
  })
}
