import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { LabelIndex } from '../../src/kinds/label-index.ts'
import { anySelectorMatches, selectorMatches, type LabelSelector } from '../../src/kinds/label-selector.ts'
import { decodeObject } from '../../src/kinds/index.ts'
import type { Namespace } from '../../src/kinds/namespace.ts'

const key = fc.constantFrom('a', 'b', 'c')
const value = fc.constantFrom('', 'x', 'y')
const labels = fc.dictionary(key, value)
const requirement = fc.record({
  key,
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Nope'),
  values: fc.array(value, { maxLength: 3 })
})
const selector = fc
  .tuple(labels, fc.array(requirement, { maxLength: 2 }))
  .map(([matchLabels, matchExpressions]): LabelSelector => {
    return { matchLabels: new Map(Object.entries(matchLabels)), matchExpressions }
  })

function namespaceWith(those: Readonly<Record<string, string>>): Namespace {
  const decoded = decodeObject('Namespace', { metadata: { name: 'n', labels: those } })
  if (!decoded.ok) throw new Error('no namespace')
  return decoded.object
}

void test('LabelIndex answers as one look at every object does', t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(labels, { maxLength: 6 }),
        fc.array(selector, { maxLength: 3 }),
        (all, selectors) => {
          const objects = all.map(namespaceWith)
          const index = new LabelIndex(objects)
          const expected = objects.filter(({ meta }) => anySelectorMatches(selectors, meta.labels))
          assert.deepEqual([...index.matchingAny(selectors)].toSorted(order), expected.toSorted(order))
          for (const one of selectors)
            assert.equal(
              index.has(one),
              objects.some(({ meta }) => selectorMatches(one, meta.labels))
            )

          function order(a: Namespace, b: Namespace): number {
            return objects.indexOf(a) - objects.indexOf(b)
          }
        }
      ),
      { numRuns: 2000 }
    )
  )
  t.end()
})
