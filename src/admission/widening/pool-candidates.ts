import { formatEntry } from '../../address/format.ts'
import type { JsonObject } from '../apply.ts'
import { ADMINISTRATOR } from './constants.ts'
import { worldOf } from './decision.ts'
import { exemptedNames, type Candidate, type CandidateSource, type Trial } from './trial.ts'
import { metallbObject, witnessPrefix } from './worlds.ts'

/**
 * IPAddressPools of one address beside the ends of every range, unannounced, announced by L2 and by BGP, and of what rules
 * refuse whatever the plan; by an administrator, and the first of them by everybody whom the policies name.
 */
export const POOLS: CandidateSource = { kinds: ['IPAddressPool'], candidates: pools }

/** L2Advertisements on every interface, of a pool beside the ends of every range. */
export const ADVERTISEMENTS: CandidateSource = { kinds: ['L2Advertisement'], candidates: advertisements }

/** Entries with which everybody tries; and pools for advertisements. */
const MOST_SHARED = 40

/** Refused by rules that ask the plan little. */
const WRONG = [
  '127.0.0.1/32',
  'nonsense',
  `${witnessPrefix('pool', 0)}.9/32`,
  `${witnessPrefix('subnet', 0)}.9/32`
]

function* pools(trial: Trial): Generator<Candidate> {
  const { worlds, constants } = trial
  const entries = [...constants.addresses.map(formatEntry), ...WRONG]
  const names = namesOf(trial)
  for (const world of [worlds.plain, ...worlds.announced])
    for (const { namespace, name } of names)
      for (const entry of entries)
        yield { world, request: { user: ADMINISTRATOR, object: pool(namespace, name, [entry]) } }
  const tenants = worlds.namespaces.filter(({ tenant }) => tenant !== undefined).slice(0, 2)
  for (const { namespace, name } of names.slice(0, 2))
    for (const entry of entries.slice(0, MOST_SHARED)) {
      for (const { name: only } of tenants) {
        const object = pool(namespace, name, [entry], { serviceAllocation: { namespaces: [only] } })
        yield { world: worlds.plain, request: { user: ADMINISTRATOR, object } }
      }
      for (const user of constants.users)
        yield { world: worlds.plain, request: { user, object: pool(namespace, name, [entry]) } }
    }
}

/** In MetalLB's namespace by either plan, in another one, and those that exemptions and VLANs name. */
function namesOf({
  constants,
  plans
}: Trial): readonly { readonly namespace: string; readonly name: string }[] {
  const namespaces = [...new Set(plans.map(({ metallb }) => metallb.namespace))]
  const vlans = plans.flatMap(({ tenancy }) =>
    [...tenancy.tenants.values()].flatMap(({ vlan }) =>
      vlan?.exposure === 'ccmProxy' ? [vlan.ipAddressPool] : []
    )
  )
  return [
    ...namespaces.map(namespace => ({ namespace, name: 'witness' })),
    ...exemptedNames(constants, 'IPAddressPool'),
    ...[...new Set(vlans)].flatMap(name => namespaces.map(namespace => ({ namespace, name }))),
    { namespace: 'unlabelled', name: 'witness' }
  ]
}

function pool(
  namespace: string,
  name: string,
  addresses: readonly string[],
  more: JsonObject = {}
): JsonObject {
  return metallbObject('IPAddressPool', { name, namespace }, { addresses, ...more })
}

function* advertisements({ worlds, constants, plans }: Trial): Generator<Candidate> {
  const interfaces = [undefined, 'witness0', ...constants.interfaces]
  for (const namespace of new Set([...plans.map(({ metallb }) => metallb.namespace), 'unlabelled']))
    for (const entry of constants.addresses.slice(0, MOST_SHARED).map(formatEntry)) {
      const world = worldOf([...worlds.plain.existing, pool(namespace, 'witness', [entry])])
      for (const name of interfaces) {
        const spec = { ipAddressPools: ['witness'], ...(name === undefined ? {} : { interfaces: [name] }) }
        const object = metallbObject('L2Advertisement', { name: 'witness', namespace }, spec)
        yield { world, request: { user: ADMINISTRATOR, object } }
      }
    }
}
