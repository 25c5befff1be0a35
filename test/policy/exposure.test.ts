import { test } from 'tap'
import type { Action } from '../../src/policy/action.ts'
import { defaultPool, defaultSubnets, grantedPools, grantedSubnets } from '../../src/policy/grants.ts'
import type { ServiceClass } from '../../src/policy/plan.ts'
import { exposureFor, isOff, type ExposureSubject } from '../../src/policy/resolve-exposure.ts'
import type { Tenancy } from '../../src/policy/tenancy.ts'
import { ACME, BETA, CLAIMS_ACME, EVERYBODY, exposureOf, parsed, PLATFORM } from './exposure-fixtures.ts'
import { UNKNOWN, UNMAPPED, type Named, type Spec } from './exposure-fixtures.ts'

await test('exposureFor() applies a policy to whom it says', async t => {
  const rows: readonly (readonly [Spec['appliesTo'] | undefined, ...Tenancy[]])[] = [
    [undefined, ...EVERYBODY],
    [{}, ...EVERYBODY],
    [{ tenants: ['*'] }, ACME, BETA, CLAIMS_ACME, UNMAPPED, UNKNOWN],
    [{ tenants: ['acme'] }, ACME],
    [{ tenants: ['*', 'acme'] }, ACME, BETA, CLAIMS_ACME, UNMAPPED, UNKNOWN],
    [{ exceptTenants: ['acme'] }, PLATFORM, BETA, CLAIMS_ACME, UNMAPPED, UNKNOWN],
    [{ tenants: ['*'], exceptTenants: ['acme'] }, BETA, CLAIMS_ACME, UNMAPPED, UNKNOWN],
    [{ tenants: ['constructor'] }]
  ]
  for (const [appliesTo, ...whom] of rows) {
    const policy = { name: 'p', spec: appliesTo === undefined ? {} : { appliesTo } }
    const applied = EVERYBODY.filter(tenancy => exposureOf([policy], { tenancy }).policies.length > 0)
    t.strictSame(applied, whom, JSON.stringify(appliesTo))
  }
})

await test('exposureFor() applies a policy to the namespaces and classes it selects', async t => {
  const gold = { namespaceSelector: { matchLabels: { tier: 'gold' } } }
  const applied = (appliesTo: Spec['appliesTo'], subject: Partial<ExposureSubject>): boolean =>
    exposureOf([{ name: 'p', spec: { appliesTo: appliesTo ?? {} } }], subject).policies.length > 0
  t.ok(applied(gold, { namespaceLabels: new Map([['tier', 'gold']]) }))
  t.notOk(applied(gold, { namespaceLabels: new Map([['tier', 'iron']]) }))
  t.notOk(applied(gold, { namespaceLabels: undefined }), 'what is in no namespace')
  const all = { namespaceSelector: { matchLabels: {} } }
  t.ok(applied(all, { namespaceLabels: undefined }), 'an empty selector selects everything')
  const direct = { serviceClasses: ['direct'] as const }
  t.ok(applied(direct, { serviceClass: 'direct' }))
  t.notOk(applied(direct, { serviceClass: 'mirrored' }))
  t.ok(applied(direct, { serviceClass: undefined }), 'classes select among Services only')
})

