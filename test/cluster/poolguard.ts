import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { startBalancer } from './balancer.ts'
import type { Cluster } from './cluster.ts'
import { requireCommand } from './command.ts'
import { isJsonObject, items, member, text } from './json.ts'
import type { JsonObject } from './json.ts'
import { root } from './locations.ts'
import { freePorts } from './ports.ts'
import { probe } from './probe.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'
import { poolguardNamespace } from './users.ts'

export type PoolguardOptions = {
  /** Folder of NetworkPlan and ExposurePolicy documents; the repository's policies/ when absent. */
  readonly policies?: string
  /** Added to `poolguard serve`. */
  readonly flags?: readonly string[]
  /** Processes behind one address; 1 when absent. */
  readonly replicas?: number
}

export type Poolguard = {
  /** The first of the replicas, which `process` is alone by default. */
  readonly process: RunningProcess
  readonly replicas: readonly RunningProcess[]
  /** Where the webhooks answer, below the secret of their paths: https://127.0.0.1:PORT. */
  readonly url: string
  /** Where /readyz and /metrics answer: http://127.0.0.1:PORT. */
  readonly adminUrl: string
  /** PEM file that its certificate is checked against. */
  readonly caFile: string
  /** Stops the program and leaves the webhooks registered: how the cluster behaves while poolguard is down. */
  stop(): Promise<void>
  /** Kills the program as it is, waits, and starts it again at the same address; resolves when it is ready. */
  restart(awayMs: number): Promise<void>
  /** Takes the webhooks off the API server, then stops the program. */
  uninstall(): Promise<void>
}

const bundle = join(root, 'dist/poolguard.js')
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

  const servers = await startServers(
    cluster,
    { folder, policies, flags: options.flags ?? [] },
    options.replicas ?? 1
  )
  const [started] = servers
  const balancer = servers.length > 1 ? await startBalancer(servers.map(({ port }) => port)) : undefined
  const url = balancer === undefined ? started.url : `https://127.0.0.1:${balancer.port}`
  const replicas = servers.map(one => one.process)
  const stop = async (): Promise<void> => {
    balancer?.close()
    await Promise.all(servers.map(one => one.stop()))
  }
  const ca = readFileSync(started.caFile).toString('base64')
  const webhooks = objects.filter(isWebhook).map(object => withUrls(object, url, ca))
  await cluster.apply(webhooks)
  return {
    ...started,
    url,
    replicas,
    stop,
    restart: awayMs => started.restart(awayMs),
    uninstall: async () => {
      const names = webhooks.map(object => `${kindOf(object)}/${text(member(object, 'metadata'), 'name')}`)
      await cluster.mustKubectl(['delete', ...names])
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

type ServerOptions = { readonly folder: string; readonly policies: string; readonly flags: readonly string[] }
type Server = Pick<Poolguard, 'process' | 'url' | 'adminUrl' | 'caFile' | 'stop' | 'restart'> & {
  readonly port: number
}

async function startServers(
  cluster: Cluster,
  options: ServerOptions,
  replicas: number
): Promise<readonly [Server, ...Server[]]> {
  const first = await startServer(cluster, options, 'poolguard')
  const others: Server[] = []
  for (let i = 2; i <= replicas; i++) others.push(await startServer(cluster, options, `poolguard-${i}`))
  return [first, ...others]
}

async function startServer(
  cluster: Cluster,
  { folder, policies, flags }: ServerOptions,
  name: string
): Promise<Server> {
  mkdirSync(folder, { recursive: true })
  const [port = 0, adminPort = 0] = await freePorts(2)
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const command = {
    name,
    command: process.execPath,
    args: [
      '--enable-source-maps',
      bundle,
      'serve',
      `--kubeconfig=${cluster.kubeconfig('poolguard')}`,
      `--policies=${policies}`,
      `--listen=127.0.0.1:${port}`,
      `--admin-listen=127.0.0.1:${adminPort}`,
      `--path-secret-file=${join(folder, 'certs/path-secret')}`,
      `--ledger=${poolguardNamespace}`,
      ...flags
    ],
    // its certificates are in certs/ there, made by `manifests`
    cwd: folder,
    logFile: join(cluster.directory, `logs/${name}.log`)
  }
  const isReady = async (): Promise<boolean> => (await probe(`${adminUrl}/readyz`)) === 200
  const started = cluster.adopt(await startReady(command, isReady))
  let running = started
  return {
    process: started,
    stop: () => running.stop(),
    restart: async awayMs => {
      process.kill(running.pid, 'SIGKILL')
      await running.ended
      await new Promise(goOn => setTimeout(goOn, awayMs))
      running = cluster.adopt(await startReady(command, isReady))
    },
    url: `https://127.0.0.1:${port}`,
    port,
    adminUrl,
    caFile: join(folder, 'certs/ca.crt')
  }
}

/** The webhook configuration with `clientConfig.service` replaced by the URL it stands for. */
function withUrls(object: JsonObject, url: string, caBundle: string): JsonObject {
  const webhooks = items(object, 'webhooks').map(webhook => {
    const service = member(member(webhook, 'clientConfig'), 'service')
    return { ...webhook, clientConfig: { url: `${url}${text(service, 'path')}`, caBundle } }
  })
  return { ...object, webhooks }
}
