import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/** One address in front of several servers. */
export type Balancer = {
  readonly port: number
  /** Closes it with every connection through it. */
  close(): void
}

/** Hands each connection to the next of these ports on loopback, as a Service would; one to a server that is down breaks off. */
export function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let next = 0
  const server = createServer(caller => {
    const port = ports[next++ % ports.length] ?? 0
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
  const close = () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, close })
    })
  })
}
