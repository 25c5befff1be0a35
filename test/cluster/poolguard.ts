import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { startBalancer } from './balancer.ts'
import type { Cluster } from './cluster.ts'
import { requireCommand } from './command.ts'
import { isJsonObject, items, member, text } from './json.ts'
import type { JsonObject } from './json.ts'
import { root } from './locations.ts'
import type { RunningProcess } from './process.ts'
import { bundle, startReplica } from './replica.ts'
import type { Replica } from './replica.ts'
import { poolguardNamespace } from './users.ts'

export type PoolguardOptions = {
  /** Folder of NetworkPlan and ExposurePolicy documents; the repository's policies/ when absent. */
  readonly policies?: string
  /** Added to `poolguard serve`. */
  readonly flags?: readonly string[]
  /** Processes behind one address; 1 when absent. */
  readonly replicas?: number
  /** The kubeconfig of the last of them, that of user `poolguard` when absent: for a replica with an API server of its own. */
  readonly lastKubeconfig?: string
}

export type Poolguard = {
  /** The first of the replicas, as it was started. */
  readonly process: RunningProcess
  readonly replicas: readonly Replica[]
  /** Where the webhooks answer, below the secret of their paths: https://127.0.0.1:PORT. */
  readonly url: string
  /** Where /readyz and /metrics answer: http://127.0.0.1:PORT. */
  readonly adminUrl: string
  /** PEM file that its certificate is checked against. */
  readonly caFile: string
  /** Has these replicas alone answer from now on; does nothing where there is one only. Not while calls are on their way. */
  answerWith(replicas: readonly Replica[]): void
  /** Has these replicas alone get new connections; those there are stay. Does nothing where there is one only. */
  connectTo(replicas: readonly Replica[]): void
  /** Puts the webhooks, which are there at first, onto the API server again after `unregister`. */
  register(): Promise<void>
  /** Takes the webhooks off the API server. */
  unregister(): Promise<void>
  /** Stops the program and leaves the webhooks registered: how the cluster behaves while poolguard is down. */
  stop(): Promise<void>
  /** Takes the webhooks off the API server, then stops the program. */
  uninstall(): Promise<void>
}

const webhookKinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']
/** What stands in for a Pod here is a process, so these would only be stored. */
const podKinds = ['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy']

/**
 * Installs poolguard as its own `manifests` say, except that it runs as a process under its ServiceAccount's name: RBAC
 * first, then the program, then, once it is ready, the webhook configurations with URLs of this host.
 */
export async function startPoolguard(cluster: Cluster, options: PoolguardOptions = {}): Promise<Poolguard> {
  const policies = resolve(options.policies ?? join(root, 'policies'))
  const folder = join(cluster.directory, 'poolguard')
  const objects = await manifestObjects(cluster, policies, join(folder, 'certs'))
  requireServiceAccount(objects)
  const isApplied = (object: JsonObject): boolean => !isWebhook(object) && !podKinds.includes(kindOf(object))
  await cluster.apply(namespacesFirst(objects.filter(isApplied)))

  const replicas = await startReplicas(cluster, { ...options, policies }, folder)
  const [first] = replicas
  const balancer = replicas.length > 1 ? await startBalancer(replicas.map(({ port }) => port)) : undefined
  const url = `https://127.0.0.1:${(balancer ?? first).port}`
  const caFile = join(folder, 'certs/ca.crt')
  const stop = async (): Promise<void> => {
    balancer?.close()
    await Promise.all(replicas.map(one => one.stop()))
  }
  const ca = readFileSync(caFile).toString('base64')
  const webhooks = objects.filter(isWebhook).map(object => withUrls(object, url, ca))
  const register = (): Promise<void> => cluster.apply(webhooks)
  const unregister = async (): Promise<void> => {
    const names = webhooks.map(object => `${kindOf(object)}/${text(member(object, 'metadata'), 'name')}`)
    await cluster.mustKubectl(['delete', ...names])
  }
  await register()
  return {
    get process() {
      return first.process
    },
    replicas,
    url,
    adminUrl: first.adminUrl,
    caFile,
    answerWith: some => balancer?.spread(some.map(({ port }) => port)),
    connectTo: some => balancer?.aim(some.map(({ port }) => port)),
    register,
    unregister,
    stop,
    uninstall: async () => {
      await unregister()
      await stop()
    }
  }
}

/** What `poolguard manifests` prints. kubectl reads the YAML, so that no parser of poolguard's own is trusted here. */
async function manifestObjects(
  cluster: Cluster,
  policies: string,
  certs: string
): Promise<readonly JsonObject[]> {
  const args = [bundle, 'manifests', '--policies', policies, '--certs', certs]
  const input = await requireCommand(process.execPath, args)
  const create = ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-']
  const printed = await cluster.mustKubectl(create, { input })
  // one indented JSON text after another
  const texts = printed.split(/(?<=^\})\n(?=\{)/m)
  const objects = texts.map((one): unknown => JSON.parse(one)).filter(isJsonObject)
  return objects.flatMap(object => (kindOf(object) === 'List' ? items(object, 'items') : [object]))
}

/** The API server reads its token file only once, so the name must be the one that was written there. */
function requireServiceAccount(objects: readonly JsonObject[]): void {
  const wanted = `${poolguardNamespace}/poolguard`
  const accounts = objects
    .filter(object => kindOf(object) === 'ServiceAccount')
    .map(object => member(object, 'metadata'))
    .map(metadata => `${text(metadata, 'namespace')}/${text(metadata, 'name')}`)
  if (accounts.includes(wanted)) return
  throw new Error(`the manifests have no ServiceAccount ${wanted}, but: ${accounts.join(', ')}`)
}

function kindOf(object: JsonObject): string {
  return text(object, 'kind')
}

function isWebhook(object: JsonObject): boolean {
  return webhookKinds.includes(kindOf(object))
}

function isNamespace(object: JsonObject): boolean {
  return kindOf(object) === 'Namespace'
}

function namespacesFirst(objects: readonly JsonObject[]): readonly JsonObject[] {
  return objects.toSorted((a, b) => Number(isNamespace(b)) - Number(isNamespace(a)))
}

async function startReplicas(
  cluster: Cluster,
  options: PoolguardOptions & { readonly policies: string },
  folder: string
): Promise<readonly [Replica, ...Replica[]]> {
  const { policies, flags = [], replicas = 1, lastKubeconfig } = options
  const own = cluster.kubeconfig('poolguard')
  const startOne = (i: number): Promise<Replica> => {
    const name = i === 1 ? 'poolguard' : `poolguard-${i}`
    const kubeconfig = (i === replicas ? lastKubeconfig : undefined) ?? own
    return startReplica(cluster, { name, folder, policies, kubeconfig, flags })
  }
  const first = await startOne(1)
  const others: Replica[] = []
  for (let i = 2; i <= replicas; i++) others.push(await startOne(i))
  return [first, ...others]
}

/** The webhook configuration with `clientConfig.service` replaced by the URL it stands for. */
function withUrls(object: JsonObject, url: string, caBundle: string): JsonObject {
  const webhooks = items(object, 'webhooks').map(webhook => {
    const service = member(member(webhook, 'clientConfig'), 'service')
    return { ...webhook, clientConfig: { url: `${url}${text(service, 'path')}`, caBundle } }
  })
  return { ...object, webhooks }
}
