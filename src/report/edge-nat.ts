import { formatRange } from '../address/format.ts'
import type { EdgeNatDrift } from '../rules/edge-nat-drift.ts'
import { escapeLine } from './escape.ts'
import { refText } from './ref-text.ts'

const COLUMNS = ['ACTION', 'PUBLIC IP', 'EIP', 'USED BY', 'SUBNET', 'PLAN']

const UNKNOWN = "the edge router's mappings: not known which OvnEip, Subnet and Service objects there are"

/** What stands where the network team has to choose a public address. */
const TO_CHOOSE = '?'

/**
 * The changes that bring an edge NAT router in line with what is in use, as a table in columns, one mapping a line, and a
 * line with their number last. Mappings to remove are named by their place in the plan, which has to change as well.
 */
export function edgeNatText(drift: EdgeNatDrift | 'unknown'): string {
  if (drift === 'unknown') return `${UNKNOWN}\n`
  const { missing, stale } = drift
  const added = missing.map(({ eip, holder, subnet }) => [
    'add',
    TO_CHOOSE,
    formatRange(eip),
    refText(holder),
    subnet,
    ''
  ])
  const removed = stale.map(({ publicIP, eip }) => [
    'remove',
    formatRange(publicIP.range),
    formatRange(eip.range),
    '',
    '',
    mappingField(eip.field)
  ])
  const rows = [...added, ...removed].map(row => row.map(cell => escapeLine(cell)))
  const summary = `${rows.length} of the edge router's mappings to change: ${added.length} to add, ${removed.length} to remove`
  return [...(rows.length === 0 ? [] : table([COLUMNS, ...rows])), summary, ''].join('\n')
}

/** The same for JSON: `missing` with eip, kind, name and subnet, `stale` with publicIP, eip and field; null for what is unknown. */
export function edgeNatFacts(drift: EdgeNatDrift | 'unknown') {
  if (drift === 'unknown') return null
  const { missing, stale } = drift
  return {
    missing: missing.map(({ eip, holder, subnet }) => ({
      eip: formatRange(eip),
      kind: holder.kind,
      name: holder.name,
      subnet
    })),
    stale: stale.map(({ publicIP, eip }) => ({
      publicIP: formatRange(publicIP.range),
      eip: formatRange(eip.range),
      field: mappingField(eip.field)
    }))
  }
}

/** `spec.edgeRouter.mappings[3]`, of the field of its `eip`. */
function mappingField(field: string): string {
  return field.replace(/\.eip$/, '')
}

/** Cells under one another, two blanks between columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  )
}
