import { isRecord } from '../kinds/decode.ts'
import { KINDS, kindOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Operation } from '../rules/rule.ts'

/** A Kubernetes object as JSON, its apiVersion taken apart. */
export interface RawObject {
  readonly group: string
  readonly version: string
  readonly ref: ObjectRef
  readonly json: Readonly<Record<string, unknown>>
}

/** Reads apiVersion, kind, namespace and name; undefined when it is no object with a kind. */
export function rawObject(json: unknown): RawObject | undefined {
  if (!isRecord(json)) return undefined
  const { apiVersion, kind } = json
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const metadata = isRecord(json['metadata']) ? json['metadata'] : {}
  const known = kindOf(group, kind)
  const namespaced = known === undefined || KINDS[known].namespaced
  return {
    group,
    version: apiVersion.slice(slash + 1),
    ref: {
      kind,
      namespace: namespaced ? text(metadata['namespace'], known === undefined ? '' : 'default') : '',
      name: text(metadata['name'], text(metadata['generateName'], ''))
    },
    json
  }
}

/** Who asks, as in `request.userInfo`. */
export interface UserInfo {
  readonly username: string
  readonly groups: readonly string[]
}

export interface ReviewFacts {
  readonly uid: string
  readonly operation: Operation
  readonly subResource: string
  readonly dryRun: boolean
  readonly user: UserInfo
  /** What will be; undefined on DELETE. */
  readonly object: RawObject | undefined
  /** What is stored; undefined on CREATE. */
  readonly oldObject: RawObject | undefined
}

/** The AdmissionReview that the API server would send for this write, so that files take the same way as requests. */
export function admissionReview(facts: ReviewFacts): Record<string, unknown> | undefined {
  const subject = facts.object ?? facts.oldObject
  if (subject === undefined) return undefined
  const { group, version, ref } = subject
  const known = kindOf(group, ref.kind)
  const resource = known === undefined ? ref.kind.toLowerCase() : KINDS[known].resource
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: facts.uid,
      kind: { group, version, kind: ref.kind },
      resource: { group, version, resource },
      ...(facts.subResource === '' ? {} : { subResource: facts.subResource }),
      name: ref.name,
      namespace: ref.namespace,
      operation: facts.operation,
      userInfo: facts.user,
      object: facts.object?.json ?? null,
      oldObject: facts.oldObject?.json ?? null,
      dryRun: facts.dryRun
    }
  }
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback
}
