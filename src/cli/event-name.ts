import { fingerprintOf } from '../policy/fingerprint.ts'

/** Longest part of an object's name in that of an Event, which has at most 253 characters with the fingerprint. */
const NAME_CHARACTERS = 230

/** The name of an Event about an object of this name: equal for the same fact, whoever tells it. */
export function eventName(name: string, fact: readonly string[]): string {
  const start = name.slice(0, NAME_CHARACTERS).replace(/[-.]+$/, '')
  return `${start}.${fingerprintOf([JSON.stringify(fact)])}`
}
