import { test } from 'tap'
import { formatAddress, formatEntry } from '../src/address/format.ts'
import type { AddressRange } from '../src/address/range.ts'
import { changeOf } from '../src/admission/change.ts'
import { ruleContext } from '../src/admission/judge.ts'
import type { PolicySnapshot } from '../src/admission/ports.ts'
import { rawObject } from '../src/admission/raw-object.ts'
import { parseReview } from '../src/admission/review.ts'
import { UnusableError } from '../src/cli/io.ts'
import { snapshotOf } from '../src/cli/policies.ts'
import { Inventory } from '../src/inventory/inventory.ts'
import { isKindName, KINDS, type KindName } from '../src/kinds/index.ts'
import { evaluate } from '../src/rules/evaluate.ts'
import type { Finding } from '../src/rules/finding.ts'
import { creation } from './admission/creation.ts'

/**
 * What a denial proposes is no trap: in random worlds of few addresses, where all kinds of holders crowd one another, each
 * proposal is written in place of the entry it is about, and no rule about pools says a word against it.
 */
const WORLDS = 600

type Json = Record<string, unknown>

/** Park and Miller's generator (minimal standard): the same worlds each time, and a seed to repeat one by. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

/** Texts of random addresses out of 10.0.0.0/24 and fd00::/120, which the worlds are made of. */
class Random {
  readonly below: (n: number) => number

  constructor(seed: number) {
    this.below = numbers(seed)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  some<T>(most: number, each: (i: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, i) => each(i))
  }

  address(): string {
    return text(this.chance(75) ? 4 : 6, this.below(256))
  }

  range(most = 64): string {
    const family = this.chance(75) ? 4 : 6
    const first = this.below(256)
    const last = Math.min(255, first + this.below(most))
    return `${text(family, first)}-${text(family, last)}`
  }

  /** Of IPv4; 4 to 64 addresses. */
  prefix(): string {
    const bits = 26 + this.below(5)
    const size = 2 ** (32 - bits)
    return `${text(4, size * this.below(256 / size))}/${bits}`
  }
}

function text(family: 4 | 6, last: number): string {
  return formatAddress(family, (family === 4 ? 0x0a000000n : 0xfd00n << 112n) + BigInt(last))
}

