import { admissionReview, rawObject, type UserInfo } from '../../src/admission/raw-object.ts'

/** Somebody in no group. */
export const ALICE: UserInfo = { username: 'alice', groups: [] }

/** The review of a CREATE, with uid `u`. Throws for what is no object. */
export function creation(object: unknown, user: UserInfo): Record<string, unknown> {
  const body = admissionReview({
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    dryRun: false,
    user,
    object: rawObject(object),
    oldObject: undefined
  })
  if (body === undefined) throw new Error(`no object: ${JSON.stringify(object)}`)
  return body
}
