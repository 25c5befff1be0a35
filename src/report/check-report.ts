import type { CheckReport } from '../admission/check-report.ts'
import type { Capacity } from '../rules/capacity.ts'
import { checkJson } from './json.ts'
import { checkJunit } from './junit.ts'
import { checkSarif, type SarifTool } from './sarif.ts'
import { checkText } from './text.ts'

export type CheckFormat = 'text' | 'json' | 'sarif' | 'junit'

export interface CheckRendering {
  /** Which verb it is the answer to. */
  readonly command: 'check' | 'audit'
  readonly format: CheckFormat
  /** Colours the text; the other formats have none. */
  readonly colour: boolean
  /** What could not be read, a sentence each; the text leaves them to stderr. */
  readonly errors: readonly string[]
  readonly tool: SarifTool
  /** How full pools are, for the text and the JSON; the other formats have no place for it. */
  readonly capacity?: Capacity
}

/** A check or an audit in one of the formats, ending in a line end. */
export function renderCheckReport(report: CheckReport, rendering: CheckRendering): string {
  const { command, format, colour, errors, tool, capacity } = rendering
  switch (format) {
    case 'text':
      return checkText(report, colour, capacity)
    case 'json':
      return checkJson(report, errors, capacity)
    case 'junit':
      return checkJunit(report, errors, `poolguard ${command}`)
    case 'sarif':
      return checkSarif(report, errors, tool)
  }
}
