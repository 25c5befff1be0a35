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
