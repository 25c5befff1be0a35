import { rawObject } from '../../src/admission/raw-object.ts'
import type { Manifest } from '../../src/admission/registration.ts'
import type { PolicyTest, PolicyTestCase } from '../../src/policy/policy-test.ts'
import type { Cluster } from './cluster.ts'
import { isJsonObject, items, member, text } from './json.ts'
import type { JsonObject } from './json.ts'
import { waitUntil } from './process.ts'
import { connectRest } from './rest.ts'
import type { Rest, RestAnswer } from './rest.ts'
import { users } from './users.ts'

/** What the API server said about one write. `invalid`: it was refused before anybody was asked, for what it holds. */
export type FloorAnswer = {
  readonly verdict: 'allowed' | 'denied' | 'invalid'
  /** The rules that denied, or warned where it is allowed: sorted, each once. */
  readonly rules: readonly string[]
  readonly message: string
  /** The object as the API server would store it; undefined unless it is allowed. */
  readonly object: JsonObject | undefined
}

/** Whom neither the webhooks nor the floor are about: what is stored before a case comes from here. */
export const nobodyAsked = { username: users.metallb.name, groups: ['system:authenticated'] }

/** The administrator of a case that names nobody (suite.ts). */
const administrator = { username: 'kubernetes-admin', groups: ['system:masters'] }

const policyKinds = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'] as const
const policyPath = '/apis/admissionregistration.k8s.io/v1'

/** Sends writes of Services and Pods to a cluster as whoever they are said to come from. */
export type FloorCluster = {
  /** Lets everybody do everything, since what is tried here is admission alone. */
  openRbac(): Promise<void>
  /** Namespaces with exactly these labels. */
  putNamespaces(objects: readonly unknown[]): Promise<void>
  /** Runs a case as a dry run, its `oldObject` stored before; `as` replaces its user. */
  replay(testCase: PolicyTestCase, as?: typeof nobodyAsked): Promise<FloorAnswer>
  /** As a dry run. */
  send(request: { method: string; path: string; body: object }, as: typeof nobodyAsked): Promise<FloorAnswer>
  /** Installs policies and bindings instead of those that are there, and waits until they are in force. */
  install(objects: readonly Manifest[]): Promise<void>
  close(): void
}

export function floorCluster(cluster: Cluster): FloorCluster {
  const { server: url, ca } = cluster
  const rest = connectRest({ url, ca, token: cluster.credentials.token('admin') })
  let installs = 0
  return {
    openRbac: () => cluster.apply([everybodyIsAdministrator]),
    putNamespaces: objects => putNamespaces(rest, objects),
    replay: (testCase, as) => replay(rest, testCase, as),
    send: (request, as) => dryRun(rest, request, as),
    install: objects => install(rest, cluster, objects, `install-${++installs}`),
    close: () => rest.close()
  }
}

/** The namespaces of a suite and its cases; those that exist get these labels. */
export function namespacesOf({ spec }: PolicyTest): readonly unknown[] {
  return spec.existing.filter(json => rawObject(json)?.ref.kind === 'Namespace')
}

const everybodyIsAdministrator = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'everybody' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: ['system:authenticated', 'system:serviceaccounts'].map(name => {
    return { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name }
  })
}

async function putNamespaces(rest: Rest, objects: readonly unknown[]): Promise<void> {
  for (const object of objects.filter(isJsonObject)) {
    const metadata = member(object, 'metadata')
    const name = text(metadata, 'name')
    const labels = member(metadata, 'labels')
    const path = `/api/v1/namespaces/${name}`
    const { status, json } = await rest.send({ path })
    if (status === 404) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
      await must(rest.send({ method: 'POST', path: '/api/v1/namespaces', body }))
      continue
    }
    const stored = member(member(isJsonObject(json) ? json : {}, 'metadata'), 'labels')
    const gone = Object.keys(stored).filter(key => !(key in labels) && !key.startsWith('kubernetes.io/'))
    const changes = { ...labels, ...Object.fromEntries(gone.map(key => [key, null])) }
    await must(rest.send({ method: 'PATCH', path, body: { metadata: { labels: changes } } }))
  }
}

