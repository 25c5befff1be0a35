import { KIND_NAMES, KINDS, type KindName } from '../kinds/index.ts'
import type { Plan } from '../policy/plan.ts'
import type { AnyRule } from '../rules/rule.ts'

/** Where the API server finds poolguard: a Service in the cluster, or a URL outside of it. */
export type Client =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  | { readonly url: string }

export interface RegistrationOptions {
  readonly client: Client
  /** Base64 of PEM; undefined when something else fills it in. */
  readonly caBundle: string | undefined
}

/** A Kubernetes object, ready to be written as YAML or JSON. */
export type Manifest = Readonly<Record<string, unknown>>

/**
 * Seconds the API server waits. 1 to 30 are allowed; 3 to 5 are advised, since every guarded write waits as long when
 * poolguard hangs (Kubernetes documentation, Admission Webhook Good Practices).
 */
const TIMEOUT_SECONDS = 5

/** Kinds whose defaults the mutating path fills in. */
const DEFAULTED: readonly KindName[] = ['Service', 'OvnEip']

/** Namespaces no webhook of ours ever matches, so that poolguard can lock neither itself nor the cluster out. */
const NEVER_MATCHED = ['kube-system', 'kube-node-lease', 'kube-public', 'poolguard']

interface Entry {
  readonly name: string
  readonly kinds: readonly KindName[]
  readonly failurePolicy: 'Fail' | 'Ignore'
  readonly namespaceSelector: Manifest | undefined
  readonly matchConditions: readonly MatchCondition[]
}

interface MatchCondition {
  readonly name: string
  readonly expression: string
}

/**
 * The validating and mutating webhook configurations, derived from the rules, their kinds and the plan, so that no rule
 * exists that the API server never asks about. Addresses and tenants' Services fail closed, other Services open
 * (docs/adr/0004). MetalLB's and Kube-OVN's own users, and updates that change nothing rules judge, are let through by the
 * API server itself, so that they go on while poolguard is down.
 */
export function registration(
  rules: readonly AnyRule[],
  plan: Plan,
  options: RegistrationOptions
): readonly [Manifest, Manifest] {
  const judged = KIND_NAMES.filter(kind => rules.some(rule => rule.on.includes(kind)))
  const validating = entries(judged, plan, 'poolguard.io')
  const mutating = entries(DEFAULTED, plan, 'defaults.poolguard.io').filter(
    entry => entry.failurePolicy === 'Fail'
  )
  return [
    configuration(
      'ValidatingWebhookConfiguration',
      validating.map(entry => webhook(entry, 'validate', options))
    ),
    configuration(
      'MutatingWebhookConfiguration',
      mutating.map(entry => ({ ...webhook(entry, 'mutate', options), reinvocationPolicy: 'IfNeeded' }))
    )
  ]
}

function entries(kinds: readonly KindName[], plan: Plan, suffix: string): readonly Entry[] {
  const addressKinds = kinds.filter(kind => kind !== 'Service')
  const addresses: Entry = {
    name: `addresses.${suffix}`,
    kinds: addressKinds,
    failurePolicy: 'Fail',
    namespaceSelector: undefined,
    matchConditions: [notTheControllers(plan), CHANGES_SPEC_OR_LABELS]
  }
  return [addresses, ...(kinds.includes('Service') ? serviceEntries(plan, suffix) : [])]
}

/** One entry per tenant label key, since selectors are ANDed; each skips namespaces that an earlier key matched. */
function serviceEntries(plan: Plan, suffix: string): readonly Entry[] {
  const keys = plan.tenancy.namespaceLabels
  const matchConditions = [notTheControllers(plan), IS_LOAD_BALANCER, CHANGES_SPEC_OR_ASK]
  const named = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: NEVER_MATCHED }
  const without = (earlier: readonly string[]) => earlier.map(key => ({ key, operator: 'DoesNotExist' }))
  const tenants = keys.map((key, i): Entry => ({
    name: `tenant-services-${i + 1}.${suffix}`,
    kinds: ['Service'],
    failurePolicy: 'Fail',
    namespaceSelector: {
      matchExpressions: [{ key, operator: 'Exists' }, ...without(keys.slice(0, i)), named]
    },
    matchConditions
  }))
  const others: Entry = {
    name: `other-services.${suffix}`,
    kinds: ['Service'],
    failurePolicy: 'Ignore',
    namespaceSelector: { matchExpressions: [...without(keys), named] },
    matchConditions
  }
  return [...tenants, others]
}

