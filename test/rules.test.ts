import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { rawObject } from '../src/admission/raw-object.ts'
import { runSuite } from '../src/admission/suite.ts'
import { loadSuites, type LoadedSuite } from '../src/cli/suites.ts'
import { refKey, type ObjectRef } from '../src/kinds/object-ref.ts'
import type { PolicyTest, PolicyTestCase } from '../src/policy/policy-test.ts'
import { RULES } from '../src/rules/index.ts'

const FOLDER = 'test/rules'

const folders = readdirSync(FOLDER, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name)

await test('every rule has a folder of cases, and every folder a rule', async t => {
  t.same(folders.toSorted(), RULES.map(rule => rule.id).toSorted())
})

for (const id of folders) {
  const suites = loadSuites([join(FOLDER, id)], [])

  await test(`${id}: cases`, async t => {
    for (const { path, suite, snapshot } of suites) {
      for (const { name, failures } of await runSuite(suite, snapshot)) {
        t.same(failures, [], `${path}: ${name}`)
      }
    }
  })

  await test(`${id}: it speaks in one case and is silent in another`, async t => {
    const cases = suites.flatMap(({ suite }) => suite.spec.cases)
    t.ok(
      cases.some(({ expect }) => expect.rules?.includes(id)),
      'a case in which it speaks'
    )
    t.ok(
      cases.some(({ expect }) => expect.allowed && !expect.rules?.includes(id)),
      'a case that passes'
    )
  })

  await test(`${id}: a denial names every object without which it would not stand, to be read live`, async t => {
    const denied = suites.flatMap(loaded =>
      loaded.suite.spec.cases.filter(({ expect }) => !expect.allowed).map(testCase => ({ loaded, testCase }))
    )
    for (const { loaded, testCase } of denied) {
      const rests = await restsOf(loaded, testCase)
      for (const ref of storedIn(loaded.suite, testCase)) {
        const lifted = await passesWithout(loaded, testCase, ref)
        if (lifted) t.ok(isRead(ref, rests), `${testCase.name}: ${refKey(ref)}`)
      }
    }
  })
}

/** Whether the object is read itself, or by a list of its namespace or of its kind: those notice what is gone. */
function isRead(ref: ObjectRef, rests: ReadonlySet<string>): boolean {
  const lists = [
    { ...ref, name: '' },
    { ...ref, namespace: '', name: '' }
  ]
  return [ref, ...lists].some(one => rests.has(refKey(one)))
}

/** The case alone, without its expectations but for the verdict. */
function alone({ suite }: LoadedSuite, testCase: PolicyTestCase, allowed: boolean): PolicyTest {
  return { ...suite, spec: { ...suite.spec, cases: [{ ...testCase, expect: { allowed, exactly: false } }] } }
}

async function restsOf(loaded: LoadedSuite, testCase: PolicyTestCase): Promise<ReadonlySet<string>> {
  const rests = new Set<string>()
  await runSuite(alone(loaded, testCase, false), loaded.snapshot, async refs => {
    for (const ref of refs) rests.add(refKey(ref))
    return []
  })
  return rests
}

/** What is stored when the case begins, but for the object that is written. */
function storedIn(suite: PolicyTest, testCase: PolicyTestCase): readonly ObjectRef[] {
  const subject = rawObject(testCase.request.object)
  const stored = [...suite.spec.existing, ...testCase.existing].flatMap(json => rawObject(json)?.ref ?? [])
  return stored.filter(ref => subject === undefined || refKey(ref) !== refKey(subject.ref))
}

async function passesWithout(
  loaded: LoadedSuite,
  testCase: PolicyTestCase,
  ref: ObjectRef
): Promise<boolean> {
  const existing = testCase.existing.filter(json => refKey(rawObject(json)?.ref ?? ref) !== refKey(ref))
  const changed = { ...testCase, existing, absent: [...testCase.absent, ref] }
  const [result] = await runSuite(alone(loaded, changed, true), loaded.snapshot)
  return result?.failures.length === 0
}
