import { getJunitXml, type TestCase, type TestSuite, type TestSuiteReport } from 'junit-xml'
import type { CheckedObject, CheckReport } from '../admission/check-report.ts'
import { escapeLine } from './escape.ts'
import { refText } from './ref-text.ts'
import { exemptedText, findingText, uncheckedText, witnessLines } from './text.ts'
import type { TestCaseReport, TestReport } from './test-results.ts'

/**
 * A check as JUnit XML: one suite a file (a kind, for objects of a cluster), one case an object. Denied objects fail; what
 * is unchecked or not judged is skipped, as it has not passed. Each of `errors` (what could not be read) is a case that
 * ends in an error.
 */
export function checkJunit(report: CheckReport, errors: readonly string[], name: string): string {
  const bySuite = new Map<string, TestCase[]>()
  for (const object of report.objects) {
    const suite = object.source.line === 0 ? object.ref.kind : object.source.path
    const cases = bySuite.get(suite) ?? []
    cases.push(objectCase(object))
    bySuite.set(suite, cases)
  }
  const suites = [...bySuite].map(([suite, testCases]): TestSuite => ({ name: escapeLine(suite), testCases }))
  return junit(name, [...suites, ...errorSuites(errors)])
}

/** One suite, with a case an error; none without errors. */
function errorSuites(errors: readonly string[]): readonly TestSuite[] {
  const testCases = errors.map((error): TestCase => ({
    name: escapeLine(error),
    errors: [failed(error, 'unreadable')]
  }))
  return testCases.length === 0 ? [] : [{ name: 'errors', testCases }]
}

function objectCase({
  source,
  ref,
  verdict,
  findings,
  more = 0,
  exempted,
  unchecked
}: CheckedObject): TestCase {
  const place = source.line === 0 ? source.path : `${source.path}:${source.line}`
  const texts = (action: string) => findings.filter(finding => finding.action === action).map(findingText)
  const said = [
    ...texts('warn'),
    ...texts('audit'),
    ...(more === 0 ? [] : [`and ${more} more`]),
    ...exempted.map(exemptedText),
    ...(unchecked.length === 0 ? [] : [uncheckedText(unchecked)]),
    ...findings.flatMap(witnessLines)
  ]
  return {
    name: escapeLine(ref.kind === '' ? `document at ${place}` : refText(ref)),
    classname: escapeLine(place),
    skipped: verdict === 'unchecked' || verdict === 'not-judged',
    failures: texts('deny').map(text => failed(text, 'denied')),
    ...(said.length === 0 ? {} : { systemOut: said.map(escapeLine) })
  }
}

/** Test results as JUnit XML: one suite a PolicyTest, times in seconds as JUnit has them. */
export function testJunit(report: TestReport): string {
  const suites = report.suites.map(({ name, path, cases }): TestSuite => ({
    name: escapeLine(`${path}: ${name}`),
    testCases: cases.map(testCase => policyCase(testCase, path))
  }))
  return junit('poolguard test', [...suites, ...errorSuites(report.errors ?? [])])
}

function policyCase({ name, line, failures, passed, durationMs }: TestCaseReport, path: string): TestCase {
  const texts = passed || failures.length > 0 ? failures : ['failed']
  return {
    name: escapeLine(name),
    classname: escapeLine(`${path}:${line}`),
    failures: texts.map(text => failed(text, 'failed')),
    ...(durationMs === undefined ? {} : { time: durationMs / 1000 })
  }
}

type Failed = NonNullable<TestCase['failures']>[number]

function failed(text: string, type: 'denied' | 'failed' | 'unreadable'): Failed {
  return { message: escapeLine(text), type }
}

function junit(name: string, suites: TestSuite[]): string {
  const report: TestSuiteReport = { name, suites }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${withFailures(getJunitXml(report))}\n`
}

/**
 * junit-xml 1.2.0 counts failures as failures but writes them as `<error>`, which readers take for a fault of the test
 * itself. The text of an element cannot hold `<`, so the pattern meets elements only.
 */
function withFailures(xml: string): string {
  return xml.replace(/<error type="(denied|failed)">([^<]*)<\/error>/g, '<failure type="$1">$2</failure>')
}
