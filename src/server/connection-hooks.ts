import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { pathOf } from './request-checks.ts'

/** What happens on the wire, for metrics. */
export interface Traffic {
  readonly started: (path: string) => void
  /** `status` is 499 when the caller went away before the answer (nginx's number for that). */
  readonly finished: (path: string, status: number, durationMs: number) => void
  /** A caller proved neither by its path nor by a certificate to be an API server. */
  readonly unproven: () => void
  /** Something threw that never should. The request was answered all the same. */
  readonly panicked: (error: unknown) => void
}

/** Reports the beginning and the end of every request on one of `paths`, the refused and the aborted ones included. */
export function countTraffic(app: FastifyInstance, paths: readonly string[], traffic: Traffic): void {
  app.addHook('onRequest', (request, reply, done) => {
    const path = routeOf(request)
    if (paths.includes(path)) {
      const startedMs = performance.now()
      traffic.started(path)
      reply.raw.once('close', () => {
        const status = reply.raw.headersSent ? reply.raw.statusCode : 499
        traffic.finished(path, status, performance.now() - startedMs)
      })
    }
    done()
  })
}

/** The route's own path, or for a wrong method the path that was asked. */
function routeOf(request: FastifyRequest): string {
  return request.is404 ? pathOf(request.url) : (request.routeOptions.url ?? '')
}

/**
 * Answers with Connection: close on connections older than `maxAgeMs`, counted from their first request, and on all of them
 * while retiring. The caller then opens a new one, which may reach another replica.
 */
export function closeOldConnections(app: FastifyInstance, maxAgeMs: number, retiring: () => boolean): void {
  const firstUsedMs = new WeakMap<Socket, number>()
  app.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw
    if (!firstUsedMs.has(socket)) firstUsedMs.set(socket, performance.now())
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    const nowMs = performance.now()
    const ageMs = nowMs - (firstUsedMs.get(request.raw.socket) ?? nowMs)
    if (retiring() || ageMs > maxAgeMs) reply.header('connection', 'close')
    done()
  })
}
