import type { KindName } from '../kinds/index.ts'
import type { AdvertisementFinding } from './findings/advertisement.ts'
import type { KubeOvnFinding } from './findings/kube-ovn.ts'
import type { OvnEipFinding } from './findings/ovn-eip.ts'
import type { PoolFinding } from './findings/pool.ts'
import type { ServiceFinding } from './findings/service.ts'

/** The facts a rule can state, one member per `code`. The words for each are in admission/wording. */
export type Finding = PoolFinding | AdvertisementFinding | ServiceFinding | KubeOvnFinding | OvnEipFinding

export type FindingCode = Finding['code']

/** Why a rule could not judge. */
export type Unjudged =
  | { readonly code: 'unjudged'; readonly because: 'kind-unknown'; readonly kind: KindName }
  | { readonly code: 'unjudged'; readonly because: 'plan-silent'; readonly planField: string }
