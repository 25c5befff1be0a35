import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from '../cluster/ports.ts'
import { FakeApiServer, kubeconfig, type Script } from '../cluster-client/fake-api-server.ts'
import type { Guarded } from './promises.ts'
import { STORED } from './reviews.ts'
import { ask, storedScript } from './world.ts'

/** poolguard as a process of its own: the built program, on a fake API server. */
export interface Child extends Guarded {
  readonly process: ChildProcess
  readonly port: number
  readonly ca: string
  readonly adminUrl: string
  /** The exit code, null after a signal. */
  readonly ended: Promise<number | null>
  readonly metric: (name: string) => Promise<number>
}

export interface ChildSetup {
  /** Of `serve`. */
  readonly flags?: readonly string[]
  /** Of node. */
  readonly nodeFlags?: readonly string[]
  /** Most files and sockets it may have open. */
  readonly openFiles?: number
  /** False: nobody reads what it writes to standard error. */
  readonly isHeard?: boolean
  /** 64 hex digits that the path of a review begins with. */
  readonly pathSecret?: string
}

/** A fake API server for processes, gone with the test. */
export async function apiServerFor(t: Test, script: Script = {}): Promise<FakeApiServer> {
  const fake = new FakeApiServer({ ...storedScript(new Map([['ipaddresspools', STORED]])), ...script })
  await fake.listen()
  t.teardown(() => fake.close())
  return fake
}

/** Starts `serve` and waits until it is ready; killed at the end of the test. */
export async function startChild(t: Test, folder: string, setup: ChildSetup = {}): Promise<Child> {
  const [port = 0, adminPort = 0] = await freePorts(2)
  const { flags = [], nodeFlags = [], openFiles, isHeard = true, pathSecret } = setup
  const proof = proofOf(folder, pathSecret)
  const args = [
    ...nodeFlags,
    'dist/poolguard.js',
    'serve',
    '--policies=policies',
    `--kubeconfig=${folder}/config`,
    `--certs=${folder}`,
    `--listen=127.0.0.1:${port}`,
    `--admin-listen=127.0.0.1:${adminPort}`,
    ...proof.flags,
    ...flags
  ]
  const limited = ['-c', `ulimit -n ${openFiles ?? 4_096}; exec "$0" "$@"`, process.execPath, ...args]
  const child = spawn('/bin/sh', limited, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  if (isHeard) child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const status = async (path: string) =>
    fetch(`${adminUrl}${path}`).then(
      response => response.status,
      () => 0
    )
  for (let tries = 0; (await status('/readyz')) !== 200; tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error(`never ready: ${stderr}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const ca = readFileSync(join(folder, 'ca.crt'), 'utf8')
  const address = { host: '127.0.0.1', port }
  return {
    process: child,
    port,
    ca,
    adminUrl,
    ended,
    ask: body => ask({ address }, body, { ca, path: `${proof.prefix}/validate?timeout=5s` }),
    health: () => status('/healthz'),
    async metric(name) {
      const text = await (await fetch(`${adminUrl}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find(line => line.startsWith(name))
          ?.split(' ')
          .at(-1) ?? Number.NaN
      )
    }
  }
}

/** A folder with the kubeconfig of this API server, where processes keep their certificates too. */
export function folderFor(t: Test, fake: FakeApiServer): string {
  return t.testdir({ config: kubeconfig(`http://127.0.0.1:${fake.port}`) })
}

/** How callers of the process prove themselves: nothing without a secret. */
function proofOf(
  folder: string,
  secret: string | undefined
): { readonly flags: readonly string[]; readonly prefix: string } {
  if (secret === undefined) return { flags: [], prefix: '' }
  writeFileSync(join(folder, 'path-secret'), secret)
  return { flags: [`--path-secret-file=${folder}/path-secret`], prefix: `/${secret}` }
}
