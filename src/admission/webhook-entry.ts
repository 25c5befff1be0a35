import type { KindName } from '../kinds/index.ts'
import type { Plan } from '../policy/plan.ts'
import type { MatchCondition } from './match-conditions.ts'
import type { Matched } from './webhook-rules.ts'

/** Where the API server finds poolguard: a Service in the cluster, or a URL outside of it. */
export type Client =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  | { readonly url: string }

/** A Kubernetes object, ready to be written as YAML or JSON. */
export type Manifest = Readonly<Record<string, unknown>>

/**
 * Namespaces whose Services no webhook of ours matches, so that poolguard can lock neither itself nor the cluster out:
 * kube-system and the one poolguard runs in, if it runs in the cluster.
 */
export function neverMatched(client: Client): readonly string[] {
  return [...new Set(['kube-system', ...('service' in client ? [client.service.namespace] : [])])]
}

export interface Entry extends Matched {
  readonly name: string
  readonly failurePolicy: 'Fail' | 'Ignore'
  readonly namespaceSelector: Manifest | undefined
  readonly matchConditions: readonly MatchCondition[]
  /** Whether it is about the writes of `serviceOwners` alone. */
  readonly isOfServiceOwners?: true
}

/** Every namespace carries its own name under this key (KEP-2161). */
export const NAME_LABEL = 'kubernetes.io/metadata.name'

export const WRITES = ['CREATE', 'UPDATE']

export interface EntryOptions {
  readonly plan: Plan
  readonly client: Client
  /** Ends the names, which must be domain names. */
  readonly suffix: string
  /** Which Services are asked about. */
  readonly services: readonly MatchCondition[]
  /** Kinds of which every write is asked about, as custom rules may judge any field. Only the controllers' pass without. */
  readonly whole: readonly KindName[]
}
