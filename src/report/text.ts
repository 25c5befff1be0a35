import type {
  CheckedObject,
  CheckExempted,
  CheckFinding,
  CheckReport,
  Position,
  Unchecked
} from '../admission/check-report.ts'
import { listed } from '../admission/show.ts'
import { toYaml } from '../policy/yaml-text.ts'
import { capacityText } from './capacity.ts'
import { edgeNatText } from './edge-nat.ts'
import { escapeLine } from './escape.ts'
import { refText } from './ref-text.ts'
import { countCases, type TestReport } from './test-results.ts'

const WORDS = { deny: 'DENIED', warn: 'WARNED', audit: 'AUDITED' } as const

/** SGR codes (ECMA-48 8.3.117): red, yellow, cyan. */
const COLOURS: ReadonlyMap<string, number> = new Map([
  ['DENIED', 31],
  ['FAILED', 31],
  ['REFUSED', 31],
  ['WARNED', 33],
  ['EXEMPTED', 36],
  ['FREED', 36],
  ['UNCHECKED', 36]
])

/**
 * A check as text: one line a finding, also where it is exempted, and one for each object that was not wholly checked, each
 * beginning with path:line:column, and the numbers of `checkSummary` last. Nothing for objects that passed. How full pools
 * and allocations are, when it is asked for, and what the edge router lacks come before the numbers.
 */
export function checkText(report: CheckReport, colour: boolean, showsCapacity = false): string {
  const lines = report.objects.flatMap(object => objectLines(object, colour))
  const capacity = showsCapacity ? capacityText(report.capacity) : ''
  const edgeNat = report.edgeNat === undefined ? '' : edgeNatText(report.edgeNat)
  const tables = [capacity, edgeNat].filter(table => table !== '')
  const found = lines.length > 0 && tables.length > 0 ? [...lines, ''] : lines
  return [...found, ...tables, checkSummary(report), ''].join('\n')
}

/** `5 objects: 1 denied, 2 warned, 0 unchecked, 1 passed, 1 not judged`. */
export function checkSummary({ objects, summary }: CheckReport): string {
  const { denied, warned, unchecked, passed } = summary
  const numbers = `${denied} denied, ${warned} warned, ${unchecked} unchecked, ${passed} passed`
  return `${objects.length} ${objects.length === 1 ? 'object' : 'objects'}: ${numbers}, ${summary['not-judged']} not judged`
}

function objectLines(object: CheckedObject, colour: boolean): readonly string[] {
  const { source, ref, findings, more = 0, exempted, unchecked } = object
  // An object of a cluster is named by its place already.
  const about = source.line === 0 ? '' : `${refText(ref)}: `
  const line = (at: Position, word: string, message: string) =>
    `${placed(source.path, at)} ${painted(word, colour)} ${escapeLine(`${about}${message}`)}`
  const found = findings.flatMap(finding => [
    line(finding, WORDS[finding.action], findingText(finding)),
    ...witnessLines(finding)
  ])
  const passed = exempted.map(one => line(one, 'EXEMPTED', exemptedText(one)))
  const rest = more > 0 ? [`${placed(source.path, source)} and ${more} more`] : []
  const open = unchecked.length === 0 ? [] : [line(source, 'UNCHECKED', uncheckedText(unchecked))]
  return [...found, ...rest, ...passed, ...open]
}

/** The PolicyTests that show a finding, as one YAML stream a line each, indented; empty for none. */
export function witnessLines({ witnesses = [] }: CheckFinding): readonly string[] {
  if (witnesses.length === 0) return []
  return toYaml(witnesses)
    .trimEnd()
    .split('\n')
    .map(text => `    ${escapeLine(text)}`)
}

/** `path:line:column:`, or `path:`; the path may be hostile, and stands where a CI system looks for commands. */
export function placed(path: string, { line, column }: Position): string {
  return line === 0 ? `${escapeLine(path)}:` : `${escapeLine(path)}:${line}:${column}:`
}

/** A word in its colour. */
export function painted(word: string, colour: boolean): string {
  const code = COLOURS.get(word)
  return colour && code !== undefined ? `\u001b[${code}m${word}\u001b[0m` : word
}

/** `spec.addresses[0] 192.168.1.1/32 is ... [pool-reserved-range]`. */
export function findingText({ message, rule }: CheckFinding): string {
  return `${message} [${rule}]`
}

/** The finding, and `exempted until 2027-01-31 by ExposurePolicy lab: single-node lab`. */
export function exemptedText({ policy, reason, expires, ...finding }: CheckExempted): string {
  return `${findingText(finding)}, exempted until ${expires} by ExposurePolicy ${policy}: ${reason}`
}

/** `pool-overlap, pool-per-tenant: not known which IPAddressPool and Namespace objects there are`. */
export function uncheckedText(unchecked: readonly Unchecked[]): string {
  const of = (reason: Unchecked['because']) => unchecked.filter(({ because }) => because === reason)
  const texts = [
    reasonText(of('kind-unknown'), needs => `not known which ${needs} objects there are`),
    reasonText(of('plan-silent'), needs => `the NetworkPlan does not give ${needs}`),
    reasonText(of('writer-unknown'), () => 'depends on who wrote it, which nothing tells')
  ]
  return texts.filter(text => text !== '').join('; ')
}

function reasonText(unchecked: readonly Unchecked[], reason: (needs: string) => string): string {
  const rules = new Set(unchecked.map(({ rule }) => rule))
  const needs = new Set(unchecked.map(one => one.needs))
  return rules.size === 0 ? '' : `${[...rules].join(', ')}: ${reason(listed([...needs]))}`
}

/** Test results as text: the failing cases with what failed, and `N passed, N failed` as the last line. */
export function testText(report: TestReport, colour: boolean): string {
  const failed = report.suites.flatMap(({ name, path, cases }) =>
    cases
      .filter(testCase => !testCase.passed)
      .flatMap(testCase => [
        `${escapeLine(path)}:${testCase.line}: ${painted('FAILED', colour)} ${escapeLine(`${name}: ${testCase.name}`)}`,
        ...testCase.failures.map(failure => `    ${escapeLine(failure)}`)
      ])
  )
  const { passed, failed: failures } = countCases(report)
  return [...failed, `${passed} passed, ${failures} failed`, ''].join('\n')
}
