import { writeFileSync } from 'node:fs'
import { runSuite } from '../admission/suite.ts'
import { renderTestReport, type TestReport, type TestSuiteReport } from '../report/test-report.ts'
import { EXIT, type Io } from './io.ts'
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
  const defaults = orDefault(options.policies)
  const suites: TestSuiteReport[] = []
  for (const loaded of loadSuites(options.paths, defaults)) suites.push(await suiteReport(loaded))
  const report: TestReport = { suites }
  const text = renderTestReport(report, options.format)
  if (options.output === undefined) io.stdout(text)
  else writeFileSync(options.output, text)
  return suites.every(suite => suite.cases.every(testCase => testCase.passed)) ? EXIT.ok : EXIT.denied
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
