import { KINDS } from '../../../src/kinds/index.ts'
import type { KindName } from '../../../src/kinds/index.ts'
import type { JsonObject } from '../json.ts'
import { member, text } from '../json.ts'
import { metallbNamespace } from '../users.ts'
import { randomEntry, unusualEntry } from './addresses.ts'
import type { Random } from './random.ts'

/** The kinds that MetalLB's own webhook judges. */
export const metallbKinds = [
  'IPAddressPool',
  'L2Advertisement',
  'BGPAdvertisement',
  'Community',
  'BGPPeer',
  'BFDProfile'
] as const satisfies readonly KindName[]

export type MetalLBKind = (typeof metallbKinds)[number]

/** How often each is written, by how much there is to check. */
const WEIGHTS: Record<MetalLBKind, number> = {
  IPAddressPool: 8,
  BGPAdvertisement: 6,
  L2Advertisement: 3,
  Community: 2,
  BGPPeer: 2,
  BFDProfile: 1
}
const WEIGHTED = metallbKinds.flatMap(kind => Array.from({ length: WEIGHTS[kind] }, () => kind))

/** Few, so that the second write of a name is an UPDATE and advertisements meet their pools. */
const NAMES = {
  IPAddressPool: ['pool-1', 'pool-2', 'pool-3', 'pool-4', 'pool-5'],
  L2Advertisement: ['l2-1', 'l2-2', 'l2-3'],
  BGPAdvertisement: ['bgp-1', 'bgp-2', 'bgp-3', 'bgp-4'],
  Community: ['communities-1', 'communities-2'],
  BGPPeer: ['peer-1', 'peer-2', 'peer-3'],
  BFDProfile: ['bfd-1', 'bfd-2']
} as const satisfies Record<MetalLBKind, readonly string[]>

const POOLS = [...NAMES.IPAddressPool, 'pool-missing'] as const
const WRONG_NAMESPACE = 'default'

/**
 * An object somebody might write: one of the `stored` ones changed, or one that is not there yet, the latter so often out of
 * 100 in a namespace that MetalLB does not read. It is what the API server would send, defaults filled in.
 */
export function randomWrite(
  random: Random,
  stored: readonly JsonObject[],
  elsewherePercent: number
): JsonObject {
  const kind = random.pick(WEIGHTED)
  const name = random.pick<string>(NAMES[kind])
  const namespace = random.chance(elsewherePercent) ? WRONG_NAMESPACE : metallbNamespace
  const known = stored.find(object => {
    const metadata = member(object, 'metadata')
    return object['kind'] === kind && metadata['name'] === name && metadata['namespace'] === namespace
  })
  if (known !== undefined) return changed(random, known)
  if (stored.length > 0 && random.chance(20)) return changed(random, random.pick(stored))
  return metallbObject(kind, { name, namespace, ...labels(random) }, randomSpec(random, kind))
}

/** The stored object as somebody might change it: its labels alone, one field, or all of spec. */
function changed(random: Random, stored: JsonObject): JsonObject {
  const roll = random.int(100)
  const metadata = { ...member(stored, 'metadata'), ...labels(random) }
  if (roll < 15) return { ...stored, metadata }
  const spec = randomSpec(random, kindIn(stored))
  const [name, value] = random.pick(Object.entries(spec))
  if (roll < 65) return { ...stored, spec: { ...member(stored, 'spec'), [name]: value } }
  return { ...stored, metadata, spec }
}

/** Throws for an object of another kind. */
export function kindIn(object: JsonObject): MetalLBKind {
  const kind = metallbKinds.find(known => known === text(object, 'kind'))
  if (kind === undefined) throw new Error(`no MetalLB kind: ${text(object, 'kind')}`)
  return kind
}

function randomSpec(random: Random, kind: MetalLBKind): JsonObject {
  return SPECS[kind](random, random.chance(30))
}

