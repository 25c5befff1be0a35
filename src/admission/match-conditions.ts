import { SOURCE_RANGES_ANNOTATION } from '../kinds/service-source-ranges.ts'
import type { Plan } from '../policy/plan.ts'

/** A CEL expression that must hold for the API server to call a webhook. */
export interface MatchCondition {
  readonly name: string
  readonly expression: string
}

/** The API server's own user: it keeps its default ServiceCIDR, and must be able to start without poolguard. */
const API_SERVER = 'system:apiserver'

/** Writes of others than MetalLB, Kube-OVN and `others`: those go on while poolguard is down. */
export function notTheControllers(plan: Plan, others: readonly string[] = [API_SERVER]): MatchCondition {
  const metallb = (plan.controllers.get('metallb') ?? []).filter(user => isWhereMetalLBRuns(user, plan))
  const users = [...metallb, ...(plan.controllers.get('kubeOvn') ?? []), ...others]
  const quoted = users.map(user => JSON.stringify(user)).join(', ')
  return { name: 'not-the-controllers', expression: `!(request.userInfo.username in [${quoted}])` }
}

/**
 * The plan's default names MetalLB's accounts in every namespace it is commonly installed in. Whoever can create another of
 * those namespaces could create the account there, and would skip the webhooks. Users that are no ServiceAccounts stay.
 */
function isWhereMetalLBRuns(user: string, plan: Plan): boolean {
  const account = 'system:serviceaccount:'
  return !user.startsWith(account) || user.startsWith(`${account}${plan.metallb.namespace}:`)
}

export const IS_LOAD_BALANCER: MatchCondition = {
  name: 'is-load-balancer',
  expression: 'object.spec.?type.orValue("ClusterIP") == "LoadBalancer"'
}

/** A ClusterIP without external IPs takes no address and opens nothing: the API server does not ask about it. */
export const IS_EXPOSED: MatchCondition = {
  name: 'is-exposed',
  expression:
    'object.spec.?type.orValue("ClusterIP") != "ClusterIP" || size(object.spec.?externalIPs.orValue([])) > 0'
}

const SPEC_DIFFERS = 'object.?spec.orValue({}) != oldObject.?spec.orValue({})'
const LABELS = 'object.metadata.?labels.orValue({})'
const ANNOTATIONS = 'object.metadata.?annotations.orValue({})'
const stored = (expression: string) => expression.replace(/^object/, 'oldObject')

/** Labels count for pools, which advertisements select by them, and for OvnEips, whose tenant a label may name. */
export const CHANGES_SPEC_OR_LABELS: MatchCondition = {
  name: 'changes-something',
  expression: ['request.operation == "CREATE"', SPEC_DIFFERS, `${LABELS} != ${stored(LABELS)}`].join(' || ')
}

/** A write of a Service's status can change its labels and annotations too (Kubernetes, pkg/registry/core/service). */
export const CHANGES_STATUS: MatchCondition = {
  name: 'changes-something',
  expression: [
    'object.?status.orValue({}) != oldObject.?status.orValue({})',
    `${LABELS} != ${stored(LABELS)}`,
    `${ANNOTATIONS} != ${stored(ANNOTATIONS)}`
  ].join(' || ')
}

const IS_JUDGED_KEY = `k.startsWith("metallb.") || k == ${JSON.stringify(SOURCE_RANGES_ANNOTATION)}`

/** Of a Service, the spec, the labels that pools select by, MetalLB's annotations under both prefixes, and that of source ranges. */
export const CHANGES_SPEC_LABELS_OR_ASK: MatchCondition = {
  name: 'changes-something',
  expression: [
    CHANGES_SPEC_OR_LABELS.expression,
    `${ANNOTATIONS}.exists(k, (${IS_JUDGED_KEY}) && ${stored(ANNOTATIONS)}[?k] != optional.of(${ANNOTATIONS}[k]))`,
    `${stored(ANNOTATIONS)}.exists(k, (${IS_JUDGED_KEY}) && !(k in ${ANNOTATIONS}))`
  ].join(' || ')
}

/** Writes of others than the platform's users and groups. */
export function notThePlatform({ platform: { users, groups } }: Plan): MatchCondition {
  return {
    name: 'not-the-platform',
    expression: `!(request.userInfo.username in ${texts(users)}) && !request.userInfo.?groups.orValue([]).exists(g, g in ${texts(groups)})`
  }
}

/** Writes that give a namespace something that says whose it is, change it or take it away. */
export function changesTheTenant(plan: Plan): MatchCondition {
  const keys = texts(plan.tenancy.namespaceLabels)
  const differs = `request.operation == "CREATE" ? k in ${LABELS} : ${LABELS}[?k] != ${stored(LABELS)}[?k]`
  const owners =
    'object.metadata.?ownerReferences.orValue([]).filter(o, o.kind == "Tenant").map(o, [o.apiVersion, o.name, o.uid])'
  const oldOwners = `(request.operation == "CREATE" ? [] : ${owners.replace(/^object/, 'oldObject')})`
  return {
    name: 'changes-the-tenant',
    expression: `${keys}.exists(k, ${differs}) || ${owners} != ${oldOwners}`
  }
}

/** A CEL list of strings. */
function texts(names: readonly string[]): string {
  return `[${names.map(name => JSON.stringify(name)).join(', ')}]`
}
