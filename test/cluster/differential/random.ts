/** Numbers that a seed determines, for cases that can be had again. */
export type Random = {
  /** 0..below-1. */
  int(below: number): number
  /** True that often out of 100 times. */
  chance(percent: number): boolean
  /** Throws when there is nothing to pick from. */
  pick<T>(from: readonly T[]): T
  /** One to `most` picks, repeats among them. */
  some<T>(from: readonly T[], most: number): T[]
}

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003, triple 13, 17, 5), its state spread from the seed by Knuth's 2654435761. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9
  if (state === 0) state = 1
  const int = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  for (let i = 0; i < 8; i++) int(1)
  const pick = <T>(from: readonly T[]): T => {
    const [picked] = from.slice(int(from.length))
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
  return {
    int,
    pick,
    chance: percent => int(100) < percent,
    some: (from, most) => Array.from({ length: 1 + int(most) }, () => pick(from))
  }
}
