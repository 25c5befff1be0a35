import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { PolicySnapshot } from '../admission/ports.ts'
import { isRecord } from '../kinds/decode.ts'
import { formatDocumentError } from '../policy/document-error.ts'
import { parsePolicyTests, type PolicyTest } from '../policy/policy-test.ts'
import type { PolicyFile } from '../policy/policy-set.ts'
import { toYaml } from '../policy/yaml-text.ts'
import { UnusableError } from './io.ts'
import { readPolicyFiles, snapshotOf } from './policies.ts'

/** One suite, where it stands, and the policies its cases are judged by. */
export interface LoadedSuite {
  readonly path: string
  readonly suite: PolicyTest
  readonly snapshot: PolicySnapshot
}

/**
 * Reads every PolicyTest of these files and folders (with their subfolders). Other documents in them are passed over.
 * Throws UnusableError with every error as file:line:column. Suites that name the same policy files share one snapshot.
 */
export function loadSuites(paths: readonly string[], defaults: readonly string[]): readonly LoadedSuite[] {
  const snapshots = new Snapshots(defaults)
  const errors: string[] = []
  const suites: LoadedSuite[] = []
  for (const path of paths.flatMap(yamlFiles)) {
    const parsed = parsePolicyTests(path, readFileSync(path, 'utf8'))
    errors.push(...parsed.errors.map(formatDocumentError))
    for (const suite of parsed.suites) {
      suites.push({ path, suite, snapshot: snapshots.of(path, suite.spec.policies) })
    }
  }
  if (errors.length > 0) throw new UnusableError(errors.join('\n'))
  if (suites.length === 0) throw new UnusableError(`no PolicyTest in ${paths.join(', ')}`)
  return suites
}

class Snapshots {
  private readonly defaults: readonly string[]
  private readonly known = new Map<string, PolicySnapshot>()

  constructor(defaults: readonly string[]) {
    this.defaults = defaults
  }

  /** The policies a suite names (paths relative to its file, or documents), else those of the command line. */
  of(suitePath: string, policies: readonly unknown[]): PolicySnapshot {
    const sources =
      policies.length === 0
        ? this.defaults
        : policies.map(policy => (typeof policy === 'string' ? resolve(dirname(suitePath), policy) : policy))
    const key = JSON.stringify(sources)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const files = sources.flatMap((source): readonly PolicyFile[] => {
      if (typeof source === 'string') return readPolicyFiles(source)
      return isRecord(source) ? [{ path: suitePath, text: toYaml([source]) }] : []
    })
    const snapshot = snapshotOf(files)
    this.known.set(key, snapshot)
    return snapshot
  }
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
