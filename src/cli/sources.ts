import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { named, type JsonObject } from '../admission/apply.ts'
import type { Place } from '../admission/check-report.ts'
import { pathOfField } from '../admission/field-path.ts'
import { rawObject } from '../admission/raw-object.ts'
import { Inventory } from '../inventory/inventory.ts'
import { kindOf } from '../kinds/index.ts'
import { refKey } from '../kinds/object-ref.ts'
import { formatDocumentError, readYaml, type DocumentError } from '../policy/yaml-source.ts'
import { escapeLine } from '../report/escape.ts'
import { unusableDocuments, UnusableError } from './io.ts'
import { documentsOf, fileError, type SourceDocument } from './documents.ts'

/** The documents of some files, in order, and what could not be read of them. */
export interface Sources {
  readonly documents: readonly SourceDocument[]
  readonly errors: readonly DocumentError[]
}

/** Standard input, as a path. */
export const STDIN = '-'

/**
 * Reads files and directories in the order kubectl applies them: directories with their subdirectories, their *.yaml,
 * *.yml and *.json by name; names that begin with a dot and links to directories are passed over. Lists become their
 * items and kMetal values overlays their objects. `stdin` is what `-` stands for. Nothing throws: what cannot be read
 * is in `errors`.
 */
export function readSources(paths: readonly string[], stdin: string, metallbNamespace: string): Sources {
  const documents: SourceDocument[] = []
  const errors: DocumentError[] = []
  for (const path of paths) {
    const files = path === STDIN ? [{ path: '(stdin)', text: stdin }] : filesOf(path, errors)
    for (const file of files) {
      const stream = readYaml(file.path, file.text)
      errors.push(...stream.errors)
      for (const document of stream.documents) {
        const found = documentsOf(document, file.path, metallbNamespace)
        documents.push(...found.documents)
        errors.push(...found.errors)
      }
    }
  }
  return { documents, errors }
}

interface SourceFile {
  readonly path: string
  readonly text: string
}

function filesOf(path: string, errors: DocumentError[]): readonly SourceFile[] {
  try {
    if (!statSync(path).isDirectory()) return [readFile(path, errors)].filter(file => file !== undefined)
    const paths = [...manifestsIn(path)]
    if (paths.length === 0) errors.push(fileError(path, 'no *.yaml, *.yml or *.json in this directory'))
    return paths.map(found => readFile(found, errors)).filter(file => file !== undefined)
  } catch (error) {
    errors.push(fileError(path, reasonOf(error)))
    return []
  }
}

function* manifestsIn(directory: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) yield* manifestsIn(path)
    else if (/\.(?:ya?ml|json)$/.test(entry.name) && !statSync(path).isDirectory()) yield path
  }
}

function readFile(path: string, errors: DocumentError[]): SourceFile | undefined {
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) }
  } catch (error) {
    errors.push(fileError(path, error instanceof TypeError ? 'not UTF-8 text' : reasonOf(error)))
    return undefined
  }
}

/** Node's messages begin with the code and end with the path, which is named already. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'cannot be read'
  return message.replace(/, \w+ '.*'$/s, '').replace(/, \w+$/, '')
}

/** One line for stderr. */
export function errorLine(error: DocumentError): string {
  return escapeLine(formatDocumentError(error))
}

/** What is there already, from files. */
export interface StoredFiles {
  /** Every kind is known in it. */
  readonly inventory: Inventory
  /** The same objects as JSON, by `refKey`. */
  readonly stored: ReadonlyMap<string, JsonObject>
  /** Where each of them is written. */
  readonly places: ReadonlyMap<string, Place>
}

/**
 * Reads the objects of these files and directories as what a cluster holds. Objects of other kinds are passed over.
 * Throws UnusableError with every error, one a line as file:line:column: also for an object that is there twice or does
 * not decode, and when there is no object at all, as nothing may be decided on half an inventory.
 */
export function loadInventoryFiles(paths: readonly string[]): StoredFiles {
  if (paths.includes(STDIN))
    throw new UnusableError('--inventory reads files and directories, not standard input')
  const { documents, errors } = readSources(paths, '', '')
  const inventory = new Inventory()
  const stored = new Map<string, JsonObject>()
  const places = new Map<string, Place>()
  const faults = [...errors]
  for (const document of documents) {
    const fault = store(document, { inventory, stored, places })
    if (fault !== undefined) faults.push(fault)
  }
  if (faults.length > 0) throw unusableDocuments(faults)
  // An export that failed leaves an empty file: taking it for an empty cluster would let everything pass.
  if (stored.size === 0) throw new UnusableError(`no objects that poolguard reads in ${paths.join(', ')}`)
  inventory.setAllKnown()
  return { inventory, stored, places }
}

interface Storage {
  readonly inventory: Inventory
  readonly stored: Map<string, JsonObject>
  readonly places: Map<string, Place>
}

function store(document: SourceDocument, { inventory, stored, places }: Storage): DocumentError | undefined {
  if (document.origin !== 'object') return document.error([], 'an inventory holds Kubernetes objects only')
  const raw = rawObject(document.object)
  const kind = raw && kindOf(raw.group, raw.ref.kind)
  if (raw === undefined || kind === undefined) return undefined
  const key = refKey(raw.ref)
  if (stored.has(key)) return document.error(['metadata', 'name'], 'the inventory holds this object already')
  const json = named(raw)
  stored.set(key, json)
  places.set(key, document)
  const [wrong] = inventory.putJson(kind, json)
  return wrong && document.error(pathOfField(wrong.field), `must be of type ${wrong.expected}`)
}
