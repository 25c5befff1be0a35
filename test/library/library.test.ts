import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { UnusableError } from '../../src/cli/io.ts'
import { readPolicyFiles, snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import type { PolicyFile } from '../../src/policy/policy-set.ts'
import { decodePolicyTest, type PolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { EQUIVALENT } from './equivalent.ts'
import { mutantsOf, mutated } from './mutants.ts'

/**
 * The measure of the library: each line of a profile that is taken out, weakened or moved by one makes a case of its suite
 * fail, or the policies not load. So every restriction has cases on both of its sides.
 */
const LIBRARY = 'policies/library'
const SUITES = 'policies/tests'

/** How many cases are run before their outcome is looked at. */
const PORTION = 8

/** A document of a set of policies; `profile` is its file when it belongs to the library. */
interface Part {
  readonly profile: string | undefined
  readonly document: unknown
}

interface Suite {
  readonly test: PolicyTest
  readonly parts: readonly Part[]
}

function documentsIn(path: string, text: string): readonly unknown[] {
  return readYaml(path, text).documents.map(({ value }) => value)
}

/** The suites about the library, each with the documents it is judged by. */
function suites(): readonly Suite[] {
  const files = readdirSync(SUITES).filter(name => name.startsWith('library-'))
  return files.flatMap(name => suitesIn(join(SUITES, name)))
}

function suitesIn(path: string): readonly Suite[] {
  return readYaml(path, readFileSync(path, 'utf8')).documents.map(document => {
    const decoded = decodePolicyTest({ path, document })
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.errors))
    const parts = decoded.value.spec.policies.flatMap((policy): readonly Part[] =>
      typeof policy === 'string'
        ? readPolicyFiles(resolve(dirname(path), policy)).flatMap(partsOf)
        : [{ profile: undefined, document: policy }]
    )
    return { test: decoded.value, parts }
  })
}

function partsOf({ path, text }: PolicyFile): readonly Part[] {
  const at = path.indexOf(`${LIBRARY}/`)
  return documentsIn(path, text).map(document => ({
    profile: at === -1 ? undefined : path.slice(at),
    document
  }))
}

/** undefined when the documents do not load together. */
function snapshotFor(documents: readonly unknown[]): PolicySnapshot | undefined {
  try {
    return snapshotOf(documents.map((one, i) => ({ path: `${i}.json`, text: JSON.stringify(one) })))
  } catch (error) {
    if (error instanceof UnusableError) return undefined
    throw error
  }
}

/** Whether every case comes out as it says, with `other` in place of `document`. */
async function passes({ test: suite, parts }: Suite, document?: unknown, other?: unknown): Promise<boolean> {
  const snapshot = snapshotFor(parts.map(part => (part.document === document ? other : part.document)))
  if (snapshot === undefined) return false
  // By portions, so that a change that is noticed early costs little.
  const { cases } = suite.spec
  for (let first = 0; first < cases.length; first += PORTION) {
    const some = { ...suite, spec: { ...suite.spec, cases: cases.slice(first, first + PORTION) } }
    const results = await runSuite(some, snapshot)
    if (results.some(({ failures }) => failures.length > 0)) return false
  }
  return true
}

const all = suites()

/** Documents of the library by what they say, since several suites read the same file. */
function sameDocument(document: unknown): readonly { readonly suite: Suite; readonly own: unknown }[] {
  const text = JSON.stringify(document)
  return all.flatMap(suite => {
    const own = suite.parts.find(part => part.profile !== undefined && JSON.stringify(part.document) === text)
    return own === undefined ? [] : [{ suite, own: own.document }]
  })
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.yaml'))
    .toSorted()
    .map(name => join(folder, name))
}

const unused = new Set(EQUIVALENT.keys())

for (const path of yamlFiles(LIBRARY)) {
  await test(`${path}: a case fails for each line that is taken out or weakened`, async t => {
    let killed = 0
    for (const document of documentsIn(path, readFileSync(path, 'utf8'))) {
      const readers = sameDocument(document)
      t.ok(readers.length > 0, 'a suite reads it')
      const name = isRecord(document) && isRecord(document['metadata']) ? document['metadata']['name'] : ''
      for (const mutant of mutantsOf(document)) {
        const id = `${String(name)}: ${mutant.name}`
        unused.delete(id)
        let survives = true
        for (const { suite, own } of readers)
          survives = survives && (await passes(suite, own, mutated(own, mutant)))
        if (!survives) killed++
        else if (!EQUIVALENT.has(id)) t.fail(`no case notices ${id}`)
      }
    }
    t.comment(`${killed} changes noticed`)
    t.ok(killed > 0)
  })
}

await test('the suites of the library pass as it is', async t => {
  for (const suite of all) t.ok(await passes(suite), suite.test.metadata.name)
  t.same([...unused], [], 'no change that is listed as equivalent is gone')
})
