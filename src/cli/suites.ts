import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { PolicySnapshot } from '../admission/ports.ts'
import { isRecord } from '../kinds/decode.ts'
import { INVALID_OBJECT } from '../admission/response.ts'
import type { DecodedDocument } from '../policy/decode-document.ts'
import type { DocumentError } from '../policy/document-error.ts'
import { didYouMean } from '../policy/nearest-name.ts'
import { parsePolicyDocuments, policyKindOf, type ParsedPolicies } from '../policy/policy-set.ts'
import { decodePolicyTest, type PolicyTest } from '../policy/policy-test.ts'
import { documentErrors, type PolicySource, type Problem } from '../policy/problem.ts'
import { partOf, type YamlDocument } from '../policy/yaml-document.ts'
import { readYaml } from '../policy/yaml-source.ts'
import { RULE_ACTIONS } from '../rules/index.ts'
import { readText } from './files.ts'
import { unusableDocuments, UnusableError } from './io.ts'
import { allRules, readPolicyFiles, snapshotFrom } from './policies.ts'

/** One suite, where it stands, and the policies its cases are judged by. */
export interface LoadedSuite {
  readonly path: string
  /** The line of each case. */
  readonly lines: readonly number[]
  readonly suite: PolicyTest
  readonly snapshot: PolicySnapshot
}

/**
 * Reads every PolicyTest of these files and folders (with their subfolders). Other documents in them are passed over.
 * Throws UnusableError with every error as file:line:column. Suites that name the same policies share one snapshot.
 */
export function loadSuites(paths: readonly string[], defaults: readonly string[]): readonly LoadedSuite[] {
  const snapshots = new Snapshots(defaults)
  const errors: DocumentError[] = []
  const failures: UnusableError[] = []
  const suites: LoadedSuite[] = []
  for (const path of paths.flatMap(yamlFiles)) {
    const stream = readYaml(path, readText(path))
    errors.push(...stream.errors)
    for (const document of stream.documents.filter(isOurs)) {
      const source = { path, document }
      const decoded = suiteIn(source)
      if (decoded?.ok === false) errors.push(...decoded.errors)
      if (!decoded?.ok) continue
      const suite = decoded.value
      const missing = documentErrors(source, missingPolicies(source, suite))
      errors.push(...missing)
      if (missing.length > 0) continue
      const snapshot = snapshots.of(source, suite)
      if (snapshot instanceof UnusableError) {
        failures.push(snapshot)
        continue
      }
      errors.push(...documentErrors(source, unknownRules(suite, snapshot)))
      suites.push({ path, lines: linesOf(document, suite), suite, snapshot })
    }
  }
  // Suites that name the same policies fail alike.
  const distinct = [...new Set(failures)]
  const all = [...errors, ...distinct.flatMap(failure => failure.errors)]
  const other = distinct.find(failure => failure.errors.length === 0)
  if (all.length > 0) throw unusableDocuments(all)
  if (other !== undefined) throw other
  if (suites.length === 0) throw new UnusableError(`no PolicyTest in ${paths.join(', ')}`)
  return suites
}

/** Documents of other groups, such as the objects of an inventory, are passed over. */
function isOurs({ value }: YamlDocument): boolean {
  return isRecord(value) && (value['kind'] === 'PolicyTest' || String(value['apiVersion']).startsWith(GROUP))
}

const GROUP = 'poolguard.io/'

/** A suite, or what is wrong with it; undefined for a policy. */
function suiteIn(source: PolicySource): DecodedDocument<PolicyTest> | undefined {
  const kind = policyKindOf(source)
  if (!kind.ok) return kind
  return kind.value === 'PolicyTest' ? decodePolicyTest(source) : undefined
}

/** Files that are named and cannot be read. */
function missingPolicies(source: PolicySource, { spec }: PolicyTest): readonly Problem[] {
  return spec.policies.flatMap((policy, i): Problem[] => {
    if (typeof policy !== 'string' || existsSync(resolve(dirname(source.path), policy))) return []
    const path = ['spec', 'policies', i]
    return [{ path, at: 'value', message: 'no such file or folder', hint: 'paths are relative to this file' }]
  })
}

function linesOf(document: YamlDocument, { spec }: PolicyTest): readonly number[] {
  return spec.cases.map((_, i) => document.position(['spec', 'cases', i]).line)
}

/** Expectations of rules that do not exist: such a case could never come out otherwise than by mistake. */
function unknownRules({ spec }: PolicyTest, { exposures }: PolicySnapshot): readonly Problem[] {
  const known = [...allRules(exposures).map(({ id }) => id), INVALID_OBJECT]
  return spec.cases.flatMap(({ expect }, i) =>
    (['rules', 'unchecked', 'exempted'] as const).flatMap(key =>
      (expect[key] ?? []).flatMap((id, at): Problem[] => {
        if (known.includes(id)) return []
        const path = ['spec', 'cases', i, 'expect', key, at]
        return [{ path, at: 'value', message: 'no rule has this id', hint: didYouMean(id, known) }]
      })
    )
  )
}

class Snapshots {
  private readonly defaults: readonly string[]
  private readonly known = new Map<string, PolicySnapshot | UnusableError>()

  constructor(defaults: readonly string[]) {
    this.defaults = defaults
  }

  /** The policies a suite names (paths relative to its file, or documents), else those of the command line; or why not. */
  of(source: PolicySource, { spec }: PolicyTest): PolicySnapshot | UnusableError {
    const named = spec.policies.map(policy =>
      typeof policy === 'string' ? resolve(dirname(source.path), policy) : policy
    )
    const wanted = named.length === 0 ? this.defaults : named
    const key = JSON.stringify(wanted)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const loaded = orUnusable(() =>
      snapshotFrom(
        parsed(
          wanted.flatMap((policy, i) =>
            typeof policy === 'string' ? policySources(policy) : [inline(source, i)]
          )
        )
      )
    )
    this.known.set(key, loaded)
    return loaded
  }
}

function orUnusable<T>(load: () => T): T | UnusableError {
  try {
    return load()
  } catch (error) {
    if (error instanceof UnusableError) return error
    throw error
  }
}

function parsed(sources: readonly PolicySource[]): ParsedPolicies {
  return parsePolicyDocuments(sources, RULE_ACTIONS)
}

function inline({ path, document }: PolicySource, index: number): PolicySource {
  return { path, document: partOf(document, ['spec', 'policies', index]) }
}

function policySources(path: string): readonly PolicySource[] {
  return readPolicyFiles(path).flatMap(file => {
    const stream = readYaml(file.path, file.text)
    if (stream.errors.length > 0) throw unusableDocuments(stream.errors)
    return stream.documents.map(document => ({ path: file.path, document }))
  })
}

function yamlFiles(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter(name => /\.ya?ml$/.test(name))
      .toSorted()
      .map(name => join(path, name))
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `cannot read ${path}`)
  }
}
