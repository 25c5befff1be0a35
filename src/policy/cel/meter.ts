/** What an expression may not do while it runs, in words for the author: short, with nothing in it but names and numbers. */
export class CelFailure extends Error {}

/** Thrown again and again once a budget is spent: making an error costs more than a step. */
const SPENT = new CelFailure('it costs too much on this object')

/**
 * Counts what one evaluation of custom rules costs, in steps: one for each node of the expression each time it is evaluated, and
 * more for what is not done in constant time. So the bound is the same on every machine and in every run.
 */
export class Meter {
  #left: number

  /** `steps` is what may be spent in all. */
  constructor(steps: number) {
    this.#left = steps
  }

  /** Whether more was asked for than there was. Expressions can hide an error (`||`, `exists`), not this. */
  get isSpent(): boolean {
    return this.#left < 0
  }

  /** Takes steps before what they stand for is done; throws when there are not enough. */
  charge(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw SPENT
  }
}
