import { networkingModeOf, type ControllerName, type Plan } from '../plan.ts'
import { SERVICE_CLASSES } from '../plan.ts'
import { loosenedBetween, type ComparisonFacts } from './compare-exposures.ts'
import { exposureSubjects, type PolicySides } from './exposure-subjects.ts'
import { changed, namesText, ofPlan, type Loosening } from './loosening.ts'

/** What rules ask about whose something is, and who asks. */
const TENANCY = [
  'namespace-tenant',
  'service-pool-not-granted',
  'service-address-not-granted',
  'service-address-in-use',
  'service-shared-address',
  'service-external-ips',
  'service-status',
  'eip-not-granted',
  'eip-type',
  'eip-status',
  'nat-foreign-eip'
]
const VLANS = [
  'eip-vlan-mode',
  'eip-per-tenant',
  'vpc-per-tenant',
  'vpc-multi-dgp',
  'service-pool-not-granted',
  'pool-outside-node-subnet',
  'pool-reserved-range',
  'pool-provider-network',
  'subnet-overlap'
]

/**
 * What the proposal's NetworkPlan changes in who is who: accounts and namespaces that become the platform's or a
 * controller's, and any change of how tenants are recognised. That somebody loses such a standing is a loosening only where
 * the policies ask more of those who have it.
 */
export function comparePlanTenancy(
  base: PolicySides,
  proposal: PolicySides,
  facts: ComparisonFacts
): readonly Loosening[] {
  const [before, after] = [base.plan, proposal.plan]
  const { tenancy } = before
  const raised = [...platformAdded(before, after), ...controllersAdded(before, after)]
  const lost = hasLostStanding(before, after) ? lostStanding(base, proposal, facts) : []
  const unmapped = [tenancy.unmappedOvnEips, after.tenancy.unmappedOvnEips] as const
  return [
    ...raised,
    ...lost,
    ...changed(TENANCY, 'scope', [before.scope, after.scope]),
    ...changed(TENANCY, 'tenant', [before.tenant, after.tenant]),
    ...changed(TENANCY, 'tenancy.namespaceLabels', [tenancy.namespaceLabels, after.tenancy.namespaceLabels]),
    ...changed(TENANCY, 'tenancy.serviceOwners', [tenancy.serviceOwners, after.tenancy.serviceOwners]),
    ...changed(TENANCY, 'tenancy.ovnEipOwners', [tenancy.ovnEipOwners, after.tenancy.ovnEipOwners]),
    ...(unmapped[0] === 'deny' ? changed(['eip-not-granted'], 'tenancy.unmappedOvnEips', unmapped) : []),
    ...(tenancy.unlabelledNamespaces === 'untrusted'
      ? changed(TENANCY, 'tenancy.unlabelledNamespaces', [
          tenancy.unlabelledNamespaces,
          after.tenancy.unlabelledNamespaces
        ])
      : []),
    ...changed(VLANS, 'tenancy.tenants', [ownNetworks(before), ownNetworks(after)]),
    ...outOfVlanMode(before, after)
  ]
}

function platformAdded({ platform: base }: Plan, { platform: proposal }: Plan): readonly Loosening[] {
  return (['users', 'groups', 'namespaces'] as const).flatMap(key => {
    const added = addedTo(base[key], proposal[key])
    return added.length === 0
      ? []
      : [broad(ofPlan(TENANCY, ['platform', key], `spec.platform.${key} now holds ${namesText(added)}`))]
  })
}

function broad(loosening: Loosening): Loosening {
  return { ...loosening, isBroad: true }
}

function addedTo(base: readonly string[], proposal: readonly string[]): readonly string[] {
  const held = new Set(base)
  return proposal.filter(name => !held.has(name))
}

/** The first controller that an account is listed as is the one that it counts as. */
function controllerByUser({ controllers }: Plan): ReadonlyMap<string, ControllerName> {
  const byUser = new Map<string, ControllerName>()
  for (const [name, users] of controllers)
    for (const user of users) if (!byUser.has(user)) byUser.set(user, name)
  return byUser
}

function controllersAdded(base: Plan, proposal: Plan): readonly Loosening[] {
  const before = controllerByUser(base)
  const added = [...controllerByUser(proposal)].filter(([user, name]) => before.get(user) !== name)
  const names = new Set(added.map(([, name]) => name))
  return [...names].map(name => {
    const users = added.filter(([, of]) => of === name).map(([user]) => user)
    return broad(
      ofPlan(TENANCY, ['controllers', name], `spec.controllers.${name} now holds ${namesText(users)}`)
    )
  })
}

function hasLostStanding(base: Plan, proposal: Plan): boolean {
  const isOfFewer = (['users', 'groups', 'namespaces'] as const).some(
    key => addedTo(proposal.platform[key], base.platform[key]).length > 0
  )
  const after = controllerByUser(proposal)
  const isUntrusted =
    base.tenancy.unlabelledNamespaces === 'platform' && proposal.tenancy.unlabelledNamespaces === 'untrusted'
  return isOfFewer || isUntrusted || [...controllerByUser(base).keys()].some(user => !after.has(user))
}

/** Whoever was the platform becomes anybody, and what a controller wrote becomes a direct Service. */
function lostStanding(
  base: PolicySides,
  proposal: PolicySides,
  facts: ComparisonFacts
): readonly Loosening[] {
  const subjects = exposureSubjects([base, proposal])
  const text = 'accounts or namespaces lost a standing that policies ask more of'
  const found = broad(ofPlan(TENANCY, ['platform'], text))
  if (subjects === undefined) return [found]
  const isLooser = subjects.some(subject => {
    const others = [
      ...(subject.tenancy.kind === 'platform'
        ? []
        : [{ ...subject, tenancy: { kind: 'platform' } as const }]),
      ...(subject.serviceClass === 'direct'
        ? SERVICE_CLASSES.map(serviceClass => ({ ...subject, serviceClass }))
        : [])
    ]
    return others.some(
      other => loosenedBetween({ side: base, subject: other }, { side: proposal, subject }, facts).length > 0
    )
  })
  return isLooser ? [found] : []
}

/** What sets tenants apart besides their mode. */
function ownNetworks({ tenancy: { tenants } }: Plan): ReadonlyMap<string, unknown> {
  const own = [...tenants].filter(
    ([, { vlan, externalSubnets }]) => vlan !== undefined || externalSubnets.length > 0
  )
  return new Map(
    own.map(([name, { vlan, externalSubnets }]) => [
      name,
      { vlan, externalSubnets: new Set(externalSubnets) }
    ])
  )
}

function outOfVlanMode(base: Plan, proposal: Plan): readonly Loosening[] {
  const names = ['', ...base.tenancy.tenants.keys(), ...proposal.tenancy.tenants.keys()]
  const freed = [...new Set(names)].filter(
    name => networkingModeOf(base, name) === 'vlan' && networkingModeOf(proposal, name) !== 'vlan'
  )
  if (freed.length === 0) return []
  const whose = namesText(freed.map(name => (name === '' ? 'tenants without an entry' : `tenant ${name}`)))
  return [ofPlan(['eip-vlan-mode'], ['networkingMode'], `${whose} left VLAN mode`)]
}
