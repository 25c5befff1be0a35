import type { PolicySnapshot } from '../admission/ports.ts'
import { listed, shown, visible } from '../admission/show.ts'
import type { AppliesTo } from '../policy/applies-to.ts'
import { jsonSchemas } from '../policy/json-schema.ts'
import { RULES } from '../rules/index.ts'
import type { AnyRule } from '../rules/rule.ts'
import { doorTables } from './doors.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { allRules, hasPolicies, loadPolicies, orDefault } from './policies.ts'

/** How `poolguard rules` prints: one line a rule, the table of the README, those of docs/tenants.md, or JSON. */
export const RULE_FORMATS = ['text', 'markdown', 'tenants', 'json'] as const

export interface RulesOptions {
  /** Whose custom rules are listed after the built-in ones; empty: none. Whose digest is printed; empty: the default folder's. */
  readonly policies: readonly string[]
  readonly format: (typeof RULE_FORMATS)[number]
  /** Whether the digest of the policies is printed instead. */
  readonly digest: boolean
}

/** `poolguard rules`: the catalogue; or the policies' digest, alone on its line. */
export function runRules({ policies, format, digest }: RulesOptions, io: Io): number {
  const rules = policies.length === 0 ? RULES : allRules(loadPolicies(policies).exposures)
  if (digest) io.stdout(`${loadPolicies(orDefault(policies)).digest}\n`)
  else if (format === 'json') io.stdout(`${JSON.stringify(rules.map(ruleFacts), undefined, 2)}\n`)
  else if (format === 'markdown') io.stdout(`${ruleTable(rules)}\n`)
  else if (format === 'tenants') io.stdout(`${doorTables()}\n`)
  else io.stdout(ruleLines(rules))
  return EXIT.ok
}

/**
 * `poolguard explain NAME`: a rule with reason, fix and sources, and the action these policies give it; or the JSON
 * Schema of a document kind.
 */
export function runExplain(name: string, policies: readonly string[], io: Io): number {
  const schemas = new Map<string, unknown>(Object.entries(jsonSchemas()))
  if (schemas.has(name)) {
    io.stdout(`${JSON.stringify(schemas.get(name), undefined, 2)}\n`)
    return EXIT.ok
  }
  const isBuiltIn = RULES.some(({ id }) => id === name)
  const snapshot = isBuiltIn || hasPolicies(policies) ? loadPolicies(orDefault(policies)) : undefined
  const rules = snapshot === undefined ? RULES : allRules(snapshot.exposures)
  const rule = rules.find(({ id }) => id === name)
  if (rule !== undefined && snapshot !== undefined) io.stdout(explained(rule, snapshot))
  else {
    const known = [...rules.map(({ id }) => id), ...schemas.keys()]
    throw new UnusableError(
      `there is no rule or document kind ${JSON.stringify(name)}. Known: ${known.join(', ')}`
    )
  }
  return EXIT.ok
}

function explained(rule: AnyRule, snapshot: PolicySnapshot): string {
  return [
    `${rule.id} (${kindsOf(rule)}${onOperations(rule)})`,
    '',
    rule.summary,
    '',
    `Action:  ${actionText(rule, snapshot).join('\n         ')}`,
    `Why:     ${rule.why}`,
    `Fix:     ${rule.fix}`,
    ...(rule.background ?? []).flatMap(paragraph => ['', paragraph]),
    ...(rule.background ? [''] : []),
    `Example: ${rule.example.trim().replaceAll('\n', '\n         ')}`,
    ...(rule.reads.length > 0 ? [`Reads:   ${rule.reads.join(', ')}`] : []),
    ...rule.see.map(source => `See:     ${source}`),
    ''
  ].join('\n')
}

/** Its own action, and one line for each policy that names it: the strictest that applies to a request counts. */
function actionText({ id, defaultAction }: AnyRule, { exposures }: PolicySnapshot): readonly string[] {
  const byPolicy = exposures.policies.flatMap(({ name, actions, appliesTo }) => {
    const action = actions.get(id)
    return action === undefined ? [] : [`${action} by ExposurePolicy ${name}${scopeText(appliesTo)}`]
  })
  return [
    ...byPolicy,
    `${defaultAction} by default${byPolicy.length === 0 ? '' : ', where none of them applies'}`
  ]
}

/** `, for tenants acme and beta; in namespaces it selects`; '' for everything. */
function scopeText({ tenants, exceptTenants, namespaceSelector, serviceClasses }: AppliesTo): string {
  const parts = [
    tenants === undefined ? '' : `for tenants ${listed([...tenants])}`,
    exceptTenants.size === 0 ? '' : `except tenants ${listed([...exceptTenants])}`,
    namespaceSelector === undefined ? '' : 'in the namespaces it selects',
    serviceClasses === undefined ? '' : `of Services the ${listed([...serviceClasses])} ones`
  ].filter(part => part !== '')
  return parts.length === 0 ? '' : `, ${parts.join('; ')}`
}

/** An author's message may be long. */
function summaryOf({ summary, operations }: AnyRule): string {
  return operations === undefined ? summary : shown(summary, 200)
}

/** `, on CREATE and UPDATE`, for a custom rule. */
function onOperations({ operations }: AnyRule): string {
  return operations === undefined ? '' : `, on ${listed(operations)}`
}

/** The rule table as Markdown, as it stands in the README. */
export function ruleTable(rules: readonly AnyRule[] = RULES): string {
  const rows = rules.map(
    rule =>
      `| \`${rule.id}\` | ${kindsOf(rule)} | ${rule.defaultAction} | ${visible(rule.summary).replaceAll('|', '\\|')} |`
  )
  return ['| rule | on | default | what is required |', '|---|---|---|---|', ...rows].join('\n')
}

/** The kinds it judges; of those on which it only warns that it does. */
function kindsOf({ on, advisesOn }: AnyRule): string {
  return on.map(kind => (advisesOn.includes(kind) ? `${kind} (warns)` : kind)).join(', ')
}

function ruleLines(rules: readonly AnyRule[]): string {
  const width = Math.max(...rules.map(rule => rule.id.length))
  return rules
    .map(rule => `${rule.id.padEnd(width)}  ${rule.defaultAction.padEnd(5)}  ${summaryOf(rule)}\n`)
    .join('')
}

function ruleFacts(rule: AnyRule) {
  const { id, summary, why, fix, example, see, on, operations, advisesOn, reads, defaultAction } = rule
  return { id, on, operations, advisesOn, defaultAction, summary, why, fix, example, see, reads }
}
