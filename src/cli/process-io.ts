import { text } from 'node:stream/consumers'
import type { Io } from './io.ts'

/** The real process. Writing to a pipe whose reader went away (`| head`) is no error of ours. */
export function processIo(): Io {
  process.stdout.on('error', ignoreBrokenPipe)
  return {
    stdout: chunk => void process.stdout.write(chunk),
    stderr: chunk => void process.stderr.write(chunk),
    isTerminal: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    stdin: () => text(process.stdin)
  }
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
