import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { PolicySnapshot } from '../admission/ports.ts'
import { isRecord } from '../kinds/decode.ts'
import { INVALID_OBJECT } from '../admission/response.ts'
import type { DocumentError } from '../policy/document-error.ts'
import { didYouMean } from '../policy/nearest-name.ts'
import { parsePolicyDocuments, type ParsedPolicies } from '../policy/policy-set.ts'
import { decodePolicyTest, type PolicyTest } from '../policy/policy-test.ts'
import { documentError, type PolicySource } from '../policy/problem.ts'
import { partOf, type YamlDocument } from '../policy/yaml-document.ts'
import { readYaml } from '../policy/yaml-source.ts'
import { RULE_ACTIONS } from '../rules/index.ts'
import { readText } from './files.ts'
import { unusableDocuments, UnusableError } from './io.ts'
import { readPolicyFiles, snapshotFrom } from './policies.ts'

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
    for (const document of stream.documents.filter(
      ({ value }) => isRecord(value) && value['kind'] === 'PolicyTest'
    )) {
      const source = { path, document }
      const decoded = decodePolicyTest(source)
      if (decoded.ok) errors.push(...unknownRules(source, decoded.value))
      if (!decoded.ok) {
        errors.push(...decoded.errors)
        continue
      }
      const suite = decoded.value
      const snapshot = snapshots.of(source, suite)
      if (snapshot instanceof UnusableError) failures.push(snapshot)
      else suites.push({ path, lines: linesOf(document, suite), suite, snapshot })
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

function linesOf(document: YamlDocument, { spec }: PolicyTest): readonly number[] {
  return spec.cases.map((_, i) => document.position(['spec', 'cases', i]).line)
}

/** Expectations of rules that do not exist: such a case could never come out otherwise than by mistake. */
function unknownRules(source: PolicySource, { spec }: PolicyTest): readonly DocumentError[] {
  const known = [...RULE_ACTIONS.keys(), INVALID_OBJECT]
  return spec.cases.flatMap(({ expect }, i) =>
    (['rules', 'unchecked', 'exempted'] as const).flatMap(key =>
      (expect[key] ?? []).flatMap((id, at) =>
        known.includes(id)
          ? []
          : documentError(source, {
              path: ['spec', 'cases', i, 'expect', key, at],
              at: 'value',
              message: 'no rule has this id',
              hint: didYouMean(id, known)
            })
      )
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
