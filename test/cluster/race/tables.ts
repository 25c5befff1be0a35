import type { Cost } from './cost.ts'
import type { Tally } from './verdict.ts'

/** Markdown: one column of each. */
export function sideBySide(tallies: Readonly<Record<string, Tally>>): string {
  const columns = Object.values(tallies)
  const row = (what: string, of: (tally: Tally) => string | number): readonly string[] => [
    what,
    ...columns.map(tally => String(of(tally)))
  ]
  return markdown([
    ['', ...Object.keys(tallies)],
    row('rounds', ({ rounds }) => rounds),
    row('stored', ({ admitted }) => admitted),
    row('wrongly stored', ({ wronglyStored }) => wronglyStored),
    row('p50 of a write', ({ p50Ms }) => `${p50Ms} ms`),
    row('p99 of a write', ({ p99Ms }) => `${p99Ms} ms`)
  ])
}

/** Markdown: one row of each sort of write. */
export function costTable(costs: readonly Cost[]): string {
  const rows = costs.map(({ write, samples, withoutMs, withMs, addedMs, ratio }) => [
    write,
    `${withoutMs} ms`,
    `${withMs} ms`,
    `${addedMs} ms`,
    `${ratio}`,
    `${samples}`
  ])
  return markdown([['a write that', 'without', 'with', 'added', 'ratio', 'samples'], ...rows])
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map(line).join('\n')
}
