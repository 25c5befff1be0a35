import type { KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { AdvertisementFinding } from './findings/advertisement.ts'
import type { BGPFinding } from './findings/bgp.ts'
import type { AuditFinding } from './findings/audit.ts'
import type { CustomFinding } from './findings/custom.ts'
import type { KubeOvnFinding } from './findings/kube-ovn.ts'
import type { OvnEipFinding } from './findings/ovn-eip.ts'
import type { PoolFinding } from './findings/pool.ts'
import type { QuotaFinding } from './findings/quota.ts'
import type { SelectorFinding } from './findings/selector.ts'
import type { ServiceFinding } from './findings/service.ts'
import type { ServiceLimitFinding } from './findings/service-limit.ts'
import type { TenancyFinding } from './findings/tenancy.ts'
import type { VpcFinding } from './findings/vpc.ts'

/** The facts a rule can state, one member per `code`. The words for each are in admission/wording. */
export type Finding =
  | AdvertisementFinding
  | BGPFinding
  | AuditFinding
  | CustomFinding
  | KubeOvnFinding
  | OvnEipFinding
  | PoolFinding
  | QuotaFinding
  | SelectorFinding
  | ServiceFinding
  | ServiceLimitFinding
  | TenancyFinding
  | VpcFinding

export type FindingCode = Finding['code']

/** Why a rule could not judge. */
export type Unjudged =
  | { readonly code: 'unjudged'; readonly because: 'kind-unknown'; readonly kind: KindName }
  | { readonly code: 'unjudged'; readonly because: 'plan-silent'; readonly planField: string }

/**
 * What a rule let pass only as far as the inventory goes: these objects (an empty name: all of that kind and namespace) are
 * read live before the write is allowed, and the rule is asked again. For counts, which a watch that lags gets wrong.
 */
export interface Doubt {
  readonly code: 'doubt'
  readonly restsOn: readonly ObjectRef[]
}

/** All that a rule can say. */
export type Said = Finding | Unjudged | Doubt