await test('a quota comes from the policy meant most closely, the smallest of several', async t => {
  const quota = (name: string, loadBalancers: number, appliesTo: Spec['appliesTo'] = {}): Named => ({
    name,
    spec: { appliesTo, services: { quota: { loadBalancers } } }
  })
  const matchLabels = { tier: 'gold' }
  const policies = [
    quota('all', 3),
    quota('tenants', 2, { tenants: ['*'] }),
    quota('gold', 7, { namespaceSelector: { matchLabels } }),
    quota('gold-too', 6, { namespaceSelector: { matchLabels } }),
    quota('acme', 9, { tenants: ['acme'] }),
    quota('acme-gold', 10, { tenants: ['acme'], namespaceSelector: { matchLabels } })
  ]
  const from = (tenancy: Tenancy, tier: string) => {
    const subject = { tenancy, namespaceLabels: new Map([['tier', tier]]), serviceClass: 'direct' as const }
    const got = exposureOf(policies, subject).services.loadBalancers
    return got && `${got.policy} ${got.limit} ${got.namespaceSelector?.matchLabels.get('tier') ?? ''}`.trim()
  }
  t.equal(from(BETA, 'iron'), 'tenants 2')
  t.equal(from(PLATFORM, 'iron'), 'all 3')
  t.equal(from(BETA, 'gold'), 'gold-too 6 gold')
  t.equal(from(ACME, 'iron'), 'acme 9')
  t.equal(from(ACME, 'gold'), 'acme 9', 'a name counts for more than a selector')
  t.equal(from(CLAIMS_ACME, 'gold'), 'gold-too 6 gold')
  t.equal(exposureOf([quota('none', 0)]).services.loadBalancers?.limit, 0)
  t.equal(exposureOf([{ name: 'p', spec: {} }]).services.loadBalancers, undefined)
})

await test('grantedPools() and grantedSubnets() are what policies grant, where one says', async t => {
  const plan = {
    globalPool: {
      ipAddressPool: 'shared',
      ipAddressPoolByClass: { controlPlane: 'cp' },
      externalSubnets: ['ext', 'ext-b'],
      defaultExternalSubnet: 'ext'
    },
    poolModel: 'perTenant',
    tenancy: {
      tenants: [
        { name: 'acme', networkingMode: 'vlan', vlan: { exposure: 'ccmProxy', ipAddressPool: 'acme-vlan' } },
        { name: 'beta', externalSubnets: ['beta-ext'] }
      ]
    }
  }
  const grantee = (policies: readonly Named[], tenancy: Tenancy, serviceClass?: ServiceClass) => {
    const set = parsed(policies, plan)
    const subject = { tenancy, namespaceLabels: undefined, serviceClass }
    return { plan: set.plan, tenancy, exposure: exposureFor(set.exposures, subject) }
  }
  const pools = (policies: readonly Named[], tenancy: Tenancy, serviceClass: ServiceClass = 'direct') => {
    const whose = grantee(policies, tenancy, serviceClass)
    return [grantedPools(whose, serviceClass), defaultPool(whose, serviceClass)]
  }
  const gamma: Tenancy = { kind: 'tenant', name: 'gamma' }
  const tenants = (allowed: readonly string[]): Named => ({
    name: 'tenants',
    spec: { appliesTo: { tenants: ['*'] }, pools: { allowed } }
  })
  const more = [
    tenants(['cp', 'shared']),
    { name: 'gamma', spec: { appliesTo: { tenants: ['gamma'] }, pools: { allowed: ['gold'] } } }
  ]
  t.strictSame(pools([], gamma), [['shared'], 'shared'], 'the plan alone')
  t.strictSame(pools(more, BETA), [['shared', 'cp'], 'shared'], 'the default first')
  t.strictSame(pools(more, gamma), [['shared', 'cp', 'gold'], 'shared'], 'united')
  t.strictSame(pools(more, gamma, 'controlPlane'), [['cp', 'shared', 'gold'], 'cp'])
  t.strictSame(
    pools(more, ACME),
    [['acme-vlan', 'shared', 'cp'], 'acme-vlan'],
    'a VLAN tenant’s own stays granted'
  )
  t.strictSame(pools([tenants([])], gamma), [[], undefined], 'none at all, and no default then')
  t.strictSame(pools([tenants([])], ACME), [['acme-vlan'], 'acme-vlan'])
  t.strictSame(pools([{ name: 'all', spec: { pools: { allowed: [] } } }], PLATFORM), ['all', undefined])
  t.strictSame(pools(more, CLAIMS_ACME), [[], undefined])

  const subnets = (externalSubnets: readonly string[] | undefined, tenancy: Tenancy) => {
    const spec = { ovnEips: externalSubnets === undefined ? {} : { externalSubnets } }
    const whose = grantee([{ name: 'p', spec }], tenancy)
    return [grantedSubnets(whose), defaultSubnets(whose)]
  }
  t.strictSame(subnets(undefined, gamma), [['ext', 'ext-b'], ['ext']])
  t.strictSame(subnets(['ext', 'more'], gamma), [['ext', 'more'], ['ext']])
  t.strictSame(subnets(['ext'], BETA), [['ext', 'beta-ext'], ['beta-ext']], 'its own stays granted')
  t.strictSame(subnets([], gamma), [[], []])
  t.strictSame(subnets([], PLATFORM), ['all', ['ext']])
})