async function replay(
  rest: Rest,
  { request }: PolicyTestCase,
  as?: typeof nobodyAsked
): Promise<FloorAnswer> {
  const object = rawObject(request.object)
  if (object === undefined) throw new Error('no object')
  const { namespace, name } = object.ref
  const services = `/api/v1/namespaces/${namespace}/services`
  const user = as ?? request.user ?? administrator
  await rest.send({ method: 'DELETE', path: `${services}/${name}`, as: nobodyAsked })
  const body = completed(object.json)
  if (request.operation === 'CREATE') return dryRun(rest, { method: 'POST', path: services, body }, user)
  const old = completed(rawObject(request.oldObject)?.json ?? {})
  const stored = await rest.send({ method: 'POST', path: services, body: old, as: nobodyAsked })
  if (stored.status >= 300) return answerOf(stored)
  if ('status' in old) {
    await must(rest.send({ method: 'PUT', path: `${services}/${name}/status`, body: old, as: nobodyAsked }))
  }
  const sub = request.subResource === '' ? '' : `/${request.subResource}`
  return dryRun(rest, { method: 'PUT', path: `${services}/${name}${sub}`, body }, user)
}

/** What the API server insists on and cases leave out: a port, names for several, and that two families are wanted. */
function completed(object: JsonObject): JsonObject {
  const spec = member(object, 'spec')
  if (text(spec, 'type') === 'ExternalName') return object
  const given = items(spec, 'ports')
  const ports = given.length === 0 ? [{ port: 80 }] : given.map((port, i) => ({ name: `p${i}`, ...port }))
  const families = spec['ipFamilies']
  const isDual = Array.isArray(families) && families.length === 2
  return { ...object, spec: { ...(isDual ? { ipFamilyPolicy: 'PreferDualStack' } : {}), ...spec, ports } }
}

async function dryRun(
  rest: Rest,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: object },
  as: typeof nobodyAsked
): Promise<FloorAnswer> {
  return answerOf(await rest.send({ method, path: `${path}?dryRun=All`, body, as }))
}

function answerOf({ status, json, warnings }: RestAnswer): FloorAnswer {
  const object = isJsonObject(json) ? json : {}
  if (status < 300) return { verdict: 'allowed', rules: rulesIn(warnings), message: warnings, object }
  const message = text(object, 'message')
  const rules = rulesIn(message)
  const verdict = status === 403 && rules.length > 0 ? 'denied' : 'invalid'
  return { verdict, rules, message: `${status} ${message}`, object: undefined }
}

function rulesIn(words: string): readonly string[] {
  return [
    ...new Set([...words.matchAll(/\[([a-z]+(?:-[a-z]+)+)\]/g)].map(([, rule = '']) => rule))
  ].toSorted()
}

async function must(answer: Promise<RestAnswer>): Promise<void> {
  const { status, json } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(json)}`)
}

/**
 * The API server compiles policies a second after they are there, all at once, so that a last one tells when: it refuses a
 * certain ConfigMap, which nobody makes.
 */
async function install(
  rest: Rest,
  cluster: Cluster,
  objects: readonly Manifest[],
  mark: string
): Promise<void> {
  for (const kind of policyKinds.toReversed())
    await must(rest.send({ method: 'DELETE', path: `${policyPath}/${kind}` }))
  await cluster.apply([...objects, ...probePolicy(mark)])
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } }
  await waitUntil('the policies', async () => {
    const path = '/api/v1/namespaces/default/configmaps?dryRun=All'
    const { json } = await rest.send({ method: 'POST', path, body })
    return text(isJsonObject(json) ? json : {}, 'message').includes(mark)
  })
}

function probePolicy(mark: string): readonly object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const metadata = { name: 'probe' }
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
  const validations = [{ expression: 'object.metadata.name != "probe"', message: mark }]
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { matchConstraints: { resourceRules: [rule] }, validations }
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: 'probe', validationActions: ['Deny'] }
    }
  ]
}
