import { Composer, isScalar, LineCounter, Parser } from 'yaml'
import type { Document, Node, YAMLParseError } from 'yaml'
import { fieldOf, type DocumentError, type PathPart } from './document-error.ts'
import { readJson } from './json-source.ts'
import { MAX_ERRORS, notTold } from './problem.ts'
import { ParsedDocument, type YamlDocument } from './yaml-document.ts'
import { flawsOf, MAX_DEPTH, tooDeepAt } from './yaml-flaws.ts'

export { formatDocumentError, type DocumentError, type PathPart } from './document-error.ts'
export { partOf, type YamlDocument } from './yaml-document.ts'

/** The documents of one text, in its order, and what could not be read. Both empty for a text without content. */
export interface YamlStream {
  readonly documents: readonly YamlDocument[]
  readonly errors: readonly DocumentError[]
}

/** 16 Mi UTF-16 units, so every file up to 16 MiB passes: ten times a 10,000-object inventory. */
const MAX_LENGTH = 16 * 1024 * 1024

/**
 * YAML 1.2 core as kubectl's users write it: merge keys work, and keys are compared here rather than in the library,
 * which compares each with every other.
 */
const OPTIONS = {
  schema: 'core',
  merge: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent'
} as const

/**
 * Reads a stream of YAML documents, or one JSON value. A document that is broken is left out and spoken of in `errors`
 * (the first flaw of its syntax, or every duplicate key, bad alias, unusable tag); the others are read. Documents
 * without content are skipped. Never throws. About 0.5 us a character for YAML, a thirtieth of that for JSON.
 */
export function readYaml(path: string, text: string, maxLength: number = MAX_LENGTH): YamlStream {
  if (text.length > maxLength) {
    const message = `${text.length} characters, more than ${maxLength}`
    return { documents: [], errors: [{ ...WHOLE_FILE, path, message, hint: 'split the file' }] }
  }
  const nul = text.indexOf('\0')
  if (nul >= 0) return { documents: [], errors: [notText(path, text, nul)] }
  const json = readJson(text)
  return json === undefined
    ? withoutStacks(() => new StreamReader(path).read(text))
    : { documents: [json], errors: [] }
}

/** NUL is in no YAML; every second byte of a file in UTF-16 is one. */
function notText(path: string, text: string, offset: number): DocumentError {
  const before = text.slice(0, offset).split('\n')
  const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  return {
    ...WHOLE_FILE,
    ...place,
    path,
    message: 'a NUL character, so that it is no text',
    hint: 'save the file as UTF-8'
  }
}

/**
 * The library makes an Error for each flaw it meets, of which there may be one a character, and only the first is told. V8's
 * stack trace, which nobody reads, is two thirds of what one costs.
 */
function withoutStacks<T>(read: () => T): T {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return read()
  } finally {
    Error.stackTraceLimit = before
  }
}

const WHOLE_FILE = { line: 0, column: 0, field: '', value: '', hint: '' }

class StreamReader {
  readonly #path: string
  readonly #lines = new LineCounter()
  readonly #documents: YamlDocument[] = []
  readonly #errors: DocumentError[] = []
  #index = 0

  constructor(path: string) {
    this.#path = path
  }

  read(text: string): YamlStream {
    const composer = new Composer(OPTIONS)
    for (const token of new Parser(this.#lines.addNewLine).parse(text)) {
      const deep = tooDeepAt(token)
      if (deep !== undefined) {
        this.#index++
        this.#error(deep, `nested deeper than ${MAX_DEPTH} levels`, '')
      } else for (const document of composer.next(token)) this.#take(document)
    }
    for (const document of composer.end(false, text.length)) this.#take(document)
    const sorted = this.#errors.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const told = sorted.slice(0, MAX_ERRORS)
    const errors = sorted.length > MAX_ERRORS ? [notTold(this.#path), ...told] : told
    return { documents: this.#documents, errors }
  }

  #take(document: Document): void {
    const broken = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0]
    const { contents } = document
    if (broken) this.#error(broken.pos[0], lowerFirst(broken.message), syntaxHint(broken))
    else if (isEmpty(contents)) return
    else this.#read(document, contents)
    this.#index++
  }

  #read(document: Document, contents: Node | null): void {
    const flaws = flawsOf(contents)
    for (const { offset, path, message, hint } of flaws) this.#error(offset, message, hint, path)
    if (flaws.length > 0) return
    try {
      const value: unknown = document.toJS({ maxAliasCount: -1 })
      const found = { contents, document, lines: this.#lines }
      this.#documents.push(new ParsedDocument(value, this.#index, () => found))
    } catch (error) {
      // What is left to go wrong is `<<` with something that is no mapping.
      this.#error(contents?.range?.[0] ?? 0, lowerFirst(error instanceof Error ? error.message : ''), '')
    }
  }

  #error(offset: number, message: string, hint: string, path: readonly PathPart[] = []): void {
    const { line, col } = this.#lines.linePos(offset)
    this.#errors.push({ path: this.#path, line, column: col, field: fieldOf(path), value: '', message, hint })
  }
}

/** Ways out of the slips people make most; the codes are the yaml library's. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'indent with blanks'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put text that holds ": " in quotes'],
  ['BAD_INDENT', 'begin the keys of one mapping, and the entries of one list, below one another'],
  ['MISSING_CHAR', 'each quote, [ and { needs its end'],
  ['MULTILINE_IMPLICIT_KEY', 'is a colon or a quote missing?'],
  ['BAD_DQ_ESCAPE', 'write the text in single quotes to keep backslashes']
])

function syntaxHint({ code, message }: YAMLParseError): string {
  return HINTS.get(message.includes('end with a') ? 'MISSING_CHAR' : code) ?? ''
}

function isEmpty(contents: Node | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && contents.source === '')
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
