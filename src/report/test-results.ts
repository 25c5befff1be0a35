/** One case of a PolicyTest suite. */
export interface TestCaseReport {
  readonly name: string
  readonly passed: boolean
  /** Of the case in the suite's file, 1-based; 0 when it is not known. */
  readonly line: number
  /** One sentence each; empty when it passed. */
  readonly failures: readonly string[]
  readonly durationMs?: number
}

export interface TestSuiteReport {
  readonly name: string
  /** Of the suite's file, as it is shown. */
  readonly path: string
  readonly cases: readonly TestCaseReport[]
}

export interface TestReport {
  /** Why it could not be run, a sentence each; absent when it was. The text leaves them to stderr. */
  readonly errors?: readonly string[]
  readonly suites: readonly TestSuiteReport[]
}

/** How many cases passed and failed. */
export function countCases(report: TestReport): { readonly passed: number; readonly failed: number } {
  const cases = report.suites.flatMap(suite => suite.cases)
  const passed = cases.filter(testCase => testCase.passed).length
  return { passed, failed: cases.length - passed }
}
