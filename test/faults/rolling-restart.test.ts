import { Agent } from 'node:https'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { apiServerFor, folderFor, startChild, type Child } from './processes.ts'
import { promises, type Guarded } from './promises.ts'
import { GROWS_WELL } from './reviews.ts'
import { ask } from './world.ts'

/** What kube-proxy does: each new connection goes to one of the endpoints that were ready a moment ago. */
class Balancer {
  readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly over = new AbortController()
  private endpoints: readonly Child[] = []
  private ready: readonly Child[] = []
  private turn = 0

  constructor() {
    this.server = createServer(socket => this.forward(socket))
    void this.probe()
  }

  async listen(): Promise<number> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve))
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  use(endpoints: readonly Child[]): void {
    this.endpoints = endpoints
  }

  isReady(child: Child): boolean {
    return this.ready.includes(child)
  }

  async close(): Promise<void> {
    this.over.abort()
    const closed = new Promise(resolve => this.server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  /** A kubelet asks every few seconds, and what it learned takes its time to reach every node: half a second stands for both. */
  private async probe(): Promise<void> {
    while (!this.over.signal.aborted) {
      const asked = this.endpoints
      const statuses = await Promise.all(
        asked.map(({ adminUrl }) =>
          fetch(`${adminUrl}/readyz`).then(
            r => r.status,
            () => 0
          )
        )
      )
      this.ready = asked.filter((_child, i) => statuses[i] === 200)
      await sleep(500)
    }
  }

  private forward(from: Socket): void {
    const child = this.ready[this.turn++ % Math.max(1, this.ready.length)]
    if (child === undefined) {
      from.destroy()
      return
    }
    const to = connect(child.port, '127.0.0.1')
    for (const socket of [from, to]) {
      this.sockets.add(socket)
      socket.on('error', () => {}).once('close', () => this.sockets.delete(socket))
    }
    from.pipe(to).pipe(from)
    from.once('close', () => to.destroy())
    to.once('close', () => from.destroy())
  }
}

/** Fifty calls a second, over the connections of three API servers that are kept open; none is ever repeated. */
async function callers(t: Test, port: number, ca: string, over: AbortSignal): Promise<number> {
  const agents = Array.from({ length: 3 }, () => new Agent({ keepAlive: true }))
  const failures: string[] = []
  const calls: Promise<void>[] = []
  const startedMs = performance.now()
  while (!over.aborted) {
    const agent = agents[calls.length % agents.length]
    if (agent === undefined) break
    const call = outcomeOf(port, ca, agent).then(outcome => {
      if (outcome !== 'allowed') failures.push(outcome)
      return undefined
    })
    calls.push(call)
    // By the clock, however long one turn takes.
    await sleep(Math.max(0, startedMs + calls.length * 20 - performance.now()))
  }
  await Promise.all(calls)
  for (const agent of agents) agent.destroy()
  t.strictSame(failures, [], `of ${calls.length} calls none failed`)
  return calls.length
}

async function outcomeOf(port: number, ca: string, agent: Agent): Promise<string> {
  try {
    const { status, body } = await ask({ address: { host: '127.0.0.1', port } }, GROWS_WELL, { ca, agent })
    return status === 200 && body.includes('"allowed":true') ? 'allowed' : `${status} ${body}`
  } catch (error) {
    return String(error)
  }
}

/** As a Deployment with maxUnavailable 0 does it: a new one, and when that is ready the old one goes. */
async function replaceEach(
  balancer: Balancer,
  running: Child[],
  start: () => Promise<Child>
): Promise<readonly (number | null)[]> {
  const codes: (number | null)[] = []
  for (const old of running.slice()) {
    const next = await start()
    running.push(next)
    balancer.use([...running])
    while (!balancer.isReady(next)) await sleep(50)
    old.process.kill('SIGTERM')
    codes.push(await old.ended)
    running.splice(running.indexOf(old), 1)
    balancer.use([...running])
  }
  return codes
}

await test('row 40: three replicas are replaced under 50 calls a second, and no call fails', async t => {
  const fake = await apiServerFor(t)
  const folder = folderFor(t, fake)
  // Longer than an endpoint takes to vanish here, as the Deployment's 10 s are in a cluster.
  const start = () => startChild(t, folder, { flags: ['--shutdown-delay=2'] })
  // One after the other: the first one makes the certificate.
  const running = [await start(), await start(), await start()]
  const [first] = running
  if (first === undefined) return t.fail('no replica')
  const balancer = new Balancer()
  t.teardown(() => balancer.close())
  balancer.use([...running])
  const port = await balancer.listen()
  while (!running.every(child => balancer.isReady(child))) await sleep(50)
  const over = new AbortController()
  const calling = callers(t, port, first.ca, over.signal)
  const guarded: Guarded = {
    ask: body => ask({ address: { host: '127.0.0.1', port } }, body, { ca: first.ca }),
    health: async () => Math.max(...(await Promise.all(running.map(child => child.health()))))
  }
  const replacing = replaceEach(balancer, running, start)
  await sleep(1_000)
  await promises(t, guarded, 'while they are replaced')
  t.strictSame(await replacing, [0, 0, 0], 'each ended in order')
  await sleep(500)
  over.abort()
  t.ok((await calling) > 200)
  await promises(t, guarded, 'afterwards')
})