function webhook(entry: Entry, path: 'validate' | 'mutate', options: RegistrationOptions): Manifest {
  const fullPath = entry.failurePolicy === 'Fail' ? `/${path}` : `/${path}/ignore`
  const { client, caBundle } = options
  const where =
    'url' in client ? { url: `${client.url}${fullPath}` } : { service: { ...client.service, path: fullPath } }
  return {
    name: entry.name,
    admissionReviewVersions: ['v1'],
    clientConfig: caBundle === undefined ? where : { ...where, caBundle },
    failurePolicy: entry.failurePolicy,
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    timeoutSeconds: TIMEOUT_SECONDS,
    ...(entry.namespaceSelector === undefined ? {} : { namespaceSelector: entry.namespaceSelector }),
    matchConditions: entry.matchConditions,
    rules: webhookRules(entry.kinds)
  }
}

/** One rule per API group: exact groups and resources, never `*`. matchPolicy Equivalent covers other versions. */
function webhookRules(kinds: readonly KindName[]): readonly Manifest[] {
  const groups = [...new Set(kinds.map(kind => KINDS[kind].group))]
  return groups.map(group => {
    const members = kinds.map(kind => KINDS[kind]).filter(definition => definition.group === group)
    return {
      apiGroups: [group],
      apiVersions: [...new Set(members.flatMap(definition => definition.versions))],
      operations: ['CREATE', 'UPDATE'],
      resources: members.map(definition => definition.resource),
      scope: '*'
    }
  })
}

function notTheControllers(plan: Plan): MatchCondition {
  const users = [...(plan.controllers.get('metallb') ?? []), ...(plan.controllers.get('kubeOvn') ?? [])]
  const quoted = users.map(user => JSON.stringify(user)).join(', ')
  return { name: 'not-the-controllers', expression: `!(request.userInfo.username in [${quoted}])` }
}

const IS_LOAD_BALANCER: MatchCondition = {
  name: 'is-load-balancer',
  expression: 'object.spec.?type.orValue("ClusterIP") == "LoadBalancer"'
}

const SPEC_DIFFERS = 'object.?spec.orValue({}) != oldObject.?spec.orValue({})'
const LABELS = 'object.metadata.?labels.orValue({})'
const ANNOTATIONS = 'object.metadata.?annotations.orValue({})'
const stored = (expression: string) => expression.replace(/^object/, 'oldObject')

/** Labels count for pools, which advertisements select by them, and for OvnEips, whose tenant a label may name. */
const CHANGES_SPEC_OR_LABELS: MatchCondition = {
  name: 'changes-something',
  expression: ['request.operation == "CREATE"', SPEC_DIFFERS, `${LABELS} != ${stored(LABELS)}`].join(' || ')
}

/** Of a Service, the spec and MetalLB's annotations count, under both prefixes. */
const CHANGES_SPEC_OR_ASK: MatchCondition = {
  name: 'changes-something',
  expression: [
    'request.operation == "CREATE"',
    SPEC_DIFFERS,
    `${ANNOTATIONS}.exists(k, k.startsWith("metallb.") && ${stored(ANNOTATIONS)}[?k] != optional.of(${ANNOTATIONS}[k]))`,
    `${stored(ANNOTATIONS)}.exists(k, k.startsWith("metallb.") && !(k in ${ANNOTATIONS}))`
  ].join(' || ')
}

function configuration(kind: string, webhooks: readonly Manifest[]): Manifest {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'poolguard', labels: { 'app.kubernetes.io/name': 'poolguard' } },
    webhooks
  }
}
