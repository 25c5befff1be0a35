import type { CheckSubject } from '../admission/check-report.ts'
import type { FieldPath } from '../admission/field-path.ts'
import { isRecord } from '../kinds/decode.ts'
import { KIND_NAMES, KINDS, kindOf } from '../kinds/index.ts'
import { expandKmetalValues, type KmetalProblem } from '../kinds/kmetal-values.ts'
import { fieldOf } from '../policy/document-error.ts'
import type { DocumentError, YamlDocument } from '../policy/yaml-source.ts'
import { partOf } from '../policy/yaml-document.ts'

/** One document of a file, or one object that it stands for. */
export interface SourceDocument extends CheckSubject {
  /** A Kubernetes object, one that a kMetal values overlay makes, or neither. */
  readonly origin: 'object' | 'kmetalValues' | 'other'
  /** An error about one of its fields; [] for the object. */
  readonly error: (field: FieldPath, message: string, hint?: string) => DocumentError
}

export interface FoundDocuments {
  readonly documents: readonly SourceDocument[]
  readonly errors: readonly DocumentError[]
}

/** An error about a file as a whole. */
export function fileError(path: string, message: string): DocumentError {
  return { path, line: 0, column: 0, field: '', value: '', message, hint: '' }
}

/**
 * What one document stands for: itself; the items of a list, also of one such as IPAddressPoolList and of lists in lists;
 * or the objects of a kMetal values overlay in `metallbNamespace`. Objects of our kinds that no API server would take,
 * for want of apiVersion, kind or name, are errors.
 */
export function documentsOf(document: YamlDocument, path: string, metallbNamespace: string): FoundDocuments {
  const { value } = document
  if (!isRecord(value)) return only(subjectOf(document, path, 'other'))
  const values = isObject(value) ? undefined : expandKmetalValues(value, metallbNamespace)
  if (values !== undefined) {
    return {
      documents: values.objects.map(({ object, pathOf }) => ({
        ...subjectOf(document, path, 'kmetalValues'),
        object,
        position: field => document.position(pathOf(field)),
        error: (field, message, hint) => errorAt(document, path, { field: pathOf(field), message, hint })
      })),
      errors: values.problems.map(problem => valuesError(document, path, problem))
    }
  }
  const { items } = value
  if (Array.isArray(items) && isObject(value) && value['kind'].endsWith('List')) {
    const found = items.map((_item, i) => documentsOf(itemOf(document, value, i), path, metallbNamespace))
    return { documents: found.flatMap(one => one.documents), errors: found.flatMap(one => one.errors) }
  }
  const flaw = flawOf(value)
  if (flaw !== undefined) return { documents: [], errors: [errorAt(document, path, flaw)] }
  return only(subjectOf(document, path, isObject(value) ? 'object' : 'other'))
}

function only(document: SourceDocument): FoundDocuments {
  return { documents: [document], errors: [] }
}

function subjectOf(document: YamlDocument, path: string, origin: SourceDocument['origin']): SourceDocument {
  return {
    object: isRecord(document.value) ? document.value : {},
    path,
    origin,
    position: field => document.position(field),
    error: (field, message, hint) => errorAt(document, path, { field, message, hint })
  }
}

type KubernetesObject = Record<string, unknown> & { readonly apiVersion: string; readonly kind: string }

function isObject(value: Record<string, unknown>): value is KubernetesObject {
  return typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string'
}

/** An item of a typed list may leave out what the list says (apimachinery unstructured, eachListItem). */
function itemOf(document: YamlDocument, list: KubernetesObject, i: number): YamlDocument {
  const item = partOf(document, ['items', i])
  if (!isRecord(item.value) || list.kind === 'List' || 'kind' in item.value) return item
  return {
    ...item,
    value: { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, ''), ...item.value }
  }
}

interface Flaw {
  readonly field: FieldPath
  readonly message: string
  readonly hint?: string | undefined
}

/** Why this is no object though it is meant as one of ours; undefined when it is one, or is something else. */
function flawOf(value: Record<string, unknown>): Flaw | undefined {
  const { apiVersion, kind } = value
  if (typeof apiVersion !== 'string') {
    const ours = KIND_NAMES.find(name => name === kind)
    if (ours === undefined) return undefined
    const { group, versions } = KINDS[ours]
    const hint = group === '' ? versions[0] : `${group}/${versions[0]}`
    return { field: ['apiVersion'], message: 'apiVersion is missing', hint: `write apiVersion: ${hint}` }
  }
  const slash = apiVersion.indexOf('/')
  const group = apiVersion.slice(0, Math.max(slash, 0))
  if (typeof kind !== 'string') {
    const isOurs = group !== '' && KIND_NAMES.some(name => KINDS[name].group === group)
    return isOurs ? { field: ['kind'], message: 'kind is missing' } : undefined
  }
  const isNamed = hasText(value['metadata'], 'name') || hasText(value['metadata'], 'generateName')
  return kindOf(group, kind) === undefined || isNamed
    ? undefined
    : { field: ['metadata', 'name'], message: 'metadata.name is missing' }
}

function hasText(value: unknown, key: string): boolean {
  return isRecord(value) && typeof value[key] === 'string' && value[key] !== ''
}

const PROBLEMS: Readonly<Record<KmetalProblem['problem'], string>> = {
  'not-a-list': 'must be a list',
  'not-an-object': 'must be an object with a name',
  'no-name': 'needs a name'
}

function valuesError(
  document: YamlDocument,
  path: string,
  { path: field, problem }: KmetalProblem
): DocumentError {
  return errorAt(document, path, { field, message: PROBLEMS[problem] })
}

function errorAt(document: YamlDocument, path: string, { field, message, hint = '' }: Flaw): DocumentError {
  const where = [...document.path, ...field]
  return {
    path,
    ...document.position(field),
    field: fieldOf(where),
    value: document.shown(field),
    message,
    hint
  }
}
