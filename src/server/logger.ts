import { destination, pino, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { Outcome, Question } from '../admission/answer.ts'
import { visible } from '../admission/show.ts'

/** The one logger: JSON lines. */
export type Log = Logger

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where lines go; default stderr, as stdout carries results alone. */
  readonly stream?: DestinationStream
  /** Called for each line that is dropped because nobody reads the log. */
  readonly dropped?: () => void
}

/** Lines held back while stderr does not drain; what comes on top is dropped, so that answers never wait for a log. */
const BUFFERED_BYTES = 1024 * 1024

/** Longest text taken from a review; user names and uids are shorter, and a line must stay one line. */
const SHOWN_CHARACTERS = 256

/** Writes in this thread: a worker transport would lose all lines on a signal and cannot be bundled. */
export function createLogger({ level, stream, dropped }: LogOptions): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) }
    },
    stream ?? stderrStream(dropped)
  )
}

function stderrStream(dropped: LogOptions['dropped']): DestinationStream {
  const stream = destination({ dest: 2, sync: false, maxLength: BUFFERED_BYTES })
  return dropped === undefined ? stream : stream.on('drop', dropped)
}

/** One line per denial (info), malformed request (warn) and fault (error); what was allowed only at debug. No bodies. */
export function logOutcome(log: Log, outcome: Outcome, durationMs: number, question: Question): void {
  const level = LEVELS[outcome.verdict]
  if (!log.isLevelEnabled(level)) return
  const facts = {
    uid: printable(outcome.uid),
    user: printable(outcome.username),
    operation: printable(outcome.operation),
    kind: printable(outcome.kind),
    namespace: printable(outcome.namespace),
    name: printable(outcome.name),
    path: question.path,
    dryRun: outcome.dryRun,
    denied: outcome.denied,
    warned: outcome.warned,
    audited: outcome.audited,
    exempted: outcome.exempted,
    patched: outcome.patched,
    ms: Math.round(durationMs * 100) / 100
  }
  log[level](outcome.fault === '' ? facts : { ...facts, fault: printable(outcome.fault) }, outcome.verdict)
}

const LEVELS = { denied: 'info', allowed: 'debug', malformed: 'warn', fault: 'error' } as const

/** Text from a review as a log line may hold it: JSON escapes C0 controls alone, and terminals obey others too. */
export function printable(text: string): string {
  return visible(text.slice(0, SHOWN_CHARACTERS))
}
