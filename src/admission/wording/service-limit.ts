import type { ServiceLimitFinding } from '../../rules/findings/service-limit.ts'
import type { Audience } from '../judge.ts'
import { listed, shown, shownRef } from '../show.ts'
import { occupantWords } from './occupant.ts'
import { problemWords } from './problem.ts'

/** The predicates of findings about what policies let Services ask for. */
export function serviceLimitWords(finding: ServiceLimitFinding, audience: Audience): string {
  switch (finding.code) {
    case 'type-not-allowed':
      return `is no type that the policies allow. ${useOneOf(finding.allowed)}`
    case 'class-not-allowed': {
      const allowed = finding.allowed.map(name => (name === '' ? 'none' : name))
      return `${finding.value === '' ? 'is not set: a class is needed here' : 'is no class that the policies allow'}. ${useOneOf(allowed)}`
    }
    case 'port-denied': {
      const { first, last } = finding.denied
      const range = first === last ? 'it' : `${first}-${last}`
      const how = finding.as === 'port' ? 'open to the outside' : 'open on the nodes'
      return `is a port that may not be ${how}: a policy denies ${range}. Use another one.`
    }
    case 'external-ip-unparsable':
      return `${problemWords(finding.problem)}. Write one address, or take it out.`
    case 'external-ip-not-allowed':
      return `is no external IP that the policies allow. ${within(finding.allowed)}`
    case 'external-ip-taken':
      return takenWords(finding, audience)
    case 'source-range-unparsable':
      return `${problemWords(finding.problem)}. Write a CIDR, such as 10.0.0.0/8.`
    case 'source-range-not-allowed':
      return `lets sources in that the policies do not allow. ${within(finding.allowed)}`
    case 'source-ranges-missing':
      return missingWords(finding)
    case 'address-request-denied':
      return 'asks for a certain address, which a policy denies (services.addressRequests). Take it out.'
    case 'address-outside-grants': {
      const granted = listed(finding.granted.map(text => shown(text)))
      return `is in no pool that is granted. ${granted === '' ? 'Ask for no address.' : `Ask for no address, or for one of ${granted}.`}`
    }
    case 'sharing-denied':
      return 'lets other Services share the address, which a policy denies (services.sharedAddresses). Take it out.'
    case 'pools-exhausted':
      return exhaustedWords(finding)
  }
}

function useOneOf(allowed: readonly string[]): string {
  const names = allowed.map(text => shown(text))
  return names.length === 0 ? 'They allow none.' : `Use ${names.join(' or ')}.`
}

function within(allowed: readonly string[]): string {
  return allowed.length === 0 ? 'They allow none.' : `They allow ${listed(allowed)}.`
}

type Of<C extends ServiceLimitFinding['code']> = Extract<ServiceLimitFinding, { code: C }>

function takenWords({ use, other, note }: Of<'external-ip-taken'>, audience: Audience): string {
  const way = 'every node would take its traffic to this Service (CVE-2020-8554). Name another one, or none.'
  if (audience === 'tenant') return `is an address that others have: ${way}`
  switch (use) {
    case 'service':
      return `is an address of ${shownRef(other)}: ${way}`
    case 'vlan':
      return `is in the range of a tenant's VLAN, ${shown(note)}: ${way}`
    case 'subnet-itself':
      return `is ${shown(note)}: ${way}`
    default:
      return `shares its address with ${occupantWords({ use, other, note })}: ${way}`
  }
}

function missingWords({ family, isAnnotated }: Of<'source-ranges-missing'>): string {
  if (family !== undefined)
    return `has no IPv${family} range, so that every IPv${family} source is let in; a policy requires some of each family of the Service.`
  const annotated = isAnnotated ? ' kube-proxy does not obey the annotation: write them into the field.' : ''
  return `is empty, so that every source is let in; a policy requires source ranges.${annotated}`
}

/** The field has the pool as its value where the Service names one. */
function exhaustedWords({ pools, family, counts, value }: Of<'pools-exhausted'>): string {
  const names = listed(pools.map(text => shown(text)))
  const subject = value === '' ? `names no pool, and ${names} ${pools.length === 1 ? 'has' : 'have'}` : 'has'
  const left = counts.map(({ family: of, free }) => `${free} of IPv${of}`)
  if (family === undefined)
    return `${subject} no IPv4 and IPv6 address left in the same pool (${listed(left)}): the Service waits until there is.`
  const others = counts
    .filter(({ family: of }) => of !== family)
    .map(({ family: of, free }) => `${free} of IPv${of}`)
  const also = others.length === 0 ? '' : ` (${listed(others)})`
  const free = counts.find(({ family: of }) => of === family)?.free ?? 0n
  if (free === 0n)
    return `${subject} no IPv${family} address left${also}: the Service waits until another gives one back.`
  return `${subject} ${free} IPv${family} ${free === 1n ? 'address' : 'addresses'} left${also}.`
}