/** An object in the version of its kind that MetalLB reads. */
export function metallbObject(kind: MetalLBKind, metadata: JsonObject, spec: JsonObject): JsonObject {
  const { group, versions } = KINDS[kind]
  return { apiVersion: `${group}/${versions[0] ?? ''}`, kind, metadata, spec }
}

function labels(random: Random): { readonly labels?: Readonly<Record<string, string>> } {
  return random.chance(50) ? { labels: { tier: random.pick(['gold', 'silver']) } } : {}
}

/**
 * `flawed` objects draw from all values, most of which somebody refuses; the others from values that are fine by
 * themselves, so that what is left to refuse is what they do to one another.
 */
const SPECS: Record<MetalLBKind, (random: Random, flawed: boolean) => JsonObject> = {
  IPAddressPool: (random, flawed) => ({
    addresses: addresses(random, flawed),
    autoAssign: random.chance(80),
    avoidBuggyIPs: random.chance(10),
    ...maybe(random, 20, 'serviceAllocation', () => allocation(random, flawed))
  }),
  L2Advertisement: (random, flawed) => ({
    ...poolChoice(random, flawed),
    ...maybe(random, 30, 'nodeSelectors', () => selectors(random, flawed)),
    interfaces: distinct(random.some(['eth0', 'eth1'], 2), flawed)
  }),
  BGPAdvertisement: (random, flawed) => ({
    ...poolChoice(random, flawed),
    aggregationLength: random.pick(flawed ? [32, 31, 28, 24, 1, 33] : [32, 32, 32, 30, 24]),
    aggregationLengthV6: random.pick(flawed ? [128, 120, 0, -1, -1, 129] : [128, 128, 128, 120]),
    ...maybe(random, 50, 'localPref', () => random.pick([0, 100, 200, 2_147_483_647])),
    ...maybe(random, 30, 'communities', () => communities(random, flawed)),
    ...maybe(random, 30, 'peers', () => distinct(random.some(NAMES.BGPPeer, 2), flawed)),
    ...maybe(random, 30, 'nodeSelectors', () => selectors(random, flawed))
  }),
  Community: (random, flawed) => ({
    communities: random.some(ALIASES, 2).map(name => ({
      name: flawed && random.chance(10) ? '' : name,
      value: random.pick(flawed ? [...VALUES, ...BAD_VALUES] : VALUES)
    }))
  }),
  BGPPeer: (random, flawed) => ({
    myASN: flawed ? random.pick([64_500, 64_501, 0]) : 64_500,
    ...randomRemote(random, flawed),
    ...maybe(random, 20, 'holdTime', () => random.pick(flawed ? ['2s', '0s', '500ms', '90s'] : ['90s'])),
    ...maybe(random, 20, 'keepaliveTime', () => random.pick(flawed ? ['1s', '0s', '120s'] : ['30s'])),
    ...maybe(random, flawed ? 30 : 0, 'routerID', () => random.pick(['10.9.9.9', 'router'])),
    ...maybe(random, flawed ? 30 : 5, 'sourceAddress', () => (flawed ? 'source' : '10.1.1.9')),
    ...maybe(random, 20, 'ebgpMultiHop', () => random.chance(50)),
    ...maybe(random, 40, 'password', () => 'secret'),
    ...maybe(random, 25, 'passwordSecret', () => ({ name: random.pick(['bgp', '']) })),
    ...maybe(random, 20, 'vrf', () => random.pick(['red', ''])),
    ...maybe(random, 20, 'bfdProfile', () => random.pick(['bfd-1', 'bfd-missing'])),
    ...maybe(random, 20, 'nodeSelectors', () => selectors(random, flawed)),
    disableMP: flawed && random.chance(40),
    dualStackAddressFamily: false,
    peerPort: 179
  }),
  BFDProfile: random => ({
    receiveInterval: random.pick([10, 300, 60_000]),
    ...maybe(random, 50, 'echoMode', () => random.chance(50))
  })
}

