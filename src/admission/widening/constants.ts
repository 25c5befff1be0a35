import type { AddressRange, Family } from '../../address/range.ts'
import { familySpan } from '../../address/range.ts'
import type { Exemption } from '../../policy/exemption.ts'
import type { Plan } from '../../policy/plan.ts'
import { exposureSubjects, type PolicySides } from '../../policy/widening/exposure-subjects.ts'
import type { UserInfo } from '../raw-object.ts'

/** Everything that two sets of policies name: requests that tell them apart are made of these, and of what lies just beside. */
export interface Constants {
  /** The first and the last address of every range, and those just outside. */
  readonly addresses: readonly AddressRange[]
  /** Ranges that Services may be open to. */
  readonly sources: readonly AddressRange[]
  /** The first and the last port of every range, and those just outside: 1 to 65535. */
  readonly ports: readonly number[]
  readonly pools: readonly string[]
  readonly subnets: readonly string[]
  readonly serviceClassNames: readonly string[]
  /** One that nothing names among them. */
  readonly tenants: readonly string[]
  /** Labels of namespaces that selectors tell apart; {} first. */
  readonly labelSets: readonly ReadonlyMap<string, string>[]
  readonly users: readonly UserInfo[]
  readonly exemptions: readonly Exemption[]
  /** Namespaces that plans and exemptions name. */
  readonly namespaces: readonly string[]
  readonly quotas: readonly number[]
  readonly interfaces: readonly string[]
  /** When to ask, in milliseconds since 1970: now, and once exemptions of the base have ended. */
  readonly times: readonly number[]
}

/** As many of a sort as are tried. */
const MOST = { addresses: 400, sources: 6, ports: 100, names: 24, users: 24, labelSets: 6, times: 4 } as const

/** A user who is nobody in particular, and one who may do everything. */
export const SOMEBODY: UserInfo = { username: 'somebody', groups: ['system:authenticated'] }
export const ADMINISTRATOR: UserInfo = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated']
}

/** Gathers them, the proposal's first where there are too many. O(policies log policies). */
export function constantsOf(base: PolicySides, proposal: PolicySides, nowMs: number): Constants {
  const sides = [proposal, base]
  const plans = sides.map(({ plan }) => plan)
  const policies = sides.flatMap(({ exposures }) => exposures.policies)
  const exemptions = policies.flatMap(policy => policy.exemptions)
  const services = policies.flatMap(policy => policy.services ?? [])
  const eips = policies.flatMap(({ ovnEips }) => ovnEips ?? [])
  const subjects = exposureSubjects(sides) ?? []
  const tenants = subjects.flatMap(({ tenancy }) => (tenancy.kind === 'tenant' ? [tenancy.name] : []))
  const ports = services.flatMap(({ ports: all, nodePorts }) => [
    ...(all?.denied ?? []),
    ...(nodePorts?.denied ?? [])
  ])
  const ranges = [
    ...plans.flatMap(rangesOfPlan),
    ...services.flatMap(({ externalIPs, loadBalancerSourceRanges }) =>
      [...(externalIPs?.allowedRanges ?? []), ...(loadBalancerSourceRanges?.allowedRanges ?? [])].map(
        ({ range }) => range
      )
    )
  ]
  return {
    addresses: boundaries(ranges).slice(0, MOST.addresses),
    sources: services
      .flatMap(({ loadBalancerSourceRanges }) => loadBalancerSourceRanges?.allowedRanges ?? [])
      .map(({ range }) => range)
      .slice(0, MOST.sources),
    ports: some(
      ports.flatMap(({ first, last }) => [first, last, first - 1, last + 1]).filter(isPort),
      MOST.ports
    ),
    pools: some([...policies.flatMap(({ pools }) => pools?.allowed ?? []), ...plans.flatMap(poolsOfPlan)]),
    subnets: some([
      ...eips.flatMap(({ externalSubnets }) => externalSubnets ?? []),
      ...plans.flatMap(subnetsOfPlan)
    ]),
    serviceClassNames: some([
      ...services.flatMap(({ loadBalancerClasses }) => loadBalancerClasses?.allowed ?? []),
      ...plans.map(({ metallb }) => metallb.loadBalancerClass)
    ]),
    tenants: some(tenants),
    labelSets: labelSetsOf(subjects.map(({ namespaceLabels }) => namespaceLabels)),
    users: usersOf(plans, exemptions),
    exemptions,
    namespaces: some([
      ...plans.flatMap(({ platform }) => platform.namespaces),
      ...exemptions.flatMap(({ namespaces = [] }) => [...namespaces]),
      ...exemptions.flatMap(({ objects = [] }) => [...objects].map(namespaceOfService))
    ]),
    quotas: some([...services.map(({ quota }) => quota?.loadBalancers), ...eips.map(({ quota }) => quota)]),
    interfaces: some(
      plans.flatMap(({ nodeSubnets = [] }) => nodeSubnets.flatMap(({ interfaces = [] }) => interfaces))
    ),
    times: some(
      [nowMs, ...exemptions.map(({ endsMs }) => endsMs).filter(endsMs => endsMs > nowMs)],
      MOST.times
    )
  }
}

