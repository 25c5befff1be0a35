import { listed, shown } from '../admission/show.ts'
import type { AllocationCapacity, Capacity, PoolCapacity } from '../rules/capacity.ts'
import { escapeLine } from './escape.ts'

/**
 * How full pools and allocations are, as two tables with a line of headings each; a table without rows is left out, so
 * that nothing is printed when there are neither. What nobody knows is `?`, and the last line says why.
 */
export function capacityText({ pools, allocations, unknown }: Capacity): string {
  const tables = [
    table(['POOL', 'SIZE', 'USED', 'FREE', 'UNUSABLE', 'FULL', 'LEVEL'], pools.map(poolCells)),
    table(
      ['ALLOCATION', 'SIZE', 'USED', 'FREE', 'UNUSABLE', 'UNPOOLED', 'BY', 'PURPOSE'],
      allocations.map(allocationCells)
    )
  ].filter(lines => lines !== '')
  if (tables.length === 0) return ''
  const why = unknown.length === 0 ? '' : `?: not known which ${listed(unknown)} objects there are\n`
  return `${tables.join('\n')}${why}`
}

function poolCells({
  pool,
  size,
  used,
  free,
  unusable,
  usedPercent,
  level
}: PoolCapacity): readonly string[] {
  const nothing = size === 0 ? '-' : '?'
  const full = usedPercent === null ? nothing : `${Math.floor(usedPercent)}%`
  return [shown(pool), ...[size, used, free, unusable].map(count), full, level ?? nothing]
}

function allocationCells(of: AllocationCapacity): readonly string[] {
  const counts = [of.size, of.used, of.free, of.unusable, of.unpooled].map(count)
  return [shown(of.allocation), ...counts, of.announcement, shown(of.purpose)]
}

/** In full as far as it is exact, else as a power of ten: `1.84e+19`. */
function count(number: number | null): string {
  if (number === null) return '?'
  return Number.isSafeInteger(number) ? String(number) : number.toExponential(2)
}

/** Columns with two blanks between them, ending in a line end; '' without rows. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const lines = [headings, ...rows].map(cells => cells.map(escapeLine))
  const widths = headings.map((_, i) => Math.max(...lines.map(cells => cells[i]?.length ?? 0)))
  return lines
    .map(cells => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
    .map(line => `${line.trimEnd()}\n`)
    .join('')
}
