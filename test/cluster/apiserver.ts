import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { program } from './locations.ts'
import { freePort } from './ports.ts'
import { probe } from './probe.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'
import type { Credentials } from './users.ts'

export type ApiServer = {
  readonly url: string
  /** PEM text that its own certificate is checked against. */
  readonly ca: string
  readonly process: RunningProcess
}

export type ApiServerOptions = {
  readonly directory: string
  readonly etcdUrl: string
  readonly credentials: Credentials
  /** Added at the end, so they win. */
  readonly flags: readonly string[]
  /** Where it listens; a free port when absent. */
  readonly port?: number
}

/** Addresses of Services of type ClusterIP. */
export const serviceRange = '10.96.0.0/16'

/** Ten times what it takes on an idle machine with two cores. */
const startTimeoutMs = 90_000

/** Starts kube-apiserver with RBAC and the token file, and waits until /readyz is content. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { directory, credentials } = options
  const port = options.port ?? (await freePort())
  const url = `https://127.0.0.1:${port}`
  const certificates = join(directory, 'apiserver')
  const command = {
    name: 'kube-apiserver',
    command: program('kube-apiserver'),
    args: [
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      // it makes its own self-signed certificate there
      `--cert-dir=${certificates}`,
      `--etcd-servers=${options.etcdUrl}`,
      `--service-cluster-ip-range=${serviceRange}`,
      // the Endpoints of the Service "kubernetes" may not be a loopback address
      '--endpoint-reconciler-type=none',
      '--authorization-mode=RBAC',
      '--anonymous-auth=false',
      `--token-auth-file=${credentials.tokenFile}`,
      // no kube-controller-manager makes the default ServiceAccounts that it would look for
      '--disable-admission-plugins=ServiceAccount',
      ...serviceAccountFlags(directory, url),
      ...options.flags
    ],
    logFile: join(directory, 'logs/kube-apiserver.log')
  }
  const caFile = join(certificates, 'apiserver.crt')
  const isReady = async (): Promise<boolean> => {
    if (!existsSync(caFile)) return false
    const ca = readFileSync(caFile, 'utf8')
    return (await probe(`${url}/readyz`, { ca, token: credentials.token('admin') })) === 200
  }
  const apiServer = await startReady(command, isReady, startTimeoutMs)
  return { url, ca: readFileSync(caFile, 'utf8'), process: apiServer }
}

function serviceAccountFlags(directory: string, issuer: string): string[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyFile = join(directory, 'service-account.key')
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return [
    `--service-account-key-file=${keyFile}`,
    `--service-account-signing-key-file=${keyFile}`,
    `--service-account-issuer=${issuer}`
  ]
}
