import type { CheckReport } from '../admission/check-report.ts'
import { edgeNatFacts } from './edge-nat.ts'
import { escapeJson } from './escape.ts'
import { countCases, type TestReport } from './test-results.ts'

/**
 * A check as one JSON object: `summary`, `policies` (their digest), `errors` (sentences about what could not be read), `objects`
 * (a finding of `policy-widening` has `witnesses`, PolicyTest documents) and `capacity` (see
 * `Capacity`: numbers of addresses are null where nobody knows, and rounded from 2^53 on), and `edgeNat` of an audit where the
 * plan has an edge NAT router (see `edgeNatFacts`).
 */
export function checkJson(
  { summary, objects, capacity, edgeNat }: CheckReport,
  errors: readonly string[],
  policies: string
): string {
  return written({
    summary,
    policies,
    errors,
    objects,
    capacity,
    ...(edgeNat === undefined ? {} : { edgeNat: edgeNatFacts(edgeNat) })
  })
}

/** Test results as one JSON object: `summary` with `passed` and `failed`, `suites`, and `errors` where it could not be run. */
export function testJson(report: TestReport): string {
  const { errors = [], suites } = report
  return written({ summary: countCases(report), ...(errors.length === 0 ? {} : { errors }), suites })
}

/** A value as a report: indented, and safe for whatever reads the output of a job. */
export function written(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, undefined, 2))}\n`
}
