import { KIND_NAMES, type KindName } from '../kinds/index.ts'
import type { Plan } from '../policy/plan.ts'
import type { ExposurePolicies } from '../policy/resolve-exposure.ts'
import type { AnyRule } from '../rules/rule.ts'
import { CLEANERS } from './judge.ts'
import {
  CHANGES_STATUS,
  CHANGES_SPEC_OR_LABELS,
  changesTheTenant,
  IS_EXPOSED,
  IS_LOAD_BALANCER,
  notTheControllers,
  notThePlatform
} from './match-conditions.ts'
import { allowsClusterIP, serviceEntries, withServiceOwners } from './service-entries.ts'
import { NAME_LABEL, neverMatched, WRITES } from './webhook-entry.ts'
import type { Client, Entry, EntryOptions, Manifest } from './webhook-entry.ts'
import { webhookRules } from './webhook-rules.ts'

export type { Client, Manifest } from './webhook-entry.ts'

export interface RegistrationOptions {
  readonly client: Client
  /** Base64 of PEM; undefined when something else fills it in. */
  readonly caBundle: string | undefined
  /** First segment of the paths, by which an API server proves to be one; undefined: none. */
  readonly pathSecret: string | undefined
  /** The policies in force; absent: none. Those that leave out ClusterIP are about every Service there is. */
  readonly exposures?: ExposurePolicies
}

/**
 * Seconds the API server waits. 1 to 30 are allowed; 3 to 5 are advised, since every guarded write waits as long when
 * poolguard hangs (Kubernetes documentation, Admission Webhook Good Practices).
 */
export const WEBHOOK_TIMEOUT_SECONDS = 5

/** Kinds whose defaults the mutating path fills in. */
const DEFAULTED: readonly KindName[] = ['Service', 'OvnEip']

/**
 * The validating and mutating webhook configurations, derived from the rules, their kinds and the plan, so that no rule
 * exists that the API server never asks about. Addresses and Services of namespaces that may be a tenant's fail closed,
 * other Services open (docs/adr/0004). MetalLB's and Kube-OVN's own users, and updates that change nothing rules judge, are let through by the
 * API server itself, so that they go on while poolguard is down.
 */
