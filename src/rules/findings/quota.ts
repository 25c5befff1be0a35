import type { At } from './at.ts'

/** What a quota counts. */
export type QuotaKind = 'Service' | 'OvnEip'

interface Usage extends At {
  readonly of: QuotaKind
  readonly tenant: string
  /** The ExposurePolicy that states the limit. */
  readonly policy: string
  readonly limit: number
  /** How many are there, without the one that is written. */
  readonly used: number
}

/** The facts about how many of something a tenant has. */
export type QuotaFinding =
  | (Usage & { readonly code: 'quota-reached' })
  /** Of what is stored; no write is refused for it. */
  | (Usage & { readonly code: 'quota-exceeded' })
