import { isRecord } from '../kinds/decode.ts'
import { KINDS, type AnyObject } from '../kinds/index.ts'
import { sourceOf } from '../kinds/source-json.ts'
import { RawWrite } from '../rules/raw-write.ts'
import type { Requester } from '../policy/tenancy.ts'
import type { Review } from './review.ts'

/** What is handed to expressions of the request as it came, since a review keeps no more than decisions read. */
const AS_SENT = ['requestKind', 'requestResource', 'requestSubResource', 'options'] as const

/** The write as custom rules see it; undefined for a change of a scale, which is no write of the object's fields. */
export function rawWriteOf(review: Review): RawWrite | undefined {
  if (review.subResource === 'scale') return undefined
  const { object, oldObject, request = {}, operation, name, namespace, subResource, dryRun } = review
  const { group, kindName, resource, username, groups } = review
  const version = versionIn(request['kind'])
  const { uid, extra } = recordOf(request['userInfo'])
  const sent = AS_SENT.flatMap(key => (request[key] === undefined ? [] : [[key, request[key]] as const]))
  return new RawWrite({
    object,
    oldObject,
    request: {
      ...Object.fromEntries(sent),
      uid: review.uid,
      kind: { group, version, kind: kindName },
      resource: { group, version, resource },
      subResource,
      name,
      namespace,
      operation,
      userInfo: {
        username,
        ...(typeof uid === 'string' ? { uid } : {}),
        groups,
        ...(isRecord(extra) ? { extra } : {})
      },
      dryRun
    }
  })
}

/** A stored object as if it were made now by this requester, with the JSON it was read from. */
export function storedWrite(object: AnyObject, { username, groups }: Requester): RawWrite | undefined {
  const json = sourceOf(object)
  if (json === undefined) return undefined
  const { group, resource, versions } = KINDS[object.kind]
  return rawWriteOf({
    uid: 'audit',
    kind: object.kind,
    group,
    kindName: object.kind,
    resource,
    subResource: '',
    operation: 'CREATE',
    namespace: object.meta.namespace,
    name: object.meta.name,
    username,
    groups,
    dryRun: true,
    object: json,
    oldObject: null,
    request: { kind: { version: versions[0] } }
  })
}

function versionIn(kind: unknown): string {
  const { version } = recordOf(kind)
  return typeof version === 'string' ? version : ''
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}