function object(kind: KindName, metadata: object, rest: object): Json {
  const { group, versions } = KINDS[kind]
  return { apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`, kind, metadata, ...rest }
}

function pool(name: string, addresses: readonly string[]): Json {
  return object('IPAddressPool', { name, namespace: 'kmetal-metallb' }, { spec: { addresses } })
}

/** A plan that loads: one whose VLAN range lies across other ranges is refused, and another one is drawn. */
function planOf(random: Random): PolicySnapshot {
  for (;;) {
    const plan = JSON.stringify(drawnPlan(random))
    try {
      return snapshotOf([{ path: 'plan.yaml', text: plan }])
    } catch (error) {
      if (!(error instanceof UnusableError) || !error.message.includes('vlan.range')) throw error
    }
  }
}

function drawnPlan(random: Random): Json {
  const ranges = (most: number) => random.some(most, () => random.range(32))
  const nodeSubnets = random.chance(50)
    ? ['10.0.0.0/25', 'fd00::/121']
    : [{ cidr: '10.0.0.0/24', gateway: text(4, random.below(256)), interfaces: ['eth0'] }]
  const allocations = random.some(4, () => {
    return { range: random.range(), announcement: random.chance(50) ? 'l2' : 'bgp' }
  })
  const vlan = { exposure: 'ccmProxy', ipAddressPool: 'acme-vlan', range: random.range() }
  const spec = {
    ...(random.chance(75) ? { nodeSubnets } : {}),
    ...(random.chance(60) ? { allocations } : {}),
    reservedRanges: ranges(2).map(range => ({ range })),
    clusterRanges: { services: ranges(1), pods: ranges(1) },
    metallb: { namespace: 'kmetal-metallb' },
    globalPool: { ipAddressPool: 'default-pool', externalSubnets: ['external'] },
    tenancy: { tenants: [{ name: 'acme', networkingMode: 'vlan', vlan }] }
  }
  return { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: { name: 'p' }, spec }
}

function subnet(name: string, random: Random): Json {
  const excludeIps = random.some(2, () => random.range(16).replace('-', '..'))
  const vlan = random.chance(60) ? 'vlan1' : ''
  const vpc = random.chance(50) ? 'ovn-cluster' : ''
  return object('Subnet', { name }, { spec: { cidrBlock: random.prefix(), excludeIps, vlan, vpc } })
}

function worldOf(random: Random): Json[] {
  const advertisement = (kind: 'L2Advertisement' | 'BGPAdvertisement') => {
    const ipAddressPools = ['pool', 'acme-vlan'].filter(() => random.chance(40))
    const name = ipAddressPools.join('-') || 'none'
    const spec = { ipAddressPools: ipAddressPools.length > 0 ? ipAddressPools : ['other'] }
    return object(kind, { name, namespace: 'kmetal-metallb' }, { spec })
  }
  return [
    ...random.some(3, i => pool(`other-${i}`, [random.range(24), random.range(8)])),
    ...random.some(6, i =>
      object(
        'Node',
        { name: `node-${i}` },
        {
          spec: { podCIDRs: random.some(1, () => random.prefix()) },
          status: { addresses: [{ type: 'InternalIP', address: random.address() }] }
        }
      )
    ),
    ...random.some(1, () => object('ServiceCIDR', { name: 'more' }, { spec: { cidrs: [random.prefix()] } })),
    ...['external', 'attached', 'loose'].filter(() => random.chance(50)).map(name => subnet(name, random)),
    ...random.some(4, i => {
      const externalSubnet = ['external', 'attached', 'loose', ''][random.below(4)]
      return object(
        'OvnEip',
        { name: `e${i}` },
        { spec: { externalSubnet, v4Ip: text(4, random.below(256)) } }
      )
    }),
    ...random.some(1, () =>
      object('Vpc', { name: 'v' }, { spec: { enableExternal: true, extraExternalSubnets: ['attached'] } })
    ),
    ...random.some(1, () => advertisement('L2Advertisement')),
    ...random.some(1, () => advertisement('BGPAdvertisement'))
  ]
}

/** What the rules about pools say about the creation of one. */
function findings(created: Json, inventory: Inventory, snapshot: PolicySnapshot): readonly Finding[] {
  const body = creation(created, { username: 'admin', groups: ['system:masters'] })
  const parsed = parseReview(body)
  if (!parsed.ok || parsed.review.kind === undefined) throw new Error('no review')
  const decoded = changeOf({ ...parsed.review, kind: parsed.review.kind })
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.errors))
  const context = ruleContext(parsed.review, decoded.change, snapshot, { view: inventory })
  const judged = evaluate(decoded.change, snapshot.rules, context).findings
  return judged.filter(({ rule }) => rule.id.startsWith('pool-')).map(({ finding }) => finding)
}

function proposalsOf(finding: Finding): readonly AddressRange[] {
  if (!('largestPart' in finding)) return []
  const { nearest, largestPart, largestFree } = finding
  return [nearest, largestPart, largestFree].filter(range => range !== undefined)
}

/** One pool that is created in one world, and how its rules answer for other entries in place of one. */
interface Case {
  readonly addresses: readonly string[]
  readonly answer: (addresses: readonly string[]) => readonly Finding[]
}

function caseOf(seed: number): Case {
  const random = new Random(seed)
  const snapshot = planOf(random)
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const json of worldOf(random)) {
    const kind = rawObject(json)?.ref.kind ?? ''
    if (isKindName(kind)) inventory.putJson(kind, json)
  }
  const name = random.chance(70) ? 'pool' : 'acme-vlan'
  return {
    addresses: [random.range(), ...random.some(2, () => random.range(16))],
    answer: addresses => findings(pool(name, addresses), inventory, snapshot)
  }
}

/** What is said about entry `i`, repeats of it in others included; others repeated one another before. */
function about(i: number, said: readonly Finding[]): readonly Finding[] {
  const field = `spec.addresses[${i}]`
  return said.filter(
    finding => finding.field === field || ('otherField' in finding && finding.otherField === field)
  )
}

/** A range that a finding of the case proposes, and the codes of what is said about the entry once it consists of it. */
interface Proposal {
  readonly code: string
  readonly range: string
  readonly against: readonly string[]
}

function proposals({ addresses, answer }: Case): readonly Proposal[] {
  return answer(addresses).flatMap(finding => {
    const i = Number(/^spec\.addresses\[(\d+)\]$/.exec(finding.field)?.[1])
    return proposalsOf(finding)
      .map(formatEntry)
      .map((range): Proposal => {
        const against = about(i, answer(addresses.with(i, range))).map(({ code }) => code)
        return { code: finding.code, range, against }
      })
  })
}

await test('each range that a denial proposes breaks no rule about pools', t => {
  const seen = new Map<string, number>()
  for (let seed = 1; seed <= WORLDS; seed++) {
    for (const { code, range, against } of proposals(caseOf(seed))) {
      seen.set(code, (seen.get(code) ?? 0) + 1)
      if (against.length > 0) t.fail(`seed ${seed}: ${code} proposes ${range}: ${against.join(', ')}`)
    }
  }
  t.comment(JSON.stringify(Object.fromEntries(seen)))
  for (const code of ['shares-with', 'outside-node-subnets', 'reserved', 'unallocated', 'allocated-to-l2'])
    t.ok(seen.has(code), `${code}: ${seen.get(code)} proposals`)
  t.end()
})
