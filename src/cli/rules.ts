import type { PolicySnapshot } from '../admission/ports.ts'
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

/** `poolguard explain RULE`: one rule with reason, fix and sources, and the action these policies give it. */
export function runExplain(id: string, snapshot: PolicySnapshot, io: Io): number {
  const rule = RULES.find(candidate => candidate.id === id)
  if (rule === undefined) {
    throw new UnusableError(`there is no rule ${JSON.stringify(id)}. Known: ${RULES.map(known => known.id).join(', ')}`)
  }
  const action = snapshot.rules.find(bound => bound.rule.id === id)?.action ?? 'off'
  io.stdout(
    [
      `${rule.id} (${rule.on.join(', ')})`,
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
  )
  return EXIT.ok
}

/** The rule table as Markdown, as it stands in the README. */
export function ruleTable(): string {
  const rows = RULES.map(
    rule => `| \`${rule.id}\` | ${rule.on.join(', ')} | ${rule.defaultAction} | ${rule.summary} |`
  )
  return ['| rule | on | default | what is required |', '|---|---|---|---|', ...rows].join('\n')
}

function ruleLines(): string {
  const width = Math.max(...RULES.map(rule => rule.id.length))
  return RULES.map(rule => `${rule.id.padEnd(width)}  ${rule.defaultAction.padEnd(5)}  ${rule.summary}\n`).join('')
}

function ruleFacts({ id, summary, why, fix, example, see, on, reads, defaultAction }: AnyRule) {
  return { id, on, defaultAction, summary, why, fix, example, see, reads }
}
