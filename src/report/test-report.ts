import { testJson } from './json.ts'
import { testJunit } from './junit.ts'
import type { TestReport } from './test-results.ts'
import { testText } from './text.ts'

export type { TestCaseReport, TestReport, TestSuiteReport } from './test-results.ts'

export type TestFormat = 'text' | 'json' | 'junit'

/** Test results in one of the formats, ending in a line end. `colour` is for the text. */
export function renderTestReport(report: TestReport, format: TestFormat, colour = false): string {
  switch (format) {
    case 'text':
      return testText(report, colour)
    case 'json':
      return testJson(report)
    case 'junit':
      return testJunit(report)
  }
}
