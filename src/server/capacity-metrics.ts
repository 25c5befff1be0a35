import type { AllocationCapacity, Capacity, Counts, PoolCapacity } from '../rules/capacity.ts'
import { inSlices } from './slices.ts'
import type { Steps } from './slices.ts'

/** How long a text is handed out again: whoever scrapes more often costs nothing more. */
const KEPT_MS = 1_000

/**
 * Gauges of how full pools and allocations are, in the text format of Prometheus. They are worked out and written in slices of
 * a few milliseconds, which prom-client does not do: 10,000 pools have 30,000 series. Empty while it is not known which
 * pools or Services there are, as then nothing is known of how full they are.
 */
export function capacityMetrics(capacity: () => Steps<Capacity>): () => Promise<string> {
  let text: Promise<string> | undefined
  return () => (text ??= inSlices(metricLines(capacity())).finally(() => setTimeout(forget, KEPT_MS).unref()))

  function forget(): void {
    text = undefined
  }
}

const ADDRESSES_OF_POOL = {
  name: 'poolguard_pool_addresses',
  help: 'Addresses of a pool: used by Services, free, or unusable because of avoidBuggyIPs.'
}
const RATIO_OF_POOL = {
  name: 'poolguard_pool_used_ratio',
  help: 'Used of the addresses of a pool that can be used, of its fullest family; 1 when none is left.'
}
const ADDRESSES_OF_ALLOCATION = {
  name: 'poolguard_allocation_addresses',
  help: "Addresses of one of the plan's allocations: used, free or unusable as in its pools, or in no pool."
}

function* metricLines(steps: Steps<Capacity>): Steps<string> {
  const { unknown, pools, allocations } = yield* steps
  if (unknown.length > 0) return ''
  // A plan may hand a range over twice, and a series stands once.
  const unique = [...new Map(allocations.map(allocation => [allocation.allocation, allocation])).values()]
  const families = [
    yield* family(ADDRESSES_OF_POOL, pools, poolStates),
    yield* family(RATIO_OF_POOL, pools, poolRatio),
    yield* family(ADDRESSES_OF_ALLOCATION, unique, allocationStates)
  ]
  return families.filter(text => text !== '').join('\n')
}

/** Objects whose lines are written in one step. */
const STEP_SIZE = 500

/** '' without series. */
function* family<T>(
  { name, help }: { readonly name: string; readonly help: string },
  objects: readonly T[],
  series: (object: T) => readonly string[]
): Steps<string> {
  const lines: string[] = []
  for (const [i, object] of objects.entries()) {
    for (const one of series(object)) lines.push(`${name}${one}\n`)
    if (i % STEP_SIZE === STEP_SIZE - 1) yield
  }
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function poolStates(of: PoolCapacity): readonly string[] {
  return states(`pool="${escaped(of.pool)}"`, of)
}

function poolRatio({ pool, usedPercent }: PoolCapacity): readonly string[] {
  if (usedPercent === null) return []
  // 44.44 / 100 is 0.44439999999999996.
  return [`{pool="${escaped(pool)}"} ${Math.round(usedPercent * 100) / 10_000}`]
}

function allocationStates(of: AllocationCapacity): readonly string[] {
  const label = `allocation="${escaped(of.allocation)}"`
  return [...states(label, of), `{${label},state="unpooled"} ${of.unpooled ?? 0}`]
}

function states(label: string, { used, free, unusable }: Counts): readonly string[] {
  return Object.entries({ used, free, unusable }).map(
    ([state, count]) => `{${label},state="${state}"} ${count ?? 0}`
  )
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
