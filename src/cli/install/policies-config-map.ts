import { basename } from 'node:path'
import type { Manifest } from '../../admission/registration.ts'
import type { PolicyFile } from '../../policy/policy-set.ts'
import { UnusableError } from '../io.ts'

/** The annotation that names what the ConfigMap holds. */
export const DIGEST_ANNOTATION = 'poolguard.io/policies-digest'

/** Bytes of all values together that the API server takes (MaxSecretSize, pkg/apis/core/validation). */
const MOST_BYTES = 1024 * 1024

/** Bytes of all annotations together (TotalAnnotationSizeLimitB, apimachinery pkg/api/validation). */
const MOST_ANNOTATION_BYTES = 256 * 1024

/** Where `kubectl apply` keeps the whole object a second time. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Characters of a key (IsConfigMapKey, apimachinery pkg/util/validation). */
const MOST_KEY_CHARACTERS = 253

/** Hex digits of the digest in the name of a ConfigMap that is never changed: 40 bits tell the sets of one team apart. */
const NAME_DIGITS = 10

/** Files that an error about the size names. */
const MOST_NAMED = 3

export interface PoliciesOptions {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly files: readonly PolicyFile[]
  readonly digest: string
  /** Whether it is named by its digest and never changed. */
  readonly isImmutable: boolean
}

/** `poolguard-policies`, and with an immutable one the first digits of its digest. */
export function policiesName({
  digest,
  isImmutable
}: Pick<PoliciesOptions, 'digest' | 'isImmutable'>): string {
  const name = 'poolguard-policies'
  return isImmutable ? `${name}-${digest.replace('sha256:', '').slice(0, NAME_DIGITS)}` : name
}

/**
 * The ConfigMap that `serve` reads when it is mounted. Throws UnusableError, with all that is wrong, for files that no key
 * can be named after or that `serve` would not read there, and for more than a ConfigMap holds.
 */
export function policiesConfigMap(options: PoliciesOptions): Manifest {
  const { namespace, labels, files, digest, isImmutable } = options
  const keyed = keysOf(files)
  const problems = [...keyProblems(keyed), ...sizeProblems(files)]
  if (problems.length > 0) throw new UnusableError(problems.join('\n'))
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: policiesName(options),
      namespace,
      labels,
      annotations: { [DIGEST_ANNOTATION]: digest }
    },
    ...(isImmutable ? { immutable: true } : {}),
    data: Object.fromEntries(keyed.map(({ key, text }) => [key, text]))
  }
}

interface Keyed extends PolicyFile {
  readonly key: string
}

/** Its name is the key of a file, and its whole path where two folders hold files of one name. */
function keysOf(files: readonly PolicyFile[]): readonly Keyed[] {
  const counts = new Map<string, number>()
  for (const { path } of files) counts.set(basename(path), (counts.get(basename(path)) ?? 0) + 1)
  return files.map(file => {
    const name = basename(file.path)
    return { ...file, key: counts.get(name) === 1 ? name : asKey(file.path) }
  })
}

function asKey(text: string): string {
  return text.replace(/[^-._a-zA-Z0-9]+/g, '-').replace(/^[-.]+/, '')
}

function keyProblems(keyed: readonly Keyed[]): readonly string[] {
  const takenBy = new Map<string, string>()
  return keyed.flatMap(({ path, key }) => {
    const other = takenBy.get(key)
    takenBy.set(key, path)
    if (other !== undefined) return [`${path}: its key ${key} is that of ${other} too: rename one`]
    const problem = keyProblem(key)
    const hint = `rename it, such as to ${asKey(key).replace(/(?:\.ya?ml)?$/, '.yaml')}`
    return problem === '' ? [] : [`${path}: ${problem}: ${hint}`]
  })
}

function keyProblem(key: string): string {
  const isKey = /^[-._a-zA-Z0-9]+$/.test(key) && !key.startsWith('..') && key.length <= MOST_KEY_CHARACTERS
  if (!isKey) return `${JSON.stringify(key)} cannot be a key of a ConfigMap`
  return /\.ya?ml$/.test(key) ? '' : '`serve` reads *.yaml and *.yml of a mounted ConfigMap'
}

function sizeProblems(files: readonly PolicyFile[]): readonly string[] {
  const sizes = files.map(({ path, text }) => ({ path, bytes: Buffer.byteLength(text) }))
  const bytes = sizes.reduce((sum, file) => sum + file.bytes, 0)
  if (bytes <= MOST_BYTES) return []
  const biggest = sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_NAMED)
  const named = biggest.map(file => `${file.path} (${file.bytes})`).join(', ')
  return [
    `the policies are ${bytes} bytes and a ConfigMap holds ${MOST_BYTES}; the biggest files are ${named}: ` +
      'take out what `serve` does not need, such as PolicyTests'
  ]
}

/** What to say about how it must be applied; '' when any way will do. */
export function applyAdvice(configMap: Manifest): string {
  const bytes = LAST_APPLIED.length + Buffer.byteLength(JSON.stringify(configMap))
  if (bytes <= MOST_ANNOTATION_BYTES) return ''
  return (
    `apply policies.yaml with \`kubectl apply --server-side\`: otherwise kubectl keeps a copy of its ${bytes} bytes in an ` +
    `annotation, and the API server takes ${MOST_ANNOTATION_BYTES} bytes of those`
  )
}
