import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PolicySnapshot } from '../admission/ports.ts'
import { planClaims } from '../policy/plan-claims.ts'
import { parsePolicies, type ParsedPolicies, type PolicyFile } from '../policy/policy-set.ts'
import { isOff, type ExposurePolicies } from '../policy/resolve-exposure.ts'
import { RULES, RULE_ACTIONS } from '../rules/index.ts'
import { customRules } from '../rules/custom-rule.ts'
import type { AnyRule } from '../rules/rule.ts'
import { unusableDocuments, UnusableError } from './io.ts'

/** Where policies are looked for when no --policies is given, relative to the working directory. */
const DEFAULT_POLICIES = 'policies'

/** Whether policies were named, or there is a default folder. */
export function hasPolicies(paths: readonly string[]): boolean {
  return paths.length > 0 || existsSync(DEFAULT_POLICIES)
}

/** The policies named, or those of the default folder. */
export function orDefault(paths: readonly string[]): readonly string[] {
  return paths.length > 0 ? paths : [DEFAULT_POLICIES]
}

/**
 * Reads the policies of these folders (their *.yaml and *.yml, without descending) and files. Throws UnusableError with
 * every error, one a line as file:line:column, so that nothing starts on half a policy.
 */
export function loadPolicies(paths: readonly string[]): PolicySnapshot {
  return snapshotOf(paths.flatMap(readPolicyFiles))
}

/** Parses policy files that were read already. Throws UnusableError as `loadPolicies` does. */
export function snapshotOf(files: readonly PolicyFile[]): PolicySnapshot {
  return snapshotFrom(parsePolicies(files, RULE_ACTIONS))
}

/** Binds parsed policies to the rules. Throws UnusableError with what is wrong with them. */
export function snapshotFrom(parsed: ParsedPolicies): PolicySnapshot {
  if (!parsed.ok) throw unusableDocuments(parsed.errors)
  const { plan, exposures, canonical } = parsed.policies
  const rules = allRules(exposures).filter(({ id, defaultAction }) => !isOff(exposures, id, defaultAction))
  return { plan, rules, exposures, claims: planClaims(plan), digest: digestOf(canonical) }
}

/** The value of --require-digest. Throws UnusableError when it is no digest, so that a typing error does not pin nothing. */
export function requiredDigest(text: string | undefined): string | undefined {
  if (text === undefined || /^sha256:[0-9a-f]{64}$/.test(text)) return text
  throw new UnusableError(
    `--require-digest ${JSON.stringify(text)} is no digest: sha256: and 64 hex digits in lower case, as \`poolguard rules --digest\` prints it`
  )
}

/** As container images name theirs: `sha256:` and 64 hex digits. */
function digestOf(canonical: string): string {
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`
}

/** The built-in rules, and then those that these policies bring. */
export function allRules({ policies }: Pick<ExposurePolicies, 'policies'>): readonly AnyRule[] {
  return [...RULES, ...customRules(policies.flatMap(policy => policy.customRules))]
}

/** The texts of one --policies argument. Throws UnusableError when it cannot be read. */
export function readPolicyFiles(path: string): readonly PolicyFile[] {
  try {
    if (!statSync(path).isDirectory()) return [{ path, text: readFileSync(path, 'utf8') }]
    const names = readdirSync(path, { withFileTypes: true })
      .filter(entry => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
      .map(entry => entry.name)
      .toSorted()
    if (names.length === 0) throw new Error(`no *.yaml in ${path}`)
    return names.map(name => ({ path: join(path, name), text: readFileSync(join(path, name), 'utf8') }))
  } catch (error) {
    throw new UnusableError(
      `cannot read policies (--policies): ${error instanceof Error ? error.message : path}`
    )
  }
}
