import { formatDocumentError, type DocumentError } from '../policy/document-error.ts'
import { escapeLine } from '../report/escape.ts'

/** The outside world as the commands see it, so that tests can stand in for it. */
export interface Io {
  /** The result alone. */
  readonly stdout: (text: string) => void
  /** Everything else: progress, hints, errors. */
  readonly stderr: (text: string) => void
  /** True when stdout is a terminal that may show colour. */
  readonly isTerminal: boolean
  /** All of standard input. */
  readonly stdin: () => Promise<string>
}

/** Exit codes, everywhere: nothing denied; something denied or a test failed; the tool could not do its work. */
export const EXIT = { ok: 0, denied: 1, unusable: 2 } as const

/** The tool cannot do its work: printed as `poolguard: message`, exit code 2. Thrown only in this folder. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError'
  /** What is wrong with documents, where that is why; empty for other reasons. */
  readonly errors: readonly DocumentError[]

  constructor(message: string, errors: readonly DocumentError[] = []) {
    super(message)
    this.errors = errors
  }
}

/** These errors are why: one a line as file:line:column. */
export function unusableDocuments(errors: readonly DocumentError[]): UnusableError {
  return new UnusableError(errors.map(error => escapeLine(formatDocumentError(error))).join('\n'), errors)
}

/** What stderr says of it. Names of files are repeated, and what reads the output of a job obeys some lines. */
export function unusableText({ message }: UnusableError): string {
  return `poolguard: ${message.split('\n').map(escapeLine).join('\n')}\n`
}
