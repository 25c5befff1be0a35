/** Numbers that look random and are the same for the same seed: mulberry32 (public domain, Tommy Ettinger). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 <= n < below. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  of<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0]
  }

  /** Up to `most` members, each at most once. */
  some<T>(from: readonly T[], most: number): T[] {
    const left = [...from]
    return Array.from({ length: this.below(most + 1) }, () => left.splice(this.below(left.length), 1)).flat()
  }

  shuffled<T>(from: readonly T[]): T[] {
    const left = [...from]
    return from.flatMap(() => left.splice(this.below(left.length), 1))
  }
}