await test('exemptions count where their policy applies, those of objects everywhere', async t => {
  const exemption = { rules: ['service-port'], reason: 'r', owner: 'o', expires: '2027-01-31' }
  const policies = [
    {
      name: 'acme',
      spec: {
        appliesTo: { tenants: ['acme'] },
        exemptions: [
          { ...exemption, users: ['alice'] },
          { ...exemption, objects: ['Vpc/v'] }
        ]
      }
    },
    { name: 'all', spec: { exemptions: [{ ...exemption, groups: ['g'] }] } }
  ]
  const of = (tenancy: Tenancy) =>
    exposureOf(policies, { tenancy }).exemptions.map(
      ({ policy, objects }) => `${policy} ${objects?.size ?? 0}`
    )
  t.strictSame(of(ACME), ['acme 0', 'all 0', 'acme 1'])
  t.strictSame(of(BETA), ['all 0', 'acme 1'])
  t.strictSame(of(PLATFORM), ['all 0', 'acme 1'])
})

await test('isOff() holds for rules that nobody’s writes are judged by', async t => {
  const off = (appliesTo?: Spec['appliesTo']): Named => ({
    name: 'off',
    spec: { ...(appliesTo && { appliesTo }), actions: { 'eip-type': 'off' } }
  })
  const warn = {
    name: 'warn',
    spec: { appliesTo: { tenants: ['a'] }, actions: { 'eip-type': 'warn' } }
  } as const
  const is = (policies: readonly Named[], byDefault: Action = 'deny') =>
    isOff(parsed(policies).exposures, 'eip-type', byDefault)
  t.notOk(is([]))
  t.ok(is([], 'off'))
  t.ok(is([off()]))
  t.ok(is([off({ tenants: ['a'] })], 'off'))
  t.notOk(is([off({ tenants: ['a'] })]), 'the platform’s still are')
  t.notOk(is([off({ exceptTenants: ['a'] })]))
  t.notOk(is([off({ serviceClasses: ['direct'] })]))
  t.notOk(is([off({ namespaceSelector: { matchLabels: { a: 'b' } } })]))
  t.notOk(is([off(), warn]))
})

await test('exposureFor() costs no more beside 1,000 policies, each for a tenant of its own', async t => {
  const policies = Array.from({ length: 1000 }, (_, i): Named => ({
    name: `p${i}`,
    spec: { appliesTo: { tenants: [`t${i}`] }, services: { quota: { loadBalancers: i } } }
  }))
  const loading = process.cpuUsage()
  const { exposures } = parsed(policies)
  const loadedMs = process.cpuUsage(loading).user / 1000
  const asking = process.cpuUsage()
  for (let i = 0; i < 10_000; i++) {
    const subject = { tenancy: { kind: 'tenant', name: `t${i % 1000}` }, namespaceLabels: new Map() } as const
    const got = exposureFor(exposures, { ...subject, serviceClass: 'direct' })
    if (got.services.loadBalancers?.limit !== i % 1000) t.fail(`${i}`)
  }
  const eachUs = process.cpuUsage(asking).user / 10_000
  t.comment(`load ${Math.round(loadedMs)} ms, ${eachUs.toFixed(2)} us each`)
  t.ok(eachUs < 50, 'looked up')
})
