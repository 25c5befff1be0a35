import { test } from 'tap'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { sharedDomains } from '../../src/policy/domains.ts'
import { planClaims } from '../../src/policy/plan-claims.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { ownVlan, sharedVlans } from '../../src/policy/shared-vlans.ts'
import { ownerOfClusterScoped, requesterOf, type Tenancy } from '../../src/policy/tenancy.ts'

function planOf(spec: object): Plan {
  const plan = { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: { name: 'dc1' }, spec }
  return snapshotOf([{ path: 'plan.json', text: JSON.stringify(plan) }]).plan
}

const TENANTS = [
  { name: 'vera', vlan: { exposure: 'ccmProxy', ipAddressPool: 'vera-vlan', range: '10.9.0.0/24' } },
  { name: 'tom', vlan: { exposure: 'tenantMetalLB', range: '10.9.0.0/24' } },
  { name: 'rita', vlan: { exposure: 'tenantMetalLB', routed: true, range: '10.9.1.0/24' } },
  { name: 'ben', vlan: { exposure: 'ccmProxy', ipAddressPool: 'ben-vlan' } },
  { name: 'olga', networkingMode: 'overlay' }
]
const VLANS = { networkingMode: 'vlan', tenancy: { tenants: TENANTS } }

await test('a VLAN shares the address space with a CCM proxy, or when it is routed', async t => {
  const plan = planOf(VLANS)
  t.strictSame(
    sharedVlans(plan).map(({ tenant, range }) => `${tenant} ${range.text}`),
    ['vera 10.9.0.0/24', 'rita 10.9.1.0/24']
  )
  t.strictSame(
    sharedDomains(plan, new Inventory()).filter(domain => domain.startsWith('vlan:')),
    ['vlan:vera', 'vlan:rita']
  )
  t.match(planClaims(plan), [
    { domain: 'vlan:vera', field: 'spec.tenancy.tenants[0].vlan.range', state: 'plan' },
    { domain: 'vlan:rita', field: 'spec.tenancy.tenants[2].vlan.range', state: 'plan' }
  ])
  t.equal(ownVlan(plan), undefined)
})

await test("in a tenant's own cluster its VLAN is the space that was handed over", async t => {
  const rita = planOf({ ...VLANS, scope: 'tenantCluster', tenant: 'rita' })
  t.strictSame(
    sharedVlans(rita).map(({ tenant }) => tenant),
    ['vera']
  )
  t.equal(ownVlan(rita)?.text, '10.9.1.0/24')
  t.match(rita.allocations, [
    { text: '10.9.1.0/24', field: 'spec.tenancy.tenants[2].vlan.range', announcement: 'l2' }
  ])
  t.equal(planOf({ ...VLANS, scope: 'tenantCluster', tenant: 'ben' }).allocations, undefined, 'no range')
  t.equal(planOf({ ...VLANS, scope: 'tenantCluster', tenant: 'zoe' }).allocations, undefined, 'no entry')
  const parts = { allocations: [{ range: '10.9.1.0/25' }] }
  const given = planOf({ ...VLANS, ...parts, scope: 'tenantCluster', tenant: 'rita' })
  t.match(given.allocations, [{ text: '10.9.1.0/25' }])
  t.equal(given.allocations?.length, 1, 'what the plan hands over itself comes first')
  t.equal(planOf(VLANS).allocations, undefined, 'the under cluster')
})

/** cloud-provider-ovn, one for all tenants and one a tenant, side by side. */
const CPO = planOf({
  controllers: { cpo: ['system:serviceaccount:kmetal:cpo', 'system:serviceaccount:beta:cpo'] },
  tenancy: {
    ovnEipOwners: [
      { user: 'system:serviceaccount:kmetal:cpo', tenantFromLabel: 'kmetal.clastix.io/tenant' },
      { user: 'system:serviceaccount:beta:cpo', tenant: 'beta' },
      { user: 'system:serviceaccount:legacy:cpo', tenantFromLabel: 'owner' }
    ]
  }
})

interface Row {
  readonly user: string
  readonly labels?: Readonly<Record<string, string>>
  readonly groups?: readonly string[]
  readonly tenancy: Tenancy
}

const UNMAPPED: Tenancy = { kind: 'unmapped' }

function ofTenant(name: string): Tenancy {
  return { kind: 'tenant', name }
}

const ROWS: readonly Row[] = [
  // one for all: the label names the tenant, and nothing else does
  { user: 'kmetal:cpo', labels: { 'kmetal.clastix.io/tenant': 'acme' }, tenancy: ofTenant('acme') },
  { user: 'kmetal:cpo', labels: { 'kmetal.clastix.io/tenant': 'beta' }, tenancy: ofTenant('beta') },
  { user: 'kmetal:cpo', labels: { 'kmetal.clastix.io/tenant': '' }, tenancy: UNMAPPED },
  { user: 'kmetal:cpo', labels: { owner: 'acme', tenant: 'acme' }, tenancy: UNMAPPED },
  { user: 'kmetal:cpo', tenancy: UNMAPPED },
  // another key for another controller
  { user: 'legacy:cpo', labels: { owner: 'gamma' }, tenancy: ofTenant('gamma') },
  { user: 'legacy:cpo', labels: { 'kmetal.clastix.io/tenant': 'gamma' }, tenancy: UNMAPPED },
  // one a tenant: the account is the tenant's, whatever it writes on the object
  { user: 'beta:cpo', tenancy: ofTenant('beta') },
  {
    user: 'beta:cpo',
    labels: { 'kmetal.clastix.io/tenant': 'acme', owner: 'acme' },
    tenancy: ofTenant('beta')
  },
  // accounts that only look alike
  { user: 'beta:cpo2', labels: { 'kmetal.clastix.io/tenant': 'beta' }, tenancy: UNMAPPED },
  { user: 'acme:cpo', labels: { 'kmetal.clastix.io/tenant': 'acme' }, tenancy: UNMAPPED },
  { user: 'kmetal:CPO', labels: { 'kmetal.clastix.io/tenant': 'acme' }, tenancy: UNMAPPED },
  // in a group of the platform's an account is the platform
  { user: 'beta:cpo', groups: ['system:masters'], tenancy: { kind: 'platform' } },
  { user: 'beta:cpo', groups: ['system:serviceaccounts:kmetal'], tenancy: ofTenant('beta') }
]

await test('an OvnEip belongs to whom its controller acts for, one for all or one a tenant', async t => {
  for (const { user, labels = {}, groups = [], tenancy } of ROWS) {
    const username = `system:serviceaccount:${user}`
    const owner = ownerOfClusterScoped(
      CPO,
      requesterOf(CPO, { username, groups }),
      new Map(Object.entries(labels))
    )
    t.strictSame(owner, tenancy, JSON.stringify({ user, labels, groups }))
  }
})
