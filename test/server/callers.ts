import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { Agent } from 'node:https'
import { connect as tcpConnect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as tlsConnect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { loadOrCreateCertificates } from '../../src/server/certificates.ts'
import type { RunningServer } from '../../src/server/listen.ts'
import type { Metrics } from '../../src/server/metrics.ts'
import { memoryFiles } from './fixtures.ts'

export const REVIEW = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1"}}'
/** Up to the headers that say how long the body is. */
export const HEAD = 'POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

/** A CA and a leaf of it for this host, made now. */
export function certificates() {
  return loadOrCreateCertificates({
    files: memoryFiles(),
    dir: 'c',
    dnsNames: [],
    ipAddresses: [],
    now: new Date()
  })
}

/** What servers of these tests serve unless they say something else. */
export const certificate = await certificates()

export interface Reply {
  readonly status: number
  readonly connection: string
  readonly body: string
}

/** One review over TLS. Rejects when the connection breaks before the answer. */
export function review(
  server: RunningServer,
  options: { body?: string; agent?: Agent; ca?: string } = {}
): Promise<Reply> {
  const { body = REVIEW, agent, ca = certificate.ca } = options
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const { host, port } = server.address
    const request = httpsRequest(
      { host, port, path: '/validate', method: 'POST', headers, agent: agent ?? false, ca },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const connection = response.headers.connection ?? ''
          resolve({ status: response.statusCode ?? 0, connection, body: Buffer.concat(chunks).toString() })
        })
      }
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** An open TLS connection whose errors are expected. */
export async function dial(server: RunningServer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tlsConnect({ ...server.address, ca: certificate.ca, ...options })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

/** Everything the server says until it closes; errors are part of that. */
export function untilClosed(socket: Socket): Promise<string> {
  let said = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  return new Promise(resolve => {
    if (socket.closed) resolve(said)
    else socket.once('close', () => resolve(said))
  })
}

/** A TCP connection that never starts a handshake. */
export function dialWithoutTls(server: RunningServer): Socket {
  return tcpConnect(server.address.port, server.address.host)
}

/** The value of the first series that starts like this; NaN without one. */
export async function metric(metrics: Metrics, name: string): Promise<number> {
  const line = (await metrics.registry.metrics()).split('\n').find(text => text.startsWith(name))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

export async function admin(server: RunningServer, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${server.adminAddress.port}${path}`)
  return { status: response.status, body: await response.text() }
}

/** Whether it comes true within a second or so. */
export async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return true
    await sleep(10)
  }
  return false
}
