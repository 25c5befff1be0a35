import { createHash } from 'node:crypto'

/** Longest part of an object's name in that of an Event, which has at most 253 characters with what is made of the fact. */
const NAME_CHARACTERS = 230

/** Hex digits of a fact in an Event's name: 64 bits tell a few thousand facts apart. */
const FACT_DIGITS = 16

/** The name of an Event about an object of this name: equal for the same fact, whoever tells it. */
export function eventName(name: string, fact: readonly string[]): string {
  const start = name.slice(0, NAME_CHARACTERS).replace(/[-.]+$/, '')
  const hash = createHash('sha256').update(JSON.stringify(fact)).digest('hex')
  return `${start}.${hash.slice(0, FACT_DIGITS)}`
}
