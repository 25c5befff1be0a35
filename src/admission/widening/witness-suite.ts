import { API_VERSION } from '../../policy/schema-fields.ts'
import type { JsonObject } from '../apply.ts'
import { BEFORE_ALL_MS, type Witness } from './search.ts'

/**
 * A witness as a PolicyTest document, to be kept and run: it passes by the policies that refuse the request, and fails by those
 * that let it through.
 */
export function witnessSuite({ request, world, nowMs, rules }: Witness): JsonObject {
  const { user, object, oldObject, subResource = '' } = request
  return {
    apiVersion: API_VERSION,
    kind: 'PolicyTest',
    metadata: { name: 'widening' },
    spec: {
      ...(nowMs === BEFORE_ALL_MS ? {} : { now: new Date(nowMs).toISOString() }),
      ...(world.existing.length === 0 ? {} : { existing: world.existing }),
      cases: [
        {
          name: `refused by ${rules.join(', ')}`,
          request: {
            ...(oldObject === undefined ? {} : { operation: 'UPDATE', oldObject }),
            ...(subResource === '' ? {} : { subResource }),
            object,
            user
          },
          expect: { allowed: false, rules }
        }
      ]
    }
  }
}
