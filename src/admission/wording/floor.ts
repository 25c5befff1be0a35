import { listed, shown } from '../show.ts'

/** A sentence around what is wrong: the values stand between both parts. It must make sense without them too. */
export interface FloorWords {
  readonly before: string
  readonly after: string
}

/**
 * What the floor of each rule says, as near to the rule's own words as text can be that is written down beforehand. Tenants read
 * it, so that it names nothing but what policies let them have.
 */
export const FLOOR_WORDS = {
  type: (allowed: readonly string[]): FloorWords => ({
    before: 'spec.type',
    after: `is no type that the policies allow. ${useOneOf(allowed)}`
  }),
  loadBalancerClass: (allowed: readonly string[]): FloorWords => ({
    before: 'spec.loadBalancerClass',
    after: `is no class that the policies allow. ${useOneOf(allowed.map(name => (name === '' ? 'none' : name)))}`
  }),
  port: {
    before: 'spec.ports[].port',
    after: 'may not be open to the outside: a policy denies it. Use another one.'
  },
  nodePort: {
    before: 'spec.ports[].nodePort',
    after: 'may not be open on the nodes: a policy denies it. Use another one.'
  },
  externalIPs: (allowed: readonly string[]): FloorWords => ({
    before: 'spec.externalIPs',
    after: `is no external IP that the policies allow. ${within(allowed)}`
  }),
  sourceRanges: (allowed: readonly string[]): FloorWords => ({
    before: 'spec.loadBalancerSourceRanges',
    after: `lets sources in that the policies do not allow. ${within(allowed)}`
  }),
  sourceRangesMissing: {
    before: 'spec.loadBalancerSourceRanges',
    after:
      'has no range, so that every such source is let in; a policy requires some of each family of the Service.'
  },
  addressRequest: {
    before: 'The requested address',
    after: 'is denied: a policy lets nobody ask for one (services.addressRequests). Take it out.'
  },
  sharedAddress: {
    before: 'metadata.annotations[metallb.io/allow-shared-ip]',
    after:
      'lets other Services share the address, which a policy denies (services.sharedAddresses). Take it out.'
  },
  twins: {
    before: 'metadata.annotations[metallb.universe.tf/...]',
    after: 'contradicts the annotation of the same name under metallb.io/. Ask in one place.'
  },
  twoPlaces: {
    before: 'spec.loadBalancerIP',
    after: 'contradicts metadata.annotations[metallb.io/loadBalancerIPs]. Ask in one place.'
  },
  unparsable: {
    before: 'The requested address',
    after:
      'is no IP address. Write one, such as 192.168.1.110, or one of each family with a comma between them.'
  },
  tooMany: {
    before: 'The Service asks for',
    after: 'addresses; MetalLB gives a Service one of each family at most.'
  },
  families: {
    before: 'The requested addresses',
    after: 'do not fit the families of the Service: ask for one address of each of them.'
  },
  pool: {
    before: 'metadata.annotations[metallb.io/address-pool]',
    after: 'names a pool that this namespace is not granted. Take it out, or use a granted one.'
  },
  status: {
    before: '',
    after:
      'is written through the status, which only those may who give out addresses. Ask for an address in the Service itself.'
  },
  podSubnet: {
    before: 'metadata.annotations',
    after:
      "puts the Pod into a provider network, whose addresses belong to OvnEips. Take it out, or name one of the tenant's own Subnets."
  }
} as const

function useOneOf(allowed: readonly string[]): string {
  const names = allowed.map(text => shown(text))
  return names.length === 0 ? 'They allow none.' : `Use ${names.join(' or ')}.`
}

function within(allowed: readonly string[]): string {
  return allowed.length === 0 ? 'They allow none.' : `They allow ${listed(allowed)}.`
}

/** What the API server does not judge by itself of a policy's own rules. */
export function customRulesWords(policy: string, ids: readonly string[]): string {
  return `the custom rules of ExposurePolicy ${policy}: ${listed(ids)}`
}
