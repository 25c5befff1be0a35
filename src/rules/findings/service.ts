import type { At } from './at.ts'

/** The facts that rules state about Services. */
export type ServiceFinding = At & {
  readonly code: 'pool-not-granted'
  readonly pool: string
  /** How the Service comes to that pool: named, by a requested address, or as MetalLB's own choice. */
  readonly via: 'named' | 'address' | 'any'
  /** '' when the namespace is nobody's for certain: its labels and owner disagree, or it is untrusted. */
  readonly tenant: string
  readonly granted: readonly string[]
}
