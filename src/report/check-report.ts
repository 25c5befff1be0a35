import type { CheckReport } from '../admission/check-report.ts'
import { formatDocumentError, type DocumentError } from '../policy/document-error.ts'
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
  /** What could not be read; the text leaves them to stderr. */
  readonly errors: readonly DocumentError[]
  /** Whether the text tells how full pools and allocations are. JSON always does, the other formats have no place for it. */
  readonly showsCapacity: boolean
  readonly tool: SarifTool
  /** The digest of what it was judged by, '' where nothing could be loaded; only JSON has a place for it. */
  readonly policies: string
}

/** A check or an audit in one of the formats, ending in a line end. */
export function renderCheckReport(report: CheckReport, rendering: CheckRendering): string {
  const { command, format, colour, errors, showsCapacity, tool, policies } = rendering
  const sentences = errors.map(formatDocumentError)
  switch (format) {
    case 'text':
      return checkText(report, colour, showsCapacity)
    case 'json':
      return checkJson(report, sentences, policies)
    case 'junit':
      return checkJunit(report, sentences, `poolguard ${command}`)
    case 'sarif':
      return checkSarif(report, errors, tool)
  }
}
