import { formatAddress } from '../../address/format.ts'
import type { AddressRange } from '../../address/range.ts'
import type { JsonObject } from '../apply.ts'
import type { UserInfo } from '../raw-object.ts'
import { SOMEBODY, type Constants } from './constants.ts'
import type { World } from './decision.ts'
import { exemptedNames, type Candidate, type CandidateSource, type Trial } from './trial.ts'
import { serviceObject, SHARING_ANNOTATION, witnessPrefix, type WitnessNamespace } from './worlds.ts'

const TYPES = ['LoadBalancer', 'NodePort', 'ClusterIP', 'ExternalName'] as const

/** What of a Service the policies judge. */
interface Shape {
  readonly name: string
  readonly type: (typeof TYPES)[number]
  readonly pool?: string | undefined
  readonly address?: string
  readonly shared?: string | undefined
  readonly loadBalancerClass?: string | undefined
  readonly sourceRanges?: readonly string[] | undefined
  readonly port: number
  readonly nodePort?: number
  readonly externalIP?: string
  /** As the CCM labels them. */
  readonly isMirrored?: boolean
}

/** Somebody's Services in one namespace. */
interface Place {
  readonly namespace: WitnessNamespace
  readonly user: UserInfo
  readonly world: World
}

/**
 * Services: for each type one that the proposal allows, and what differs from it in one thing; in every namespace by somebody,
 * and in the first ones by everybody whom the policies name.
 */
export const SERVICES: CandidateSource = { kinds: ['Service'], candidates: services }

/** Namespaces in which everybody tries. */
const MOST_SHARED = 4

async function* services(trial: Trial): AsyncGenerator<Candidate> {
  const { worlds, constants } = trial
  const others = constants.users.filter(user => user !== SOMEBODY)
  const named = new Set(constants.namespaces)
  const first = worlds.namespaces.filter(({ name }, i) => i < MOST_SHARED || named.has(name))
  for (const namespace of worlds.namespaces)
    yield* inPlace({ namespace, user: SOMEBODY, world: worlds.plain }, trial)
  for (const user of others)
    for (const namespace of first) yield* inPlace({ namespace, user, world: worlds.plain }, trial)
}

async function* inPlace(place: Place, trial: Trial): AsyncGenerator<Candidate> {
  for (const type of TYPES) {
    const start = await allowedShape(type, place, trial)
    if (start === undefined) continue
    for (const world of trial.worlds.full) yield candidate(start, { ...place, world })
    yield* sharing(start, place, trial)
    for (const shape of around(start, place, trial.constants)) yield candidate(shape, place)
  }
}

/** The first of some ordinary Services of a type that the proposal allows; undefined when it allows none. */
async function allowedShape(type: Shape['type'], place: Place, trial: Trial): Promise<Shape | undefined> {
  for (const shape of ordinary(type, trial.constants)) {
    if (await trial.isAllowed(candidate(shape, place))) return shape
  }
  return undefined
}

function* ordinary(type: Shape['type'], constants: Constants): Generator<Shape> {
  const start = { name: 'witness', type }
  for (const port of [80, 8443]) {
    if (type === 'LoadBalancer') yield* ordinaryLoadBalancers({ ...start, port }, constants)
    else yield { ...start, port }
  }
}

function* ordinaryLoadBalancers(start: Shape, constants: Constants): Generator<Shape> {
  const classes = ['', ...constants.serviceClassNames.filter(name => name !== '').slice(0, 2)]
  const ranges = [undefined, ...constants.sources.map(one => [cidrOf(one)])]
  const pools = [...constants.pools.slice(0, 4), undefined]
  const limits = classes.flatMap(name => ranges.map(sourceRanges => ({ ...classOf(name), sourceRanges })))
  for (const limit of limits) for (const pool of pools) yield { ...start, ...limit, pool }
}

function classOf(name: string): Pick<Shape, 'loadBalancerClass'> {
  return { loadBalancerClass: name === '' ? undefined : name }
}

function* sharing(start: Shape, place: Place, { worlds, constants }: Trial): Generator<Candidate> {
  for (const tenant of constants.tenants)
    yield candidate({ ...start, shared: `shared-${tenant}` }, { ...place, world: worlds.sharing })
}

/** Everything that differs from it in one thing. */
function* around(start: Shape, { namespace }: Place, constants: Constants): Generator<Shape> {
  yield start
  for (const type of TYPES) yield { ...start, type }
  for (const port of constants.ports) {
    yield { ...start, port }
    if (start.type !== 'ClusterIP' && start.type !== 'ExternalName') yield { ...start, nodePort: port }
  }
  for (const [i, pool] of constants.pools.entries()) {
    const address = `${witnessPrefix('pool', i)}.7`
    yield { ...start, pool }
    yield { ...start, address }
    yield { ...start, pool, address }
  }
  yield { ...start, pool: undefined }
  for (const name of ['', 'example.org/witness', ...constants.serviceClassNames])
    yield { ...start, ...classOf(name) }
  yield { ...start, sourceRanges: undefined }
  for (const text of ['0.0.0.0/0', '::/0', '192.0.2.77/32', ...constants.addresses.map(cidrOf)])
    yield { ...start, sourceRanges: [text] }
  for (const externalIP of ['192.0.2.77', ...constants.addresses.map(textOf)]) yield { ...start, externalIP }
  yield { ...start, isMirrored: true }
  for (const exempted of exemptedNames(constants, 'Service'))
    if (exempted.namespace === namespace.name) yield* violating({ ...start, name: exempted.name }, constants)
}

/** With what policies usually refuse. */
function* violating(start: Shape, constants: Constants): Generator<Shape> {
  for (const type of TYPES) yield { ...start, type }
  for (const port of constants.ports) yield { ...start, port }
  for (const pool of constants.pools) yield { ...start, pool }
  for (const one of constants.addresses.slice(0, 16)) yield { ...start, externalIP: textOf(one) }
}

function cidrOf({ family, first }: AddressRange): string {
  return `${formatAddress(family, first)}/${family === 4 ? 32 : 128}`
}

function textOf(one: AddressRange): string {
  return formatAddress(one.family, one.first)
}

function candidate(shape: Shape, { namespace, user, world }: Place): Candidate {
  return { world, request: { user, object: objectOf(shape, namespace.name) } }
}

function objectOf(shape: Shape, namespace: string): JsonObject {
  const { name, type, port, nodePort, loadBalancerClass, sourceRanges, externalIP } = shape
  const annotations = given({
    'metallb.io/address-pool': shape.pool,
    'metallb.io/loadBalancerIPs': shape.address,
    [SHARING_ANNOTATION]: shape.shared
  })
  const labels = shape.isMirrored === true ? { 'cluster.x-k8s.io/tenant-service-name': name } : undefined
  const metadata = {
    name,
    namespace,
    ...given({ labels }),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {})
  }
  return serviceObject(metadata, {
    type,
    ports: [{ port, ...given({ nodePort }) }],
    ...given({ loadBalancerClass, loadBalancerSourceRanges: sourceRanges }),
    ...(externalIP === undefined ? {} : { externalIPs: [externalIP] }),
    ...(type === 'ExternalName' ? { externalName: 'example.org' } : {})
  })
}

/** Without what is undefined. */
function given(fields: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
