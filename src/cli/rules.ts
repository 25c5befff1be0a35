import type { PolicySnapshot } from '../admission/ports.ts'
import { jsonSchemas } from '../policy/json-schema.ts'
import { RULES } from '../rules/index.ts'
import type { AnyRule } from '../rules/rule.ts'
import { EXIT, UnusableError, type Io } from './io.ts'

/** `poolguard rules`: the catalogue, one line a rule, or the table of the README, or JSON. */
export function runRules(format: 'text' | 'markdown' | 'json', io: Io): number {
  if (format === 'json') io.stdout(`${JSON.stringify(RULES.map(ruleFacts), undefined, 2)}\n`)
  else if (format === 'markdown') io.stdout(`${ruleTable()}\n`)
  else io.stdout(ruleLines())
  return EXIT.ok
}

/**
 * `poolguard explain NAME`: a rule with reason, fix and sources, and the action these policies give it; or the JSON
 * Schema of a document kind.
 */
export function runExplain(name: string, snapshot: () => PolicySnapshot, io: Io): number {
  const schemas = new Map<string, unknown>(Object.entries(jsonSchemas()))
  const rule = RULES.find(candidate => candidate.id === name)
  if (rule !== undefined) io.stdout(explained(rule, snapshot()))
  else if (schemas.has(name)) io.stdout(`${JSON.stringify(schemas.get(name), undefined, 2)}\n`)
  else {
    const known = [...RULES.map(({ id }) => id), ...schemas.keys()]
    throw new UnusableError(
      `there is no rule or document kind ${JSON.stringify(name)}. Known: ${known.join(', ')}`
    )
  }
  return EXIT.ok
}

function explained(rule: AnyRule, snapshot: PolicySnapshot): string {
  const action = snapshot.rules.find(bound => bound.rule.id === rule.id)?.action ?? 'off'
  return [
    `${rule.id} (${kindsOf(rule)})`,
    '',
    rule.summary,
    '',
    `Action:  ${action}${action === rule.defaultAction ? '' : `, by policy; ${rule.defaultAction} by default`}`,
    `Why:     ${rule.why}`,
    `Fix:     ${rule.fix}`,
    `Example: ${rule.example.trim().replaceAll('\n', '\n         ')}`,
    ...(rule.reads.length > 0 ? [`Reads:   ${rule.reads.join(', ')}`] : []),
    ...rule.see.map(source => `See:     ${source}`),
    ''
  ].join('\n')
}

/** The rule table as Markdown, as it stands in the README. */
export function ruleTable(): string {
  const rows = RULES.map(
    rule => `| \`${rule.id}\` | ${kindsOf(rule)} | ${rule.defaultAction} | ${rule.summary} |`
  )
  return ['| rule | on | default | what is required |', '|---|---|---|---|', ...rows].join('\n')
}

/** The kinds it judges; of those on which it only warns that it does. */
function kindsOf({ on, advisesOn }: AnyRule): string {
  return on.map(kind => (advisesOn.includes(kind) ? `${kind} (warns)` : kind)).join(', ')
}

function ruleLines(): string {
  const width = Math.max(...RULES.map(rule => rule.id.length))
  return RULES.map(
    rule => `${rule.id.padEnd(width)}  ${rule.defaultAction.padEnd(5)}  ${rule.summary}\n`
  ).join('')
}

function ruleFacts({ id, summary, why, fix, example, see, on, advisesOn, reads, defaultAction }: AnyRule) {
  return { id, on, advisesOn, defaultAction, summary, why, fix, example, see, reads }
}
