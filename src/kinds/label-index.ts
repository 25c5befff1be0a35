import { selectorMatches, type LabelSelector } from './label-selector.ts'
import type { Meta } from './meta.ts'

/**
 * Objects by their labels, for questions of many selectors. Made in O(labels); a selector that requires a label costs as much
 * as there are objects with that label, any other one as much as there are objects.
 */
export class LabelIndex<T extends { readonly meta: Meta }> {
  private readonly all: readonly T[]
  private readonly byKey = new Map<string, T[]>()
  private readonly byPair = new Map<string, T[]>()

  constructor(objects: Iterable<T>) {
    this.all = [...objects]
    for (const object of this.all) {
      for (const [key, value] of object.meta.labels) {
        add(this.byKey, key, object)
        add(this.byPair, pair(key, value), object)
      }
    }
  }

  get size(): number {
    return this.all.length
  }

  /** Whether the selector matches any of them. */
  has(selector: LabelSelector): boolean {
    return this.candidates(selector).some(({ meta }) => selectorMatches(selector, meta.labels))
  }

  /** Those that at least one of the selectors matches; none for an empty list. */
  matchingAny(selectors: readonly LabelSelector[]): ReadonlySet<T> {
    const matching = new Set<T>()
    for (const selector of selectors) {
      if (matching.size === this.all.length) break
      for (const object of this.candidates(selector))
        if (selectorMatches(selector, object.meta.labels)) matching.add(object)
    }
    return matching
  }

  /** All that the selector may match: those with one label that it requires, whose value it restricts if it restricts any. */
  private candidates({ matchLabels, matchExpressions }: LabelSelector): readonly T[] {
    const [rarest] = [...matchLabels]
      .map(required => this.byPair.get(pair(...required)) ?? [])
      .toSorted((a, b) => a.length - b.length)
    if (rarest !== undefined) return rarest
    const among = matchExpressions.find(({ operator }) => operator === 'In')
    if (among !== undefined) {
      const values = [...new Set(among.values)]
      return values.flatMap(value => this.byPair.get(pair(among.key, value)) ?? [])
    }
    const present = matchExpressions.find(({ operator }) => operator === 'Exists')
    return present === undefined ? this.all : (this.byKey.get(present.key) ?? [])
  }
}

function pair(key: string, value: string): string {
  return JSON.stringify([key, value])
}

function add<T>(map: Map<string, T[]>, key: string, object: T): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [object])
  else known.push(object)
}