/** Of a Service's `refKey`. */
function namespaceOfService(key: string): string | undefined {
  const [kind, namespace] = key.split('/')
  return kind === 'Service' ? namespace : undefined
}

/** Each once, at most so many. */
function some<T>(values: readonly (T | undefined)[], most: number = MOST.names): readonly T[] {
  return [...new Set(values.filter(value => value !== undefined))].slice(0, most)
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

function rangesOfPlan(plan: Plan): readonly AddressRange[] {
  const { nodeSubnets = [], allocations = [], reservedRanges, clusterRanges, edgeRouter } = plan
  const vlans = [...plan.tenancy.tenants.values()].flatMap(({ vlan }) => vlan?.range ?? [])
  const routed = edgeRouter?.mode === 'directRouting' ? (edgeRouter.providerCIDRs ?? []) : []
  const { services, pods } = clusterRanges
  return [
    ...[...reservedRanges, ...allocations, ...nodeSubnets, ...services, ...pods, ...vlans, ...routed].map(
      ({ range }) => range
    ),
    ...nodeSubnets.flatMap(({ gateway }) => gateway ?? [])
  ]
}

/** The ends of each, and their neighbours, each once. O(n). */
function boundaries(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const found = new Map<string, AddressRange>()
  const add = (family: Family, value: bigint) => {
    const { first, last } = familySpan(family)
    if (value >= first && value <= last)
      found.set(`${family} ${value}`, { family, first: value, last: value })
  }
  for (const { family, first, last } of ranges)
    for (const value of [first, last, first - 1n, last + 1n]) add(family, value)
  return [...found.values()]
}

function poolsOfPlan({ globalPool, tenancy }: Plan): readonly (string | undefined)[] {
  const vlans = [...tenancy.tenants.values()].map(({ vlan }) =>
    vlan?.exposure === 'ccmProxy' ? vlan.ipAddressPool : undefined
  )
  return [globalPool.ipAddressPool, ...globalPool.ipAddressPoolByClass.values(), ...vlans]
}

function subnetsOfPlan({ globalPool, tenancy }: Plan): readonly (string | undefined)[] {
  const own = [...tenancy.tenants.values()].flatMap(({ externalSubnets }) => externalSubnets)
  return [...(globalPool.externalSubnets ?? []), globalPool.defaultExternalSubnet, ...own]
}

function labelSetsOf(
  sets: readonly (ReadonlyMap<string, string> | undefined)[]
): readonly ReadonlyMap<string, string>[] {
  const distinct = new Map(
    sets.map(set => [JSON.stringify([...(set ?? [])]), set ?? new Map<string, string>()])
  )
  return [...distinct.values()].slice(0, MOST.labelSets)
}

/** Everybody the policies name, and members of the groups that they name. */
function usersOf(plans: readonly Plan[], exemptions: readonly Exemption[]): readonly UserInfo[] {
  const names = [
    ...plans.flatMap(({ platform }) => platform.users),
    ...exemptions.flatMap(({ users = [] }) => [...users]),
    ...plans.flatMap(({ tenancy: { serviceOwners, ovnEipOwners } }) =>
      [...serviceOwners, ...ovnEipOwners].map(({ user }) => user)
    ),
    ...plans.flatMap(({ controllers }) => [...controllers.values()].flat())
  ]
  const groups = [
    ...plans.flatMap(({ platform }) => platform.groups),
    ...exemptions.flatMap(({ groups: named = [] }) => [...named])
  ]
  const members = some(groups).map((group): UserInfo => ({
    username: 'member',
    groups: [group, 'system:authenticated']
  }))
  const users = some(names).map((username): UserInfo => ({ username, groups: ['system:authenticated'] }))
  return [SOMEBODY, ...members, ...users, ADMINISTRATOR].slice(0, MOST.users * 2)
}