export function registration(
  rules: readonly AnyRule[],
  plan: Plan,
  options: RegistrationOptions
): readonly [Manifest, Manifest] {
  const onObjects = rules.filter(rule => rule.judgesObject)
  const judged = kindsOf(onObjects)
  const kept = kindsOf(rules.filter(rule => rule.judgesDelete))
  const advised = judged.filter(
    kind =>
      ALWAYS_OPEN.includes(kind) ||
      onObjects.every(rule => !rule.on.includes(kind) || onlyAdvises(rule, kind, options.exposures))
  )
  const guarded = judged.filter(kind => !advised.includes(kind))
  const whole = kindsOf(onObjects.filter(({ operations }) => operations !== undefined))
  const keepsTenants = onObjects.some(rule => rule.operations === undefined && rule.on.includes('Namespace'))
  const judgedServices = allowsClusterIP(options.exposures) ? [IS_EXPOSED] : []
  const client = options.client
  const entryOptions = { plan, client, suffix: 'poolguard.io', services: judgedServices, whole }
  const validating = [
    ...entries(guarded, entryOptions),
    ...(keepsTenants ? [namespaces(plan, client)] : []),
    ...statusEntries(kindsOf(rules.filter(rule => rule.judgesStatus)), { ...entryOptions, whole: [] }),
    ...advice(advised, entryOptions),
    ...(kept.length > 0 ? [deletes(kept, plan)] : [])
  ]
  const mutating = entries(DEFAULTED, {
    plan,
    client,
    suffix: 'defaults.poolguard.io',
    services: [IS_LOAD_BALANCER],
    whole: []
  }).filter(entry => entry.failurePolicy === 'Fail')
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

function kindsOf(rules: readonly AnyRule[]): readonly KindName[] {
  return KIND_NAMES.filter(kind => rules.some(rule => rule.on.includes(kind)))
}

function entries(kinds: readonly KindName[], options: EntryOptions): readonly Entry[] {
  const { plan, suffix } = options
  const addresses = {
    operations: WRITES,
    failurePolicy: 'Fail',
    namespaceSelector: undefined
  } as const
  return [
    ...byWriting(`addresses.${suffix}`, kinds.filter(isNoService), options).map(entry => ({
      ...addresses,
      ...entry
    })),
    ...(kinds.includes('Service')
      ? serviceEntries(options).flatMap(entry => withServiceOwners(entry, plan))
      : [])
  ]
}

function isNoService(kind: KindName): boolean {
  return kind !== 'Service'
}

/** The kinds of which some writes are asked about, and apart from them those of which all are; empty ones left out. */
function byWriting(
  name: string,
  kinds: readonly KindName[],
  { plan, whole }: EntryOptions
): readonly Pick<Entry, 'name' | 'kinds' | 'matchConditions'>[] {
  const notControllers = notTheControllers(plan)
  const some = kinds.filter(kind => !whole.includes(kind))
  const all = kinds.filter(kind => whole.includes(kind))
  return [
    { name, kinds: some, matchConditions: [notControllers, CHANGES_SPEC_OR_LABELS] },
    { name: `custom-${name}`, kinds: all, matchConditions: [notControllers] }
  ].filter(entry => entry.kinds.length > 0)
}

/**
 * Writes of the status subresource, in entries of their own since other conditions hold for them. The same kinds fail closed
 * and in the same namespaces as for the objects themselves: MetalLB's and Kube-OVN's own users write most statuses and go on
 * while poolguard is down; what waits is what somebody else writes there.
 */
function statusEntries(kinds: readonly KindName[], options: EntryOptions): readonly Entry[] {
  const { plan } = options
  const all = entries(kinds, { ...options, suffix: `status.${options.suffix}` })
  const own = all.filter(({ isOfServiceOwners }) => isOfServiceOwners !== true)
  return own.map(entry => ({
    ...entry,
    operations: ['UPDATE'],
    matchConditions: [
      notTheControllers(plan),
      ...(entry.kinds.includes('Service') ? [IS_LOAD_BALANCER] : []),
      CHANGES_STATUS
    ],
    subResource: 'status' as const
  }))
}

/** Whether the rule refuses nothing on this kind; of a built-in one, as long as no policy makes it. */
function onlyAdvises(
  { id, operations, advisesOn, defaultAction }: AnyRule,
  kind: KindName,
  exposures: ExposurePolicies | undefined
): boolean {
  const isMadeTo = exposures?.policies.some(({ actions }) => actions.get(id) === 'deny') === true
  return advisesOn.includes(kind) || (defaultAction !== 'deny' && !(operations !== undefined && isMadeTo))
}

/**
 * Kinds whose writes pass while poolguard is down whatever custom rules say, since a cluster without them cannot be repaired. What
 * says whose a namespace is has an entry of its own.
 */
const ALWAYS_OPEN: readonly KindName[] = ['Namespace', 'Node']

/**
 * Namespaces that get, change or lose what says whose they are, by others than the platform. All other writes of
 * namespaces, and the platform's, pass without a call, so that they work while poolguard is down.
 */
function namespaces(plan: Plan, client: Client): Entry {
  return {
    name: 'namespaces.poolguard.io',
    kinds: ['Namespace'],
    operations: WRITES,
    failurePolicy: 'Fail',
    namespaceSelector: {
      matchExpressions: [{ key: NAME_LABEL, operator: 'NotIn', values: neverMatched(client) }]
    },
    matchConditions: [notThePlatform(plan), changesTheTenant(plan)]
  }
}

/** Kinds on which poolguard only warns: it must not be in the way of their writes when it is down. */
function advice(kinds: readonly KindName[], options: EntryOptions): readonly Entry[] {
  // Of Namespaces, built-in rules have an entry of their own.
  const own = kinds.filter(kind => kind !== 'Namespace' || options.whole.includes(kind))
  return byWriting(`advice.${options.suffix}`, own, options).map(entry => ({
    ...entry,
    operations: WRITES,
    failurePolicy: 'Ignore',
    namespaceSelector: undefined
  }))
}

/**
 * Deletions of what may be in use. They pass while poolguard is down, and those of the namespace controller and the garbage
 * collector are let through without a call: nothing may become undeletable (docs/adr/0004).
 */
function deletes(kinds: readonly KindName[], plan: Plan): Entry {
  return {
    name: 'deletes.poolguard.io',
    kinds,
    operations: ['DELETE'],
    failurePolicy: 'Ignore',
    namespaceSelector: undefined,
    matchConditions: [notTheControllers(plan, CLEANERS)]
  }
}

function webhook(entry: Entry, path: 'validate' | 'mutate', options: RegistrationOptions): Manifest {
  const { client, caBundle, pathSecret } = options
  const prefix = pathSecret === undefined ? '' : `/${pathSecret}`
  const fullPath = `${prefix}/${path}${entry.failurePolicy === 'Fail' ? '' : '/ignore'}`
  const where =
    'url' in client ? { url: `${client.url}${fullPath}` } : { service: { ...client.service, path: fullPath } }
  return {
    name: entry.name,
    admissionReviewVersions: ['v1'],
    clientConfig: caBundle === undefined ? where : { ...where, caBundle },
    failurePolicy: entry.failurePolicy,
    matchPolicy: 'Equivalent',
    // A claim is made by reviews that are no dry run.
    sideEffects: path === 'validate' ? 'NoneOnDryRun' : 'None',
    timeoutSeconds: WEBHOOK_TIMEOUT_SECONDS,
    ...(entry.namespaceSelector === undefined ? {} : { namespaceSelector: entry.namespaceSelector }),
    matchConditions: entry.matchConditions,
    rules: webhookRules(entry)
  }
}

function configuration(kind: string, webhooks: readonly Manifest[]): Manifest {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'poolguard', labels: { 'app.kubernetes.io/name': 'poolguard' } },
    webhooks
  }
}
