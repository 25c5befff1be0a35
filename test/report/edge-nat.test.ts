import { test } from 'tap'
import { formatRange } from '../../src/address/format.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { KindName } from '../../src/kinds/index.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { edgeNatFacts, edgeNatText } from '../../src/report/edge-nat.ts'
import { edgeNatDrift, type EdgeNatDrift } from '../../src/rules/edge-nat-drift.ts'

function planOf(edgeRouter: object | undefined): Plan {
  const spec = {
    edgeRouter,
    globalPool: { externalSubnets: ['external'], defaultExternalSubnet: 'external' }
  }
  const plan = { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: { name: 'p' }, spec }
  return snapshotOf([{ path: 'plan.yaml', text: JSON.stringify(plan) }]).plan
}

function natPlan(...mappings: readonly (readonly [string, string])[]): Plan {
  return planOf({ mode: 'edgeNAT', mappings: mappings.map(([publicIP, eip]) => ({ publicIP, eip })) })
}

type Json = Record<string, unknown>

function inventoryOf(...objects: readonly (readonly [KindName, string, Json])[]): Inventory {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const [kind, name, rest] of objects) {
    const namespace = kind === 'Service' ? 'web' : undefined
    const errors = inventory.putJson(kind, { metadata: { name, namespace }, ...rest })
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
  }
  return inventory
}

const EXTERNAL = ['Subnet', 'external', { spec: { cidrBlock: '10.5.204.0/24', vlan: 'v' } }] as const

function driftOf(plan: Plan, inventory: Inventory): EdgeNatDrift {
  const drift = edgeNatDrift(inventory, plan)
  if (drift === undefined || drift === 'unknown') throw new Error(`no drift: ${drift}`)
  return drift
}

/** `+ 10.0.0.1 name` for what is missing, `- 10.0.0.2` for what is stale. */
function brief({ missing, stale }: EdgeNatDrift): string[] {
  return [
    ...missing.map(({ eip, holder }) => `+ ${formatRange(eip)} ${holder.name}`),
    ...stale.map(({ eip }) => `- ${formatRange(eip.range)}`)
  ]
}

