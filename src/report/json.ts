import type { CheckReport } from '../admission/check-report.ts'
import type { Capacity } from '../rules/capacity.ts'
import { escapeJson } from './escape.ts'
import { countCases, type TestReport } from './test-results.ts'

/**
 * A check as one JSON object: `summary`, `errors` (sentences about what could not be read) and `objects`; an audit also
 * `capacity`.
 */
export function checkJson(
  { summary, objects }: CheckReport,
  errors: readonly string[],
  capacity?: Capacity
): string {
  return written({ summary, errors, objects, capacity })
}

/** Test results as one JSON object: `summary` with `passed` and `failed`, and `suites`. */
export function testJson(report: TestReport): string {
  return written({ summary: countCases(report), suites: report.suites })
}

function written(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, undefined, 2))}\n`
}
