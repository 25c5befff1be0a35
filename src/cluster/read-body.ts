import type { IncomingMessage } from 'node:http'
import { toClusterError } from './cluster-error.ts'
import type { Deadline } from './deadline.ts'

/** The whole body as text, at most until the deadline. */
export async function readText(response: IncomingMessage, deadline: Deadline): Promise<string> {
  const parts: string[] = []
  for await (const part of readParts(response, deadline)) parts.push(part)
  return parts.join('')
}

/**
 * The lines of an endless body, without their line ends; empty ones are left out. Throws when nothing comes for
 * `idleMs`. What follows the last line end counts as a line when the body ends in order.
 */
export async function* readLines(
  response: IncomingMessage,
  deadline: Deadline,
  idleMs: number
): AsyncGenerator<string, void> {
  // pieces of an unfinished line are joined once, so that a line of megabytes costs linear time
  let pending: string[] = []
  deadline.restart(idleMs, 'idle')
  try {
    for await (const part of readParts(response, deadline)) {
      deadline.restart(idleMs, 'idle')
      const [first = '', ...rest] = part.split('\n')
      pending.push(first)
      if (rest.length === 0) continue
      const lines = [pending.join(''), ...rest]
      pending = lines.splice(-1)
      yield* lines.filter(line => line !== '')
    }
    const last = pending.join('')
    if (last !== '') yield last
  } finally {
    deadline.clear()
  }
}

async function* readParts(response: IncomingMessage, deadline: Deadline): AsyncGenerator<string, void> {
  const { signal } = deadline
  const abort = () => response.destroy(deadline.error)
  response.setEncoding('utf8')
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    for await (const part of response) yield String(part)
  } catch (error) {
    throw deadline.error ?? toClusterError(error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
