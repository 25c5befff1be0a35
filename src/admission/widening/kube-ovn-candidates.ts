import { formatRange } from '../../address/format.ts'
import type { AddressRange } from '../../address/range.ts'
import type { JsonObject } from '../apply.ts'
import { ADMINISTRATOR, SOMEBODY } from './constants.ts'
import { exemptedNames, type Candidate, type CandidateSource, type Trial } from './trial.ts'
import { kubeOvnObject, ownerLabel, subnetObject, witnessPrefix } from './worlds.ts'

/** OvnEips of every Subnet and tenant by everybody, with and without an address of its own, while quotas are used up too. */
export const OVN_EIPS: CandidateSource = { kinds: ['OvnEip'], candidates: ovnEips }

/** Vpcs on every Subnet, and on every two. */
export const VPCS: CandidateSource = { kinds: ['Vpc'], candidates: vpcs }

/** Provider Subnets around the ends of every range, under names that are known and another. */
export const SUBNETS: CandidateSource = { kinds: ['Subnet'], candidates: subnets }

function* ovnEips({ worlds, constants, plans }: Trial): Generator<Candidate> {
  const label = plans.map(ownerLabel).find(key => key !== undefined)
  const labels = label === undefined ? [{}] : constants.tenants.map(tenant => ({ [label]: tenant }))
  const names = ['witness', ...exemptedNames(constants, 'OvnEip').map(({ name }) => name)]
  const named = names.flatMap(name => labels.map(own => ({ name, labels: own })))
  const asks = [
    ...[...specsOf(constants.subnets)].map(spec => ({ spec, world: worlds.plain })),
    ...worlds.full.flatMap(world =>
      constants.subnets.map(externalSubnet => ({ spec: { externalSubnet }, world }))
    )
  ]
  for (const user of constants.users)
    for (const metadata of named)
      for (const { spec, world } of asks)
        yield { world, request: { user, object: kubeOvnObject('OvnEip', metadata, spec) } }
}

function* specsOf(names: readonly string[]): Generator<JsonObject> {
  yield {}
  for (const [i, externalSubnet] of [...names, 'witness'].entries()) {
    for (const type of ['nat', 'lrp', 'lsp']) yield { externalSubnet, type }
    for (const host of [7, 1, 0]) yield { externalSubnet, v4Ip: `${witnessPrefix('subnet', i)}.${host}` }
  }
}

/** Pairs of Subnets grow with their square. */
const MOST_PAIRED = 6

function* vpcs({ worlds, constants: { subnets: names } }: Trial): Generator<Candidate> {
  const paired = names.slice(0, MOST_PAIRED)
  const sets = [[], ...names.map(name => [name]), ...paired.flatMap(one => paired.map(other => [one, other]))]
  const namespaces = [
    '',
    ...worlds.namespaces.filter(({ tenant }) => tenant !== undefined).map(({ name }) => name)
  ]
  for (const namespace of namespaces.slice(0, MOST_PAIRED))
    for (const extraExternalSubnets of sets) {
      const spec = {
        enableExternal: true,
        extraExternalSubnets,
        namespaces: namespace === '' ? [] : [namespace]
      }
      for (const user of [ADMINISTRATOR, SOMEBODY])
        yield {
          world: worlds.plain,
          request: { user, object: kubeOvnObject('Vpc', { name: 'witness' }, spec) }
        }
    }
}

function* subnets({ worlds, constants }: Trial): Generator<Candidate> {
  for (const name of [...constants.subnets.slice(0, 3), 'witness'])
    for (const cidr of constants.addresses.map(block)) {
      const object = subnetObject(name, cidr)
      yield { world: worlds.plain, request: { user: ADMINISTRATOR, object } }
    }
}

/** The smallest block with addresses to give out that holds the address: a /30, or a /126. */
function block({ family, first }: AddressRange): string {
  const start = first - (first % 4n)
  return formatRange({ family, first: start, last: start + 3n })
}
