import { statSync } from 'node:fs'
import type { PolicyFile } from '../../policy/policy-set.ts'
import { UnusableError } from '../io.ts'
import { readPolicyFiles } from '../policies.ts'

/** The policy files as one pass over them found them, or why they could not be read. */
export interface Reading {
  /** Equal for two passes between which nothing was written, replaced, added or taken away. */
  readonly stamp: string
  readonly files: readonly PolicyFile[] | UnusableError
}

/** Passes at the start, without a pause, for two that agree; a directory is not replaced more often than that. */
const MOST_PASSES = 5

/**
 * Reads folders and files of policies, and for each file what changes whenever it is written or another takes its place. Two
 * readings that agree mean that between them all files were as they were read: a set that was whole at one moment.
 */
export function readPolicies(paths: readonly string[]): Reading {
  try {
    const marks = paths.flatMap(path =>
      readPolicyFiles(path).map(file => ({ ...file, mark: markOf(file.path) }))
    )
    const files = marks.map(({ path, text }) => ({ path, text }))
    return { stamp: JSON.stringify(marks), files }
  } catch (error) {
    const problem = error instanceof UnusableError ? error : new UnusableError(String(error))
    return { stamp: problem.message, files: problem }
  }
}

/** Follows symbolic links, since a mounted ConfigMap is replaced by turning one to other files. */
function markOf(path: string): string {
  const { dev, ino, size, ctimeNs } = statSync(path, { bigint: true })
  return `${dev}:${ino}:${size}:${ctimeNs}`
}

/** A reading that the next one agreed with. The last one when none did: what came after is for the follower to see. */
export function readAtStart(read: () => Reading): Reading {
  let last = read()
  for (let pass = 1; pass < MOST_PASSES; pass++) {
    const next = read()
    if (next.stamp === last.stamp) return next
    last = next
  }
  return last
}
