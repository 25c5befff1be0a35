import type { Place } from '../admission/check-report.ts'
import type { PolicyPlace } from '../admission/widening/widening-report.ts'
import { isRecord } from '../kinds/decode.ts'
import type { PathPart } from '../policy/document-error.ts'
import type { ExposurePolicies } from '../policy/resolve-exposure.ts'
import { meaningOf, type Loosening } from '../policy/widening/loosening.ts'
import { partOf } from '../policy/yaml-document.ts'
import { readYaml } from '../policy/yaml-source.ts'
import { readPolicyFiles } from './policies.ts'

/** One policy document of some files. */
interface Document extends PolicyPlace {
  /** How many keys of a path are written in it. */
  readonly depthOf: (path: readonly PathPart[]) => number
}

/**
 * Tells where in these policies something stands that was loosened: in the NetworkPlan, or in the ExposurePolicy that is not
 * in `base` and has most of the path; in the NetworkPlan too where there is none, as when a policy was taken out. The files
 * have loaded before.
 */
export function policyPlaces(
  paths: readonly string[],
  proposal: ExposurePolicies,
  base: ExposurePolicies
): (loosening: Loosening) => PolicyPlace {
  const documents = paths.flatMap(readPolicyFiles).flatMap(({ path, text }) => documentsOf(path, text))
  const kept = new Set(base.policies.map(meaningOf))
  const changed = new Set(proposal.policies.filter(one => !kept.has(meaningOf(one))).map(({ name }) => name))
  const plan = documents.find(({ ref }) => ref.kind === 'NetworkPlan') ?? nowhere(paths)
  const exposures = documents.filter(({ ref }) => ref.kind === 'ExposurePolicy' && changed.has(ref.name))
  return ({ document, path }) => {
    const among = document === 'NetworkPlan' ? [] : exposures
    const [first] = among.toSorted((a, b) => b.depthOf(path) - a.depthOf(path))
    return first ?? plan
  }
}

function documentsOf(path: string, text: string): readonly Document[] {
  return readYaml(path, text).documents.flatMap(document => {
    const { value } = document
    const metadata = isRecord(value) ? value['metadata'] : undefined
    if (!isRecord(value) || !isRecord(metadata)) return []
    const { kind } = value
    const { name } = metadata
    if (typeof kind !== 'string' || typeof name !== 'string') return []
    const position: Place['position'] = field => document.position(field, 'key')
    const depthOf = (field: readonly PathPart[]) =>
      field.filter((_part, i) => partOf(document, field.slice(0, i + 1)).value !== undefined).length
    return [{ ref: { kind, namespace: '', name }, place: { path, position }, depthOf }]
  })
}

/** Stands for a NetworkPlan that no policies load without. */
function nowhere([path = 'policies']: readonly string[]): Document {
  const position = () => ({ line: 0, column: 0 })
  return {
    ref: { kind: 'NetworkPlan', namespace: '', name: '' },
    place: { path, position },
    depthOf: () => 0
  }
}
