import { writeFileSync } from 'node:fs'
import { reportOn, type CheckReport } from '../admission/check-report.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import { INVALID_OBJECT } from '../admission/response.ts'
import { POLICY_WIDENING } from '../admission/widening/widening-report.ts'
import type { DocumentError } from '../policy/yaml-source.ts'
import { renderCheckReport, type CheckFormat, type CheckRendering } from '../report/check-report.ts'
import type { SarifTool } from '../report/sarif.ts'
import { checkSummary } from '../report/text.ts'
import type { Capacity } from '../rules/capacity.ts'
import { UNKNOWN_REFERENCE } from '../rules/unknown-references.ts'
import { fileError } from './documents.ts'
import { EXIT, UnusableError, unusableText, type Io } from './io.ts'
import { errorLine } from './sources.ts'
import { VERSION } from './version.ts'

export interface PublishOptions {
  readonly format: CheckFormat
  /** Where the report is written instead of to stdout. */
  readonly output?: string
}

/** What a report is published with. */
export interface Publication {
  readonly command: CheckRendering['command']
  readonly options: PublishOptions
  readonly io: Io
  /** What could not be read; goes to stderr too. */
  readonly errors: readonly DocumentError[]
  readonly snapshot: PolicySnapshot
  /** Whether the text tells how full pools and allocations are. */
  readonly showsCapacity: boolean
}

/** Prints or writes a report. The summary goes to stderr where stdout does not end with it. */
export function publish(report: CheckReport, publication: Publication): void {
  const { command, options, io, errors, snapshot, showsCapacity } = publication
  const { format, output } = options
  const text = renderCheckReport(report, {
    command,
    format,
    colour: output === undefined && io.isTerminal,
    errors,
    showsCapacity,
    tool: toolOf(snapshot),
    policies: snapshot.digest
  })
  for (const error of errors) io.stderr(`${errorLine(error)}\n`)
  if (output === undefined) io.stdout(text)
  else writeReport(output, text)
  if (output !== undefined || format !== 'text') io.stderr(`${checkSummary(report)}\n`)
}

/** Throws UnusableError when it cannot be written. */
export function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `cannot write ${path}`)
  }
}

/**
 * Runs a command that reports. Where it cannot do its work, a report for programs says so too, with the places of what is wrong, so
 * that what reads it shows why; the text leaves that to stderr.
 */
export async function reporting(
  { command, options, io }: Pick<Publication, 'command' | 'options' | 'io'>,
  run: () => Promise<number>
): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof UnusableError) || options.format === 'text') throw error
    const nothing = reportOn([], { capacity: NO_CAPACITY, edgeNat: undefined })
    const { format, output } = options
    const errors = error.errors.length > 0 ? error.errors : [fileError('', error.message)]
    const rendering = { command, format, colour: false, errors, showsCapacity: false, policies: '' }
    const text = renderCheckReport(nothing, { ...rendering, tool: toolOf({ rules: [] }) })
    io.stderr(unusableText(error))
    if (output === undefined) io.stdout(text)
    else writeReport(output, text)
    return EXIT.unusable
  }
}

const NO_CAPACITY: Capacity = { pools: [], allocations: [], unknown: [] }

function toolOf({ rules }: Pick<PolicySnapshot, 'rules'>): SarifTool {
  const invalid = {
    id: INVALID_OBJECT,
    summary: 'Every field has the type that its kind gives it.',
    why: 'The API server refuses an object whose fields have the wrong types.',
    fix: 'Correct the type of the field.',
    see: []
  }
  return { version: VERSION, rules: [invalid, UNKNOWN_REFERENCE, POLICY_WIDENING, ...rules] }
}
