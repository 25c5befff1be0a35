import type { TenancyFlaw } from '../../policy/tenancy.ts'
import type { At } from './at.ts'

/** The facts that rules state about whose something is, and about hosted control planes. */
export type TenancyFinding =
  | (At & {
      readonly code: 'tenant-changes'
      /** '' when it was, or becomes, no tenant's. */
      readonly from: string
      readonly to: string
    })
  | (At & {
      readonly code: 'tenant-unproven'
      readonly tenant: string
      /** undefined: a label that nothing can prove. */
      readonly flaw: TenancyFlaw | undefined
    })
  | (At & {
      readonly code: 'address-not-annotated'
      /** What the annotation asks for instead; empty when there is none. */
      readonly annotated: readonly string[]
      readonly annotation: string
    })
