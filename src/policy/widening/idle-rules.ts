import type { Exposure } from '../exposure.ts'

/** Rules that refuse nothing but what policies state, and whether these state it. */
const STATED: ReadonlyMap<string, (exposure: Exposure) => boolean> = new Map([
  ['service-type', ({ services }: Exposure) => services.allowedTypes !== undefined],
  // What is denied as a port is denied as a nodePort as well.
  ['service-port', ({ services }: Exposure) => services.deniedNodePorts.length > 0],
  [
    'service-source-ranges',
    ({ services: { sourceRanges } }: Exposure) => sourceRanges.required || sourceRanges.allowed !== undefined
  ],
  ['service-class', ({ services }: Exposure) => services.loadBalancerClasses !== undefined],
  ['service-quota', ({ services }: Exposure) => services.loadBalancers !== undefined],
  ['eip-quota', ({ ovnEips }: Exposure) => ovnEips.quota !== undefined]
])

/** Whether the rule has nothing to refuse by, so that a restriction which comes with a mere warning takes nothing back. */
export function isIdle(rule: string, exposure: Exposure): boolean {
  return STATED.get(rule)?.(exposure) === false
}
