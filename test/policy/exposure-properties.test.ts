import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { ADDRESS_FORMS, parseRange, PLAN_FORMS } from '../../src/address/parse.ts'
import { contains, type AddressRange } from '../../src/address/range.ts'
import { ACTIONS } from '../../src/policy/action.ts'
import type { Exposure } from '../../src/policy/exposure.ts'
import { SERVICE_CLASSES } from '../../src/policy/plan.ts'
import { exposureFor, type ExposureSubject } from '../../src/policy/resolve-exposure.ts'
import type { Tenancy } from '../../src/policy/tenancy.ts'
import { appliesToSpec, maybe, ovnEipsSpec, servicesShape, some } from './exposure-arbitraries.ts'
import { EVERYBODY, exposureOf, parsed, RULES, type Named, type Spec } from './exposure-fixtures.ts'

const TENANTS = ['acme', 'beta', 'gamma']
const POOLS = ['a', 'b', 'c']
const RANGES = ['10.0.0.0/29', '10.0.0.2-10.0.0.11', '10.0.0.5', 'fd00::/126', '0.0.0.0/0']
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.5',
  '10.0.0.8',
  '10.0.0.11',
  '10.0.0.12',
  'fd00::3',
  'fd00::4'
]
const PORTS = ['22', '20-25', '26', '6000-6100']
const PROBED_PORTS = [19, 20, 22, 25, 26, 27, 5999, 6000, 6050, 6101]
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer']
const CLASSES = ['', 'example.com/x']

const namespaceSelector = fc.record({
  matchLabels: fc.constantFrom<Readonly<Record<string, string>>[]>(
    { t: '1' },
    { t: '2' },
    { t: '1', u: '1' },
    {}
  )
})

const NAMES = {
  selector: namespaceSelector,
  pools: POOLS,
  subnets: POOLS,
  types: TYPES,
  ranges: RANGES,
  classes: CLASSES,
  ports: PORTS,
  most: { loadBalancers: 4, eips: 4 }
}

const spec: fc.Arbitrary<Spec> = maybe({
  appliesTo: appliesToSpec(NAMES),
  actions: maybe({
    'service-port': fc.constantFrom(...ACTIONS),
    'eip-type': fc.constantFrom(...ACTIONS)
  }),
  pools: fc.record({ allowed: some(POOLS) }),
  services: maybe(servicesShape(NAMES)),
  ovnEips: ovnEipsSpec(NAMES),
  exemptions: fc.constantFrom<Readonly<Record<string, unknown>>[][]>(
    [],
    [
      { rules: ['eip-type'], users: ['u'], reason: 'r', owner: 'o', expires: '2027-01-31' },
      { rules: ['eip-type'], objects: ['Vpc/v'], reason: 'r', owner: 'o', expires: '2027-01-31' }
    ]
  )
})

const policySets = fc
  .array(spec, { maxLength: 5 })
  .map(specs => specs.map((one, i): Named => ({ name: `p${i}`, spec: reachable(one) })))

/** OvnEips are in no namespace, so that a policy for some namespaces may not speak of them. */
function reachable({ ovnEips, ...one }: Spec): Spec {
  return isSelecting(one) || ovnEips === undefined ? one : { ...one, ovnEips }
}

function isSelecting({ appliesTo: scope }: Spec): boolean {
  return Object.keys(scope?.namespaceSelector?.matchLabels ?? {}).length > 0
}

const subjects: fc.Arbitrary<ExposureSubject> = fc.record({
  tenancy: fc.constantFrom(...EVERYBODY, ...TENANTS.map((name): Tenancy => ({ kind: 'tenant', name }))),
  namespaceLabels: fc.constantFrom(
    undefined,
    new Map<string, string>(),
    new Map([['t', '1']]),
    new Map([['t', '2']]),
    new Map([
      ['t', '1'],
      ['u', '1']
    ])
  ),
  serviceClass: fc.constantFrom(undefined, ...SERVICE_CLASSES)
})

/** Whether a policy applies, as the documentation says it. */
function isAbout({ appliesTo: scope = {} }: Spec, subject: ExposureSubject): boolean {
  const { tenancy, namespaceLabels, serviceClass } = subject
  const { tenants, exceptTenants = [], namespaceSelector: selector, serviceClasses } = scope
  const name = nameOf(tenancy)
  const isOwner = tenants === undefined || isIn(name, tenants) || isEvery(tenancy, tenants)
  const isClass = [serviceClass, serviceClasses].includes(undefined) || isIn(serviceClass, serviceClasses)
  const labels = Object.entries(selector?.matchLabels ?? {})
  const isNamespace = labels.every(([key, value]) => namespaceLabels?.get(key) === value)
  return isOwner && !exceptTenants.includes(name) && isNamespace && isClass
}

function isEvery({ kind }: Tenancy, tenants: readonly string[]): boolean {
  return tenants.includes('*') && kind !== 'platform'
}

function isIn<T>(value: T | undefined, values: readonly T[] | undefined): boolean {
  return values?.some(one => one === value) === true
}

function nameOf(tenancy: Tenancy): string {
  return tenancy.kind === 'tenant' ? tenancy.name : ''
}

function inRanges(address: string, ranges: readonly string[]): boolean {
  return ranges.some(range => {
    const outer = parseRange(range, PLAN_FORMS)
    return outer.ok && within(address, [outer.range])
  })
}

function within(address: string, ranges: readonly AddressRange[] | undefined): boolean {
  const one = parseRange(address, ADDRESS_FORMS)
  return ranges === undefined || ranges.some(range => one.ok && contains(range, one.range))
}

function inPorts(port: number, ports: readonly string[]): boolean {
  return ports.some(range => {
    const [first = '', last = first] = range.split('-')
    return Number(first) <= port && port <= Number(last)
  })
}

