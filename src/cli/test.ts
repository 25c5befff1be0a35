import { runSuite } from '../admission/suite.ts'
import { renderTestReport, type TestReport, type TestSuiteReport } from '../report/test-report.ts'
import { formatDocumentError } from '../policy/document-error.ts'
import { EXIT, UnusableError, unusableText, type Io } from './io.ts'
import { writeReport } from './publish.ts'
import { orDefault } from './policies.ts'
import { loadSuites, type LoadedSuite } from './suites.ts'

export interface TestOptions {
  readonly paths: readonly string[]
  readonly policies: readonly string[]
  readonly format: 'text' | 'json' | 'junit'
  readonly output?: string
}

/** `poolguard test`: runs PolicyTest suites. Exit code 1 when a case does not come out as it says. */
export async function runTest(options: TestOptions, io: Io): Promise<number> {
  try {
    const suites: TestSuiteReport[] = []
    for (const loaded of loadSuites(options.paths, orDefault(options.policies)))
      suites.push(await suiteReport(loaded))
    publishTests({ suites }, options, io)
    return suites.every(suite => suite.cases.every(testCase => testCase.passed)) ? EXIT.ok : EXIT.denied
  } catch (error) {
    // A report for programs says why there are no results.
    if (!(error instanceof UnusableError) || options.format === 'text') throw error
    const { errors, message } = error
    publishTests(
      { suites: [], errors: errors.length > 0 ? errors.map(formatDocumentError) : [message] },
      options,
      io
    )
    io.stderr(unusableText(error))
    return EXIT.unusable
  }
}

function publishTests(report: TestReport, { format, output }: TestOptions, io: Io): void {
  const text = renderTestReport(report, format)
  if (output === undefined) io.stdout(text)
  else writeReport(output, text)
}

async function suiteReport({ path, lines, suite, snapshot }: LoadedSuite): Promise<TestSuiteReport> {
  const cases = await runSuite(suite, snapshot)
  return {
    name: suite.metadata.name,
    path,
    cases: cases.map(({ name, failures }, i) => ({
      name,
      passed: failures.length === 0,
      line: lines[i] ?? 1,
      failures
    }))
  }
}