/** Whom a peer talks to: one AS and one address, or with `flawed` any mixture. */
function randomRemote(random: Random, flawed: boolean): JsonObject {
  if (!flawed) {
    return { peerASN: random.pick([64_500, 64_600]), peerAddress: `10.1.1.${1 + random.int(8)}` }
  }
  return {
    ...maybe(random, 80, 'peerASN', () => random.pick([64_500, 64_600, 0])),
    ...maybe(random, 30, 'dynamicASN', () => random.pick(['internal', 'external'])),
    ...maybe(random, 80, 'peerAddress', () => random.pick(['10.1.1.1', 'fd01::1', '10.1.1', ''])),
    ...maybe(random, 30, 'interface', () => random.pick(['eth0', '']))
  }
}

function addresses(random: Random, flawed: boolean): readonly string[] {
  if (flawed && random.chance(10)) return []
  const entry = () => (flawed && random.chance(60) ? unusualEntry(random) : randomEntry(random))
  return Array.from({ length: 1 + random.int(3) }, entry)
}

const ALIASES = ['no-export', 'blackhole', 'backup', 'customers', '65000:1'] as const
const VALUES = ['65535:65281', '65000:1', '65000:2', '0:0', 'large:1:2:3', 'large:4294967295:0:0'] as const
const BAD_VALUES = [
  '65536:1',
  '-1:1',
  '+1:1',
  ' 1:1',
  '01:1',
  '1:',
  ':',
  '1:2:3',
  'large:4294967296:0:0',
  'Large:1:2:3',
  'large:1:2:x',
  '1:2:3:4:5',
  '65281',
  ''
] as const

function communities(random: Random, flawed: boolean): readonly string[] {
  const from = flawed ? [...ALIASES, ...VALUES, ...BAD_VALUES] : [...ALIASES, ...VALUES]
  return distinct(random.some(from, 3), flawed)
}

function poolChoice(random: Random, flawed: boolean): JsonObject {
  const roll = random.int(100)
  if (roll < 20) return {}
  return {
    ...(roll < 85 ? { ipAddressPools: distinct(random.some(POOLS, 3), flawed) } : {}),
    ...(roll >= 75 ? { ipAddressPoolSelectors: selectors(random, flawed) } : {})
  }
}

function allocation(random: Random, flawed: boolean): JsonObject {
  const namespaces = ['default', 'tenant-acme', 'tenant-beta']
  return {
    ...maybe(random, 50, 'priority', () => random.int(100)),
    ...maybe(random, 50, 'namespaces', () => distinct(random.some(namespaces, 3), flawed)),
    ...maybe(random, 40, 'namespaceSelectors', () => selectors(random, flawed)),
    ...maybe(random, 40, 'serviceSelectors', () => selectors(random, flawed))
  }
}

/** Those that are not flawed differ from one another. */
function selectors(random: Random, flawed: boolean): readonly JsonObject[] {
  if (flawed) return Array.from({ length: 1 + random.int(3) }, () => flawedSelector(random))
  return distinct(random.some(['node1', 'node2', 'node3'], 2), false).map(value =>
    random.chance(50)
      ? { matchLabels: { 'kubernetes.io/hostname': value } }
      : { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold', value] }] }
  )
}

function flawedSelector(random: Random): JsonObject {
  const roll = random.int(100)
  if (roll < 10) return {}
  if (roll < 45) return { matchLabels: { tier: random.pick(['gold', 'silver', 'not a value!']) } }
  return { matchExpressions: Array.from({ length: 1 + random.int(2) }, () => flawedRequirement(random)) }
}

function flawedRequirement(random: Random): JsonObject {
  return {
    key: random.pick(['tier', 'tier', 'kubernetes.io/hostname', 'not a key!']),
    operator: random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist', 'in', 'Gt']),
    ...maybe(random, 75, 'values', () => random.some(['gold', 'silver', '', 'not a value!'], 3))
  }
}

function distinct<T>(values: readonly T[], flawed: boolean): readonly T[] {
  return flawed ? values : [...new Set(values)]
}

function maybe(random: Random, percent: number, name: string, value: () => unknown): JsonObject {
  return random.chance(percent) ? { [name]: value() } : {}
}