function given<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter(value => value !== undefined)
}

/** Every question that can be asked of an exposure, with its answer. */
type Answers = Readonly<Record<string, unknown>>

function each<T>(what: string, values: readonly T[], answer: (value: T) => unknown): Answers {
  return Object.fromEntries(values.map(value => [`${what} ${String(value)}`, answer(value)]))
}

/** What the exposure answers. */
function answers({ policies, actions, pools, services, ovnEips }: Exposure): Answers {
  const { allowedTypes, loadBalancerClasses, externalIPs, sourceRanges, deniedPorts } = services
  return {
    policies,
    ...each('action', RULES, id => actions.get(id)),
    pools,
    subnets: ovnEips.externalSubnets,
    ...each('type', TYPES, type => allowedTypes === undefined || isIn<string>(type, allowedTypes)),
    ...each('class', CLASSES, one => loadBalancerClasses?.includes(one) ?? true),
    ...each('external', ADDRESSES, address => within(address, externalIPs)),
    ...each('source', ADDRESSES, address => within(address, sourceRanges.allowed)),
    ...each('port', PROBED_PORTS, port =>
      deniedPorts.some(({ first, last }) => first <= port && port <= last)
    ),
    required: sourceRanges.required,
    shared: services.sharedAddresses,
    requests: services.addressRequests,
    static: ovnEips.staticAddresses,
    quota: services.loadBalancers?.limit,
    eips: ovnEips.quota?.limit
  }
}

/** What it should answer: each policy is asked by itself. */
function reference(policies: readonly Named[], subject: ExposureSubject): Answers {
  const applying = policies.filter(one => isAbout(one.spec, subject))
  const specs = applying.map(one => one.spec)
  const services = specs.map(one => one.services ?? {})
  const inAll = <T>(
    list: (one: Services) => readonly T[] | undefined,
    holds: (of: readonly T[]) => boolean
  ) => given(services.map(list)).every(holds)
  return {
    policies: applying.map(one => one.name).toSorted(),
    ...each('action', RULES, id =>
      strictest(
        ACTIONS,
        specs.map(one => one.actions?.[id])
      )
    ),
    pools: union(specs.map(one => one.pools?.allowed)),
    subnets: union(specs.map(one => one.ovnEips?.externalSubnets)),
    ...each('type', TYPES, type =>
      inAll(
        one => one.allowedTypes,
        list => list.includes(type)
      )
    ),
    ...each('class', CLASSES, name =>
      inAll(
        one => one.loadBalancerClasses?.allowed,
        list => list.includes(name)
      )
    ),
    ...each('external', ADDRESSES, address =>
      inAll(
        one => one.externalIPs?.allowedRanges,
        list => inRanges(address, list)
      )
    ),
    ...each('source', ADDRESSES, address => inAll(sourceRangesOf, list => inRanges(address, list))),
    ...each('port', PROBED_PORTS, port =>
      given(services.map(one => one.ports?.denied)).some(list => inPorts(port, list))
    ),
    required: services.some(one => one.loadBalancerSourceRanges?.required === true),
    shared: strictest(
      ['never', 'withinNamespace', 'withinTenant'],
      services.map(one => one.sharedAddresses)
    ),
    requests: strictest(
      ['denied', 'withinGrants'],
      services.map(one => one.addressRequests)
    ),
    static: strictest(
      ['denied', 'withinGrants'],
      specs.map(one => one.ovnEips?.staticAddresses)
    ),
    quota: quotaOf(specs, subject, one => one.services?.quota?.loadBalancers),
    eips: quotaOf(specs, subject, one => one.ovnEips?.quota)
  }
}

type Services = NonNullable<Spec['services']>

function sourceRangesOf({ loadBalancerSourceRanges }: Services): readonly string[] | undefined {
  return loadBalancerSourceRanges?.allowedRanges
}

function strictest(order: readonly string[], values: readonly (string | undefined)[]): string | undefined {
  return order.find(value => values.includes(value))
}

function union(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const stated = given(lists)
  return stated.length === 0 ? undefined : POOLS.filter(pool => stated.some(list => list.includes(pool)))
}

function quotaOf(
  specs: readonly Spec[],
  { tenancy }: ExposureSubject,
  limitOf: (spec: Spec) => number | undefined
): number | undefined {
  const byName = specs.filter(one => one.appliesTo?.tenants?.includes(nameOf(tenancy)))
  const levels = [byName, specs.filter(isSelecting), specs].map(level => given(level.map(limitOf)))
  const limits = levels.find(level => level.length > 0)
  return limits && Math.min(...limits)
}

await test('exposureFor() is what each policy says by itself, combined', async t => {
  fc.assert(
    fc.property(policySets, subjects, (policies, subject) => {
      assert.deepStrictEqual(answers(exposureOf(policies, subject)), reference(policies, subject))
    }),
    { numRuns: 500 }
  )
  t.pass()
})

await test('any order of files gives the same exposure, exemptions and digest', async t => {
  const shuffled = policySets.chain(policies =>
    fc.tuple(
      fc.constant(policies),
      fc.shuffledSubarray([...policies], { minLength: policies.length }),
      subjects
    )
  )
  fc.assert(
    fc.property(shuffled, ([policies, others, subject]) => {
      const [a, b] = [parsed(policies), parsed(others)]
      const [one, other] = [exposureFor(a.exposures, subject), exposureFor(b.exposures, subject)]
      assert.equal(text(one), text(other))
      assert.equal(a.canonical, b.canonical)
    }),
    { numRuns: 500 }
  )
  t.pass()
})

/** All of it as text, order of lists and maps included. */
function text(exposure: Exposure): string {
  return JSON.stringify(exposure, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    return value instanceof Map || value instanceof Set ? [...value] : value
  })
}