await test('edgeNatDrift() tells the mappings that are missing and those that are stale, by address', async t => {
  const inventory = inventoryOf(
    EXTERNAL,
    ['OvnEip', 'last', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.9' } }],
    ['OvnEip', 'first', { spec: { type: 'nat' }, status: { v4Ip: '10.5.204.8' } }],
    [
      'OvnEip',
      'mapped',
      { spec: { externalSubnet: 'external', v4Ip: '10.5.204.7' }, status: { v4Ip: '10.5.204.7' } }
    ]
  )
  const plan = natPlan(
    ['203.0.113.3', '10.5.204.30'],
    ['203.0.113.1', '10.5.204.7'],
    ['203.0.113.2', '10.5.204.20']
  )
  const drift = driftOf(plan, inventory)
  t.strictSame(brief(drift), ['+ 10.5.204.8 first', '+ 10.5.204.9 last', '- 10.5.204.20', '- 10.5.204.30'])
  t.equal(drift.missing[0]?.subnet, 'external', 'an OvnEip without Subnet is of the default one')
})

await test('edgeNatDrift() leaves out what needs no mapping', async t => {
  const inventory = inventoryOf(
    EXTERNAL,
    ['Subnet', 'overlay', { spec: { cidrBlock: '10.16.0.0/16' } }],
    ['OvnEip', 'port', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.1', type: 'lrp' } }],
    ['OvnEip', 'node', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.2', type: 'lsp' } }],
    ['OvnEip', 'inner', { spec: { externalSubnet: 'overlay', v4Ip: '10.16.0.9', type: 'nat' } }],
    ['OvnEip', 'waiting', { spec: { externalSubnet: 'external', type: 'nat' } }],
    ['OvnEip', 'dual', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.7', v6Ip: 'fd00::7' } }]
  )
  inventory.putJson('OvnEip', {
    metadata: { name: 'going', deletionTimestamp: '2026-11-23T00:00:00Z' },
    spec: { externalSubnet: 'external', v4Ip: '10.5.204.3' }
  })
  t.strictSame(brief(driftOf(natPlan(['203.0.113.1', '10.5.204.7']), inventory)), [])
  t.strictSame(
    brief(driftOf(natPlan(['203.0.113.1', '10.5.204.7'], ['2001:db8::1', 'fd00::1']), inventory)),
    ['+ fd00::7 dual', '- fd00::1'],
    'IPv6 counts where the plan maps any'
  )
})

await test('edgeNatDrift() keeps mappings to whatever is in use', async t => {
  const ingress = { loadBalancer: { ingress: [{ ip: '10.9.0.10' }] } }
  const inventory = inventoryOf(
    EXTERNAL,
    ['OvnEip', 'acme-external', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.1', type: 'lrp' } }],
    ['Service', 'web', { spec: { type: 'LoadBalancer' }, status: ingress }]
  )
  const plan = natPlan(
    ['203.0.113.1', '10.5.204.1'],
    ['203.0.113.2', '10.9.0.10'],
    ['203.0.113.3', '10.9.0.11']
  )
  t.strictSame(brief(driftOf(plan, inventory)), ['- 10.9.0.11'])
})

await test('edgeNatDrift() says nothing where there is no edge NAT, or nothing is known', async t => {
  const known = inventoryOf(EXTERNAL)
  t.equal(edgeNatDrift(known, planOf(undefined)), undefined)
  t.equal(edgeNatDrift(known, planOf({ mode: 'directRouting' })), undefined)
  const plan = natPlan(['203.0.113.1', '10.5.204.7'])
  for (const kind of ['OvnEip', 'Subnet', 'Service'] as const) {
    const inventory = inventoryOf(EXTERNAL)
    inventory.setKnown(kind, false)
    t.equal(edgeNatDrift(inventory, plan), 'unknown', kind)
  }
})

const DRIFT = driftOf(
  natPlan(['203.0.113.2', '10.5.204.20']),
  inventoryOf(EXTERNAL, ['OvnEip', 'svc-1', { spec: { externalSubnet: 'external', v4Ip: '10.5.204.8' } }])
)

await test('edgeNatText() is a table that the network team can apply', async t => {
  t.equal(
    edgeNatText(DRIFT),
    [
      'ACTION  PUBLIC IP    EIP          USED BY       SUBNET    PLAN',
      'add     ?            10.5.204.8   OvnEip svc-1  external',
      'remove  203.0.113.2  10.5.204.20                          spec.edgeRouter.mappings[0]',
      "2 of the edge router's mappings to change: 1 to add, 1 to remove",
      ''
    ].join('\n')
  )
  t.equal(
    edgeNatText({ missing: [], stale: [] }),
    "0 of the edge router's mappings to change: 0 to add, 0 to remove\n"
  )
})

await test('edgeNatText() escapes what names contain', async t => {
  const [missing] = DRIFT.missing
  if (missing === undefined) throw new Error('nothing is missing')
  const hostile = { ...missing, holder: { ...missing.holder, name: 'a\u001b[31m\n##[error]' } }
  const text = edgeNatText({ missing: [hostile], stale: [] })
  for (const unsafe of ['\u001b', '\n#', '##[']) t.notOk(text.includes(unsafe), JSON.stringify(unsafe))
})

await test('edgeNatFacts() says the same to programs', async t => {
  t.equal(edgeNatFacts('unknown'), null)
  t.strictSame(edgeNatFacts(DRIFT), {
    missing: [{ eip: '10.5.204.8', kind: 'OvnEip', name: 'svc-1', subnet: 'external' }],
    stale: [{ publicIP: '203.0.113.2', eip: '10.5.204.20', field: 'spec.edgeRouter.mappings[0]' }]
  })
})
