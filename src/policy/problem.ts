import { fieldOf, type DocumentError, type PathPart } from './document-error.ts'
import type { YamlDocument } from './yaml-document.ts'

/** Something wrong in a document, before it is known where that stands in the text. */
export interface Problem {
  /** Relative to the document's value. */
  readonly path: readonly PathPart[]
  /** `key` when the entry as a whole is meant rather than its value; then no value is shown. */
  readonly at: 'key' | 'value'
  readonly message: string
  /** A way out, or ''. */
  readonly hint: string
}

/** A document and the file it came from. */
export interface PolicySource {
  readonly path: string
  readonly document: YamlDocument
}

/**
 * How many errors of one file are told. Nobody reads more at once, and each costs a search for its place, which is as long as
 * the mapping it stands in.
 */
export const MAX_ERRORS = 100

/** The first of these, one more than are told: enough to know that there are others. */
export function firstProblems<T>(problems: Iterable<T>): readonly T[] {
  const first: T[] = []
  for (const problem of problems) {
    if (first.push(problem) > MAX_ERRORS) break
  }
  return first
}

/** The problems with their places: the first hundred, and a sentence about the others when there are. */
export function documentErrors(source: PolicySource, problems: Iterable<Problem>): readonly DocumentError[] {
  const first = firstProblems(problems)
  const told = first.slice(0, MAX_ERRORS).map(problem => documentError(source, problem))
  return first.length > MAX_ERRORS ? [...told, notTold(source.path)] : told
}

/** That a file has more errors than are told. */
export function notTold(path: string): DocumentError {
  const message = `more than ${MAX_ERRORS} errors, of which the others are not shown`
  return { path, line: 0, column: 0, field: '', value: '', message, hint: '' }
}

/** The problem with its place in the file and what stands there. */
export function documentError({ path, document }: PolicySource, problem: Problem): DocumentError {
  const { line, column } = document.position(problem.path, problem.at)
  return {
    path,
    line,
    column,
    field: fieldOf([...document.path, ...problem.path]),
    value: problem.at === 'key' ? '' : document.shown(problem.path),
    message: problem.message,
    hint: problem.hint
  }
}
