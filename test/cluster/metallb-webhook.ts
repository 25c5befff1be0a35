import { join } from 'node:path'

import { certificatesIn } from '../../src/cli/certificates.ts'
import type { Client } from './client.ts'
import { isJsonObject, member, text } from './json.ts'
import { program } from './locations.ts'
import { freePort } from './ports.ts'
import { probe } from './probe.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'
import { connectRest } from './rest.ts'
import type { RestAnswer, RestRequest } from './rest.ts'
import { metallbNamespace } from './users.ts'

/** What MetalLB's own webhook says about one write. */
export type MetalLBVerdict = {
  readonly allowed: boolean
  /** Why not; empty when allowed. */
  readonly message: string
}

export type MetalLBWebhook = {
  readonly process: RunningProcess
  /** https://127.0.0.1:PORT, and PEM text that its certificate is checked against. */
  readonly url: string
  readonly ca: string
  /** Asks about an AdmissionReview of one of `metallbKinds`; throws on any other. */
  review(body: Readonly<Record<string, unknown>>): Promise<MetalLBVerdict>
  /**
   * Why MetalLB's speakers would refuse everything that is stored taken together; '' when they would not. Secrets
   * are not looked at.
   */
  configurationError(): Promise<string>
}

/** The kinds that it judges, with the version whose path it registers (internal/k8s/webhooks). */
const versions: ReadonlyMap<string, string> = new Map([
  ['IPAddressPool', 'v1beta1'],
  ['L2Advertisement', 'v1beta1'],
  ['BGPAdvertisement', 'v1beta1'],
  ['Community', 'v1beta1'],
  ['BFDProfile', 'v1beta1'],
  ['BGPPeer', 'v1beta2']
])

/**
 * Starts MetalLB's own validating webhooks, as an installation with FRR runs them, under the controller's name. Its RBAC
 * must be installed. They are not registered: only `review` asks them. MetalLB's own makes `callsPerSecond` 20; absent: any number.
 */
export async function startMetalLBWebhook(client: Client, callsPerSecond = -1): Promise<MetalLBWebhook> {
  const port = await freePort()
  const certDir = join(client.directory, 'metallb-webhook')
  const silent = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }
  const { ca } = await certificatesIn(certDir, ['127.0.0.1'], silent)
  const options = {
    name: 'metallb-webhook',
    command: program('metallb-webhook'),
    args: [
      `--kubeconfig=${client.credentials.kubeconfig('metallb')}`,
      `--namespace=${metallbNamespace}`,
      `--port=${port}`,
      `--qps=${callsPerSecond}`,
      `--cert-dir=${certDir}`
    ],
    logFile: join(client.directory, 'logs/metallb-webhook.log')
  }
  const url = `https://127.0.0.1:${port}`
  const isReady = async (): Promise<boolean> => (await probe(url, { ca })) !== undefined
  const started = await startReady(options, isReady)
  const rest = connectRest({ url, ca })
  void started.ended.then(() => rest.close())
  const ask = async (question: RestRequest): Promise<RestAnswer> => {
    try {
      return await rest.send(question)
    } catch (error) {
      // a panic hangs up
      const log = started.log().slice(-4_000)
      throw new Error(`${question.path} ${JSON.stringify(question.body)}\n${log}`, { cause: error })
    }
  }
  return {
    process: started,
    url,
    ca,
    review: async body => {
      const answer = await ask({ method: 'POST', path: pathOf(body), body })
      const response = isJsonObject(answer.json) ? member(answer.json, 'response') : {}
      const { allowed } = response
      if (typeof allowed !== 'boolean') throw new Error(`no AdmissionReview: HTTP ${answer.status}`)
      return { allowed, message: text(member(response, 'status'), 'message') }
    },
    configurationError: async () => {
      const { status, json } = await ask({ path: '/configuration' })
      if (status === 200 && isJsonObject(json)) return text(json, 'error')
      throw new Error(`no configuration: HTTP ${status}`)
    }
  }
}

function pathOf(body: Readonly<Record<string, unknown>>): string {
  const kind = text(member(member(body, 'request'), 'kind'), 'kind')
  const version = versions.get(kind)
  if (version === undefined) throw new Error(`MetalLB has no webhook for ${kind}`)
  return `/validate-metallb-io-${version}-${kind.toLowerCase()}`
}
