import type { View } from '../inventory/view.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Namespace } from '../kinds/namespace.ts'
import { celValue } from '../policy/cel/json-value.ts'
import { Meter } from '../policy/cel/meter.ts'
import type { Said } from './finding.ts'

/**
 * What all custom rules together may spend on one request, in the steps of policy/cel/meter.ts. 150,000 of the dearest ones take 10 ms to 25 ms of one
 * core once the code is warm, and below 50 ms on the first request (test/policy/cel-cost.test.ts); a rule on a Service with ten
 * ports takes some 100.
 */
export const REQUEST_STEPS = 150_000

/** The AdmissionRequest of a write as JSON: `object` and `oldObject` are null where there are none. */
export interface RawRequest {
  readonly object: unknown
  readonly oldObject: unknown
  /** The fields that Kubernetes documents, the objects aside. */
  readonly request: Readonly<Record<string, unknown>>
}

/**
 * One write as custom rules see it: the JSON rather than what poolguard decodes of it. Values are converted once, when a rule
 * names them, and every rule takes from the same meter. One is made for each request.
 */
export class RawWrite {
  readonly meter = new Meter(REQUEST_STEPS)
  /** What rules said whose expressions depend on the write alone, by rule and object. */
  readonly said = new Map<string, readonly Said[]>()
  readonly #raw: RawRequest
  readonly #values = new Map<string, unknown>()
  readonly #pools = new WeakMap<View, unknown>()

  constructor(raw: RawRequest) {
    this.#raw = raw
  }

  /** A part of the write as CEL sees it. */
  valueOf(part: keyof RawRequest): unknown {
    const known = this.#values.get(part)
    if (known !== undefined) return known
    const value = celValue(this.#raw[part], this.meter)
    this.#values.set(part, value)
    return value
  }

  /** Every IPAddressPool of the view, by the field names of Kubernetes without the nesting. O(pools) once a view. */
  poolsIn(view: View): unknown {
    const known = this.#pools.get(view)
    if (known !== undefined) return known
    const value = celValue([...view.list('IPAddressPool')].map(poolJson), this.meter)
    this.#pools.set(view, value)
    return value
  }
}

function poolJson({ meta, addresses, autoAssign, avoidBuggyIPs }: IPAddressPool): Record<string, unknown> {
  const { name, namespace } = meta
  return { name, namespace, ...metadataMaps(meta), addresses, autoAssign, avoidBuggyIPs }
}

/** What the inventory has of a Namespace, in its shape. */
export function namespaceJson({ meta }: Namespace): Record<string, unknown> {
  const { name, uid } = meta
  return { metadata: { name, ...(uid === '' ? {} : { uid }), ...metadataMaps(meta) } }
}

/** Left out where empty, as Kubernetes does. */
function metadataMaps({ labels, annotations }: Namespace['meta']): Record<string, unknown> {
  return {
    ...(labels.size === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(annotations.size === 0 ? {} : { annotations: Object.fromEntries(annotations) })
  }
}
