import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/** One address in front of several servers. */
export type Balancer = {
  readonly port: number
  /** Hands connections to these alone from now on, and closes all there are: as a Service whose endpoints change, but at once. */
  spread(ports: readonly number[]): void
  /** Hands new connections to these alone from now on and leaves those there are: as a Service whose endpoints change. */
  aim(ports: readonly number[]): void
  /** Closes it with every connection through it. */
  close(): void
}

/** Hands each connection to the next of these ports on loopback, as a Service would; one to a server that is down breaks off. */
export function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let targets = ports
  let next = 0
  const server = createServer(caller => {
    const port = targets[next++ % targets.length] ?? 0
    const served = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [caller, served],
      [served, caller]
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  // Whoever forgets to close it can still end.
  server.unref()
  const closeAll = () => {
    for (const socket of open) socket.destroy()
  }
  const aim = (wanted: readonly number[]) => {
    targets = wanted
  }
  const spread = (wanted: readonly number[]) => {
    aim(wanted)
    closeAll()
  }
  const close = () => {
    server.close()
    closeAll()
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve({ port, spread, aim, close })
    })
  })
}
