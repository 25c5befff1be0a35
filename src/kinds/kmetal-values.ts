import { isRecord } from './decode.ts'

/** Keys and indexes from the root of a document to one of its values. */
export type ValuePath = readonly (string | number)[]

/** One MetalLB object that a kMetal values overlay makes the chart create. */
export interface KmetalObject {
  readonly object: Record<string, unknown>
  /** Of the entry in the values, such as `metallb`, `pools`, 0. */
  readonly path: ValuePath
  /** Where the values say what stands at `field` of the object; the entry itself for what the chart adds. */
  readonly pathOf: (field: ValuePath) => ValuePath
}

/** An entry the chart cannot make an object of. `value` is a JSON rendering of what stands there, cut at 100 characters. */
export interface KmetalProblem {
  readonly path: ValuePath
  readonly value: string
  readonly problem: 'not-a-list' | 'not-an-object' | 'no-name'
}

export interface KmetalValues {
  readonly objects: readonly KmetalObject[]
  readonly problems: readonly KmetalProblem[]
}

interface Section {
  readonly key: string
  readonly kind: string
  readonly apiVersion: string
}

/**
 * The lists under `metallb` and what their entries become (metallb.io/apis). Ordered by kind, the order in which Helm
 * installs kinds it does not know (helm.sh/helm/v3 pkg/releaseutil/kind_sorter.go).
 */
const SECTIONS: readonly Section[] = [
  { key: 'bfdProfiles', kind: 'BFDProfile', apiVersion: 'metallb.io/v1beta1' },
  { key: 'bgpAdvertisements', kind: 'BGPAdvertisement', apiVersion: 'metallb.io/v1beta1' },
  { key: 'bgpPeers', kind: 'BGPPeer', apiVersion: 'metallb.io/v1beta2' },
  { key: 'communities', kind: 'Community', apiVersion: 'metallb.io/v1beta1' },
  { key: 'pools', kind: 'IPAddressPool', apiVersion: 'metallb.io/v1beta1' },
  { key: 'l2Advertisements', kind: 'L2Advertisement', apiVersion: 'metallb.io/v1beta1' }
]

const SHOWN_CHARACTERS = 100

/**
 * The objects of a kMetal values overlay, in the order Helm creates them: an entry's `name` becomes metadata.name, its
 * other keys become spec as they are, and so do those of a `spec` of its own. undefined when the document has no top-level `metallb` with one of the lists; no
 * objects when `metallb.enabled` is false, as the chart then leaves MetalLB out.
 */
export function expandKmetalValues(values: unknown, metallbNamespace: string): KmetalValues | undefined {
  const metallb = isRecord(values) && Object.hasOwn(values, 'metallb') ? values['metallb'] : undefined
  if (!isRecord(metallb) || !SECTIONS.some(({ key }) => Object.hasOwn(metallb, key))) return undefined
  const objects: KmetalObject[] = []
  const problems: KmetalProblem[] = []
  if (metallb['enabled'] === false) return { objects, problems }
  for (const section of SECTIONS) {
    const entries = Object.hasOwn(metallb, section.key) ? (metallb[section.key] ?? []) : []
    const path = ['metallb', section.key]
    if (!Array.isArray(entries)) {
      problems.push({ path, value: shownValue(entries), problem: 'not-a-list' })
      continue
    }
    entries.forEach((entry: unknown, i) => {
      const made = objectOf(entry, [...path, i], section, metallbNamespace)
      if ('problem' in made) problems.push(made)
      else objects.push(made)
    })
  }
  return { objects, problems }
}

/** An entry is flat (name and the fields of spec), or has the shape of the object itself, with metadata and spec. */
function objectOf(
  entry: unknown,
  path: ValuePath,
  { kind, apiVersion }: Section,
  namespace: string
): KmetalObject | KmetalProblem {
  if (!isRecord(entry)) return { path, value: shownValue(entry), problem: 'not-an-object' }
  const { name: flatName, metadata: given, spec: nested, apiVersion: _version, kind: _kind, ...flat } = entry
  const metadata = isRecord(given) ? given : {}
  const name = flatName ?? metadata['name']
  if (typeof name !== 'string' || name === '') return { path, value: shownValue(name), problem: 'no-name' }
  const inSpec = isRecord(nested) ? nested : {}
  const object = {
    apiVersion,
    kind,
    metadata: { ...metadata, name, namespace },
    spec: { ...flat, ...inSpec }
  }
  return { object, path, pathOf }

  function pathOf(field: ValuePath): ValuePath {
    const [part, key, ...rest] = field
    if (part === 'metadata' && key === 'name') {
      return flatName === undefined ? [...path, 'metadata', 'name'] : [...path, 'name']
    }
    if (part !== 'spec' || key === undefined) return path
    return Object.hasOwn(inSpec, key) ? [...path, 'spec', key, ...rest] : [...path, key, ...rest]
  }
}

function shownValue(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, SHOWN_CHARACTERS)
}
