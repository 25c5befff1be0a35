import { isRecord } from '../kinds/decode.ts'
import { kindOf, kindOfResource, type KindName } from '../kinds/index.ts'
import type { Operation } from '../rules/rule.ts'
import { shown } from './show.ts'

/** One AdmissionReview request, as far as decisions read it. `object` and `oldObject` stay raw JSON; null when absent. */
export interface Review {
  readonly uid: string
  /** The kind, when it is one of ours and kind and resource agree; of a Scale, the kind that is scaled. */
  readonly kind: KindName | undefined
  readonly group: string
  readonly kindName: string
  readonly resource: string
  readonly subResource: string
  readonly operation: Operation
  readonly namespace: string
  readonly name: string
  readonly username: string
  readonly groups: readonly string[]
  readonly dryRun: boolean
  readonly object: unknown
  readonly oldObject: unknown
  /** `request` as it came, for what custom rules name of it besides; absent where none came. */
  readonly request?: Readonly<Record<string, unknown>>
}

/**
 * A body that is no review gets HTTP 400 (`malformed`); a review that contradicts itself gets an answer that refuses it
 * (`refused`), for skipping it would allow it. Both carry the reason in words, for they end at an operator.
 */
export type ParsedReview =
  | { readonly ok: true; readonly review: Review }
  | { readonly ok: false; readonly kind: 'malformed'; readonly reason: string }
  | { readonly ok: false; readonly kind: 'refused'; readonly uid: string; readonly reason: string }

const API_VERSION = 'admission.k8s.io/v1'
const OPERATIONS: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE']

/** Reads an AdmissionReview. Fields it does not know are ignored, as the API may grow some. */
export function parseReview(body: unknown): ParsedReview {
  if (!isRecord(body)) return malformed('the body is not a JSON object')
  if (body['kind'] !== 'AdmissionReview') return malformed('kind is not AdmissionReview')
  if (body['apiVersion'] !== API_VERSION) return malformed(`apiVersion is not ${API_VERSION}`)
  const request = body['request']
  if (!isRecord(request)) return malformed('request is missing')
  const uid = text(request, 'uid')
  if (uid === '') return malformed('request.uid is missing')
  const operation = OPERATIONS.find(known => known === request['operation'])
  if (operation === undefined) {
    return refused(
      uid,
      `request.operation ${rendered(request['operation'])} is none of ${OPERATIONS.join(', ')}`
    )
  }
  return parseRequest(request, uid, operation)
}

function parseRequest(request: Record<string, unknown>, uid: string, operation: Operation): ParsedReview {
  const kind = recordAt(request, 'kind')
  const resource = recordAt(request, 'resource')
  const group = text(kind, 'group')
  const subResource = text(request, 'subResource')
  const byResource = kindOfResource(text(resource, 'group'), text(resource, 'resource'))
  // What is written is a Scale then, whatever is scaled.
  const isScale = subResource === 'scale' && group === 'autoscaling' && text(kind, 'kind') === 'Scale'
  const byKind = isScale ? byResource : kindOf(group, text(kind, 'kind'))
  if (byKind !== byResource) {
    return refused(
      uid,
      `request.kind ${rendered(kind)} and request.resource ${rendered(resource)} are not the same kind`
    )
  }
  const needed = operation === 'DELETE' ? 'oldObject' : 'object'
  if (byKind !== undefined && !isRecord(request[needed])) {
    return refused(uid, `request.${needed} is missing on ${operation}`)
  }
  const user = recordAt(request, 'userInfo')
  const groups = user['groups']
  const review: Review = {
    uid,
    kind: byKind,
    group,
    kindName: text(kind, 'kind'),
    resource: text(resource, 'resource'),
    subResource,
    operation,
    namespace: text(request, 'namespace'),
    name: text(request, 'name'),
    username: text(user, 'username'),
    groups: Array.isArray(groups) ? groups.filter(member => typeof member === 'string') : [],
    dryRun: request['dryRun'] === true,
    object: request['object'] ?? null,
    oldObject: request['oldObject'] ?? null,
    request
  }
  return { ok: true, review }
}

function malformed(reason: string): ParsedReview {
  return { ok: false, kind: 'malformed', reason }
}

function refused(uid: string, reason: string): ParsedReview {
  return { ok: false, kind: 'refused', uid, reason }
}

function recordAt(record: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = record[key]
  return isRecord(value) ? value : {}
}

function text(record: Record<string, unknown>, key: string): string {
  const value = Object.hasOwn(record, key) ? record[key] : undefined
  return typeof value === 'string' ? value : ''
}

/** A piece of the review as JSON, escaped and cut for a message. */
function rendered(value: unknown): string {
  return shown(JSON.stringify(value) ?? 'undefined')
}
