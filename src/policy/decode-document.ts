import type * as z from 'zod'
import type { DocumentError, PathPart } from './document-error.ts'
import { didYouMean, nearestName } from './nearest-name.ts'
import { documentErrors, firstProblems, type PolicySource, type Problem } from './problem.ts'
import { expectedAt } from './schema-walk.ts'
import { emptyHint, typeHint } from './type-hint.ts'

/** A document as its schema types it; or everything that is wrong with it, in the order of the text. */
export type DecodedDocument<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly DocumentError[] }

/**
 * Reads a document by its schema. Positions are looked up only for what is wrong, so a good document costs about what
 * the schema itself does.
 */
export function decodeDocument<S extends z.core.$ZodType>(
  schema: S & z.ZodType,
  source: PolicySource
): DecodedDocument<z.core.output<S>> {
  const parsed = schema.safeParse(source.document.value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const problems = allProblems(parsed.error.issues, { schema, source })
  return { ok: false, errors: inTextOrder(documentErrors(source, problems)) }
}

/** The errors of all that failed. */
export function errorsOf(decoded: readonly DecodedDocument<unknown>[]): DocumentError[] {
  return decoded.flatMap(one => (one.ok ? [] : one.errors))
}

/** The values of all that did not fail. */
export function valuesOf<T>(decoded: readonly DecodedDocument<T>[]): T[] {
  return decoded.flatMap(one => (one.ok ? [one.value] : []))
}

/** By file, then line and column. */
export function inTextOrder(errors: readonly DocumentError[]): readonly DocumentError[] {
  return errors.toSorted(
    (a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)) || a.line - b.line || a.column - b.column
  )
}

interface Asked {
  readonly schema: z.core.$ZodType
  readonly source: PolicySource
}

type Issue = z.core.$ZodIssue

/** One after the other, since there may be as many as the document has keys. */
function* allProblems(issues: readonly Issue[], asked: Asked): Generator<Problem> {
  for (const issue of issues) yield* problemsOf(issue, asked)
}

function problemsOf(issue: Issue, asked: Asked): readonly Problem[] {
  const path = pathOf(issue)
  switch (issue.code) {
    case 'unrecognized_keys':
      return firstProblems(issue.keys).map(key => unknownKey(asked.schema, path, key))
    case 'invalid_union':
      return unionProblems(issue, asked)
    case 'invalid_type':
      return [wrongType(path, [issue.expected], asked)]
    case 'invalid_value':
      return [oneOf(path, issue.values.map(String), asked)]
    case 'too_big':
      return [{ path, at: 'value', message: `above ${issue.maximum}`, hint: '' }]
    case 'too_small':
      return [{ path, at: 'value', message: tooSmall(issue), hint: '' }]
    case 'custom':
      return [customProblem(issue, path)]
    default:
      return [{ path, at: 'value', message: issue.message, hint: '' }]
  }
}

function unknownKey(schema: z.core.$ZodType, path: readonly PathPart[], key: string): Problem {
  const { keys, discriminator } = expectedAt(schema, path)
  const problem = { path: [...path, key], at: 'key' } as const
  if (discriminator && keys.includes(key)) {
    return { ...problem, message: `does not go with this ${discriminator.key}`, hint: 'take it out' }
  }
  const near = didYouMean(key, keys)
  return {
    ...problem,
    message: 'unknown key',
    hint: near || (keys.length > 0 ? `known: ${keys.join(', ')}` : '')
  }
}

/** A union fails with one list of issues per variant; the variant meant is the one whose own type is right. */
function unionProblems(issue: z.core.$ZodIssueInvalidUnion, asked: Asked): readonly Problem[] {
  const path = pathOf(issue)
  const variants = issue.errors.map(errors =>
    errors.map(error => ({ ...error, path: [...issue.path, ...error.path] }))
  )
  const meant = variants.find(errors => !errors.some(error => isRootType(error, path)))
  if (meant) return meant.flatMap(error => problemsOf(error, asked))
  const types = variants.flat().flatMap(error => (error.code === 'invalid_type' ? [error.expected] : []))
  if (types.length > 0) return [wrongType(path, types, asked)]
  const { discriminator } = expectedAt(asked.schema, path.slice(0, -1))
  return [oneOf(path, discriminator?.values ?? [], asked)]
}

function isRootType(issue: Issue, path: readonly PathPart[]): boolean {
  return issue.code === 'invalid_type' && issue.path.length === path.length
}

function wrongType(path: readonly PathPart[], types: readonly string[], { schema, source }: Asked): Problem {
  const expected = types.map(type => TYPE_WORDS.get(type) ?? type).join(' or ')
  const shown = source.document.shown(path)
  if (shown === '') return { path, at: 'key', message: `is required: ${expected}`, hint: '' }
  if (shown === 'null') {
    return { path, at: 'value', message: `expected ${expected}, found nothing`, hint: emptyHint(types, path) }
  }
  return {
    path,
    at: 'value',
    message: `expected ${expected}`,
    hint: typeHint(types, shown, expectedAt(schema, path).keys)
  }
}

function oneOf(path: readonly PathPart[], values: readonly string[], { source }: Asked): Problem {
  const shown = source.document.shown(path)
  const known = values.map(value => JSON.stringify(value)).join(', ')
  const message = values.length === 1 ? `expected ${known}` : `expected one of ${known}`
  if (shown === '')
    return { path, at: 'key', message: `is required: ${message.replace('expected ', '')}`, hint: '' }
  const near =
    shown === 'false' && values.includes('off') ? 'off' : nearestName(shown.replace(/^"|"$/g, ''), values)
  return {
    path,
    at: 'value',
    message,
    hint: near === undefined ? '' : `did you mean ${JSON.stringify(near)}?`
  }
}

function tooSmall(issue: z.core.$ZodIssueTooSmall): string {
  if (issue.origin === 'string') return 'is empty'
  return issue.origin === 'array' ? 'at least one is required' : `below ${issue.minimum}`
}

/** What our own checks say: `params` may carry a hint, and `at: 'key'` when the whole entry is meant. */
function customProblem(issue: z.core.$ZodIssueCustom, path: readonly PathPart[]): Problem {
  const hint: unknown = issue.params?.['hint']
  const at = issue.params?.['at'] === 'key' ? 'key' : 'value'
  return { path, at, message: issue.message, hint: typeof hint === 'string' ? hint : '' }
}

/** JSON has no symbols, so none can be in a path. */
function pathOf(issue: { readonly path: readonly PropertyKey[] }): readonly PathPart[] {
  return issue.path.map(part => (typeof part === 'number' ? part : String(part)))
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['array', 'a list'],
  ['boolean', 'true or false'],
  ['number', 'a number'],
  ['int', 'a whole number']
])
