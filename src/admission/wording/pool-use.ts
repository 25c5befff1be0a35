import type { PoolFinding } from '../../rules/findings/pool.ts'
import type { Audience } from '../judge.ts'
import { shownRef } from '../show.ts'

export type PoolUseFinding = Extract<
  PoolFinding,
  { code: 'open-selector' | 'unadvertised' | 'nothing-usable' | 'nearly-full' }
>

/** The predicates of findings about who gets the addresses of a pool, and how many there are to get. */
export function poolUseWords(finding: PoolUseFinding, audience: Audience): string {
  switch (finding.code) {
    case 'open-selector': {
      const whom = finding.hasServiceSelectors
        ? 'that spec.serviceAllocation.serviceSelectors match'
        : 'that ask for it'
      return `match no namespace, and until they match one MetalLB gives the pool to Services of every namespace ${whom}. Label the namespace first, or name it in spec.serviceAllocation.namespaces.`
    }
    case 'unadvertised':
      return unadvertisedWords(finding, audience)
    case 'nothing-usable':
      return `leaves none of the pool's IPv${finding.family} addresses to give out, as they all end in .0 or .255: Services that want one stay pending. Add other addresses, or take avoidBuggyIPs out.`
    case 'nearly-full':
      return nearlyFullWords(finding, audience)
  }
}

function unadvertisedWords(
  { lost }: Extract<PoolUseFinding, { code: 'unadvertised' }>,
  audience: Audience
): string {
  if (lost === undefined) {
    return 'is selected by no L2Advertisement and no BGPAdvertisement yet: Services get addresses of this pool, and nobody announces them. Name the pool in spec.ipAddressPools of one, or give it a label that one selects.'
  }
  const by = audience === 'platform' ? shownRef(lost) : 'the advertisement that announced the pool'
  return `are no longer what ${by} selects, and nothing else announces the pool: nobody answers any more for the addresses its Services have. Keep the label, or name the pool in spec.ipAddressPools of an advertisement.`
}

function nearlyFullWords(
  { family, counts, level, percent }: Extract<PoolUseFinding, { code: 'nearly-full' }>,
  audience: Audience
): string {
  if (audience === 'tenant') return 'leaves few addresses free.'
  const { size, used, unusable, free } = counts
  const left = unusable === 0n ? '' : `, ${unusable} cannot be given out (avoidBuggyIPs)`
  const numbers = `of ${size} IPv${family} addresses Services hold ${used}${left} and ${freeWords(free)}`
  return level === 'critical'
    ? `runs out: ${numbers}, which the plan calls critical (capacity.criticalPercent ${percent}); Services that get none stay pending. Add addresses now, or a further pool.`
    : `fills up: ${numbers}, which is beyond what the plan warns at (capacity.warnPercent ${percent}). Add addresses, or a further pool.`
}

function freeWords(free: bigint): string {
  if (free === 0n) return 'none is free'
  return free === 1n ? '1 is free' : `${free} are free`
}
