import type { PoolFinding } from '../../rules/findings/pool.ts'
import type { Audience } from '../judge.ts'
import { shownRef } from '../show.ts'

export type PoolUseFinding = Extract<
  PoolFinding,
  { code: 'open-selector' | 'unadvertised' | 'nothing-usable' | 'nearly-full' }
>

/**
 * The predicates of findings about who gets the addresses of a pool, and how many there are to get. They warn by default, so
 * they are kept short: the API server cuts a warning at 256 characters.
 */
export function poolUseWords(finding: PoolUseFinding, audience: Audience): string {
  switch (finding.code) {
    case 'open-selector': {
      const open = finding.hasServiceSelectors ? 'that serviceSelectors match' : 'that asks for the pool'
      return `match no namespace, and until they do any Service ${open} gets it. Label the namespace first, or name it in namespaces.`
    }
    case 'unadvertised':
      return unadvertisedWords(finding, audience)
    case 'nothing-usable':
      return `leaves none of the pool's IPv${finding.family} addresses to give out: they all end in .0 or .255. Add others, or take avoidBuggyIPs out.`
    case 'nearly-full':
      return nearlyFullWords(finding, audience)
  }
}

function unadvertisedWords(
  { lost }: Extract<PoolUseFinding, { code: 'unadvertised' }>,
  audience: Audience
): string {
  if (lost === undefined) {
    return 'is selected by no L2Advertisement or BGPAdvertisement yet: its Services get addresses that nobody announces. Name it in spec.ipAddressPools of one.'
  }
  const by = audience === 'platform' ? shownRef(lost) : 'the advertisement of the pool'
  return `are no longer what ${by} selects, and nothing else announces the pool: nobody reaches its Services. Keep the label, or name the pool in an advertisement.`
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
    ? `runs out: ${numbers}, which is critical (capacity.criticalPercent ${percent}). Services that get none stay pending: add addresses now.`
    : `fills up: ${numbers} (capacity.warnPercent ${percent}). Add addresses, or a further pool.`
}

function freeWords(free: bigint): string {
  if (free === 0n) return 'none is free'
  return free === 1n ? '1 is free' : `${free} are free`
}
