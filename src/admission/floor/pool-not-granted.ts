import { vlanPool } from '../../policy/grants.ts'
import { SERVICE_CLASSES, type Plan, type ServiceClass } from '../../policy/plan.ts'
import { FLOOR_WORDS } from '../wording/floor.ts'
import { allOf, anyOf, not, text, texts, type Cel, type Variable } from './cel.ts'
import type { FloorOf, PolicyTerm } from './floor.ts'
import { NOBODY, PLATFORM } from './owner.ts'
import { UNPROVEN } from './service-class.ts'

/** service-pool-not-granted: pools by name. Which pool an address or MetalLB's own choice leads to is the webhook's to say. */
export const poolNotGrantedFloor: FloorOf = ({ plan, policies }) => {
  const variables = grants(plan, policies)
  return {
    rule: 'service-pool-not-granted',
    on: 'object',
    variables,
    leftOut: [],
    checks: [
      {
        when: `variables.owner != ${PLATFORM} && !variables.grantsAll`,
        offenders: { name: 'pools', expression: POOL },
        words: FLOOR_WORDS.pool
      }
    ]
  }
}

const POOL = `variables.metallb && ${[
  'variables.askedPool != ""',
  '!(variables.askedPool in variables.granted)',
  '!(variables.oldMetallb && variables.oldAskedPool == variables.askedPool)'
].join(' && ')} ? [variables.askedPool] : []`

/**
 * `granted` and `grantsAll` of whoever is not the platform, as grantedPools answers. What is nobody's is granted nothing; where it is
 * not sure what applies, the wider grant counts.
 */
function grants(plan: Plan, policies: readonly PolicyTerm[]): readonly Variable[] {
  const granting = policies.filter(({ policy }) => policy.pools !== undefined)
  const isStated = anyOf(granting.map(({ applies }) => applies))
  const lists = [
    'variables.own',
    ...granting.map(({ policy, mayApply }) => when(mayApply, texts(policy.pools?.allowed ?? []))),
    when(not(isStated), 'variables.planned')
  ].filter(list => list !== '[]')
  const unstated = [`variables.owner != ${NOBODY}`, not(isStated)]
  return [
    { name: 'own', expression: own(plan) },
    { name: 'planned', expression: planned(plan) },
    { name: 'granted', expression: `variables.owner == ${NOBODY} ? [] : ${lists.join(' + ')}` },
    { name: 'grantsAll', expression: grantsAll(plan, unstated) }
  ]
}

/** Where no policy says: all pools of a tenant's own cluster, and all for whom the plan names none. */
function grantsAll({ tenant, globalPool }: Plan, unstated: readonly Cel[]): Cel {
  if (tenant !== undefined) return allOf(unstated)
  const { ipAddressPool, ipAddressPoolByClass } = globalPool
  const isSilent = ipAddressPool === undefined && ipAddressPoolByClass.size === 0
  return isSilent ? allOf(['size(variables.own) == 0', ...unstated]) : 'false'
}

function when(condition: Cel, list: Cel): Cel {
  if (condition === 'true') return list
  return condition === 'false' ? '[]' : `(${condition} ? ${list} : [])`
}

/** A VLAN tenant's own pool. */
function own(plan: Plan): Cel {
  const pools = [...plan.tenancy.tenants.keys()].flatMap(tenant => {
    const pool = vlanPool(plan, tenant)
    return pool === undefined ? [] : [`${text(tenant)}: [${text(pool)}]`]
  })
  return pools.length === 0 ? '[]' : `{${pools.join(', ')}}[?variables.owner].orValue([])`
}

/** What the plan has all tenants share. */
function planned({ globalPool: { ipAddressPool, ipAddressPoolByClass } }: Plan): Cel {
  const shared = ipAddressPool === undefined ? [] : [ipAddressPool]
  const of = (...classes: readonly ServiceClass[]) =>
    texts([...classes.flatMap(name => ipAddressPoolByClass.get(name) ?? []), ...shared])
  if (!SERVICE_CLASSES.some(name => ipAddressPoolByClass.has(name))) return of()
  return `{"direct": ${of('direct')}, "mirrored": ${of('mirrored')}, ${text(UNPROVEN)}: ${of('controlPlane', 'direct')}}[variables.serviceClass]`
}
