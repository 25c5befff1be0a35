import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import { join } from 'node:path'

import { certificatesIn } from '../../src/cli/certificates.ts'
import type { Cluster } from './cluster.ts'
import { freePort } from './ports.ts'

/** An address of its own in front of the API server, for one client: what it is told can be held back. */
export type ApiProxy = {
  /** The kubeconfig of a user of the cluster, with this address in it. */
  readonly kubeconfig: string
  /** From now on watches stay silent, those that are opened later too; all else goes on. */
  pauseWatches(): void
  /** What they would have said comes now. Returns how many watches were silent. */
  resumeWatches(): number
  /** Never passes on the answer to the next write of that path with that text in its body. Resolves when the API server has done it. */
  swallowAnswer(write: Write): Promise<void>
  /** Closes it with every connection through it. */
  close(): void
}

/** A write as it was sent; of a body a part will do. */
type Write = { readonly path: string; readonly body: string }
type Call = { readonly path: string; readonly from: IncomingMessage; readonly to: ServerResponse }

/** Starts one for a user, by key. It has a certificate of its own, in a folder of the cluster. */
export async function startApiProxy(cluster: Cluster, user: string): Promise<ApiProxy> {
  const folder = join(cluster.directory, 'api-proxy')
  mkdirSync(folder, { recursive: true })
  const silent = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }
  const { ca, cert, key } = await certificatesIn(folder, ['127.0.0.1'], silent)
  const port = await freePort()
  const watches = new Set<Call>()
  let isPaused = false
  let swallow: (Write & { readonly done: () => void }) | undefined

  const answer = (call: Call): void => {
    const { path, from, to } = call
    to.writeHead(from.statusCode ?? 502, from.headers)
    // what broke off there breaks off here
    from.once('close', () => from.complete || to.destroy())
    if (!new URLSearchParams(path.split('?')[1]).has('watch')) {
      from.pipe(to)
      return
    }
    to.flushHeaders()
    watches.add(call)
    to.once('close', () => watches.delete(call))
    if (!isPaused) from.pipe(to)
  }
  const isSwallowed = ({ path, body }: Write, status = 0): boolean => {
    if (swallow === undefined || status >= 300 || path !== swallow.path || !body.includes(swallow.body))
      return false
    swallow.done()
    swallow = undefined
    return true
  }
  const agent = new Agent({ keepAlive: true, ca: cluster.ca })
  const server = createServer({ cert, key }, (asked, to) => {
    const { method = 'GET', url: path = '/', headers } = asked
    const body: Buffer[] = []
    asked.on('data', (chunk: Buffer) => body.push(chunk))
    asked.once('end', () => {
      const call = request(`${cluster.server}${path}`, { method, headers, agent }, from => {
        const write = { path, body: Buffer.concat(body).toString('utf8') }
        if (method !== 'GET' && isSwallowed(write, from.statusCode)) from.resume()
        else answer({ path, from, to })
      })
      call.once('error', () => to.destroy())
      to.once('close', () => call.destroy())
      call.end(Buffer.concat(body))
    })
  })
  // Whoever forgets to close it can still end.
  server.unref()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const kubeconfig = join(folder, 'kubeconfig.json')
  writeFileSync(kubeconfig, withServer(cluster.kubeconfig(user), `https://127.0.0.1:${port}`, ca), {
    mode: 0o600
  })
  return {
    kubeconfig,
    pauseWatches: () => {
      isPaused = true
      for (const { from, to } of watches) from.unpipe(to)
    },
    resumeWatches: () => {
      isPaused = false
      for (const { from, to } of watches) from.pipe(to)
      return watches.size
    },
    swallowAnswer: write =>
      new Promise(done => {
        swallow = { ...write, done }
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    }
  }
}

/** The text of a kubeconfig of this suite's with another server. */
function withServer(file: string, server: string, ca: string): string {
  const config = JSON.parse(readFileSync(file, 'utf8'))
  const [entry] = config.clusters
  const authority = Buffer.from(ca).toString('base64')
  const cluster = { server, 'certificate-authority-data': authority }
  return JSON.stringify({ ...config, clusters: [{ ...entry, cluster }] })
}
