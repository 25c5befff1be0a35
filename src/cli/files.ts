import { readFileSync } from 'node:fs'
import { UnusableError } from './io.ts'

/** The text of a file. Throws UnusableError, naming the file and the reason, when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `cannot read ${path}`)
  }
}

/** The text of a file; undefined when it cannot be read now. */
export function tryReadText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
