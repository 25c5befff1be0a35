import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { INTERNAL_ERROR, refuse, refuseSocket } from './refusal.ts'
import { notServed, pathOf } from './request-checks.ts'

/** One condition of readiness; `detail` says how it stands, also when it is met. */
export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export interface AdminAppOptions {
  /** Must not reject. */
  readonly ready: () => Promise<readonly ReadinessCheck[]> | readonly ReadinessCheck[]
  readonly registry: Registry
  /** More metrics in the same format, after those of the registry; '' for none. */
  readonly moreMetrics?: (() => Promise<string>) | undefined
}

const PATHS = ['/healthz', '/readyz', '/metrics']

/**
 * Health and metrics over plain HTTP, on a listener of their own so that neither needs the certificate nor shares a limit with
 * reviews. `/healthz` is 200 while the process turns its event loop, whatever else fails: a restart would mend none of it.
 * `/readyz` is 503 while a check fails; `?verbose` lists the checks that hold as well.
 */
export function buildAdminApp({ ready, registry, moreMetrics }: AdminAppOptions): FastifyInstance {
  const app = fastify({
    clientErrorHandler: refuseSocket,
    requestTimeout: 10_000,
    return503OnClosing: false
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.get('/healthz', () => 'ok\n')
  app.get('/readyz', async (request, reply) => {
    const checks = await ready()
    const ok = checks.every(check => check.ok)
    const verbose = /[?&]verbose\b/.test(request.url)
    return reply.code(ok ? 200 : 503).send(readinessText(checks, ok, verbose))
  })
  app.get('/metrics', async (_request, reply) => {
    const [text, more = ''] = await Promise.all([registry.metrics(), moreMetrics?.()])
    return reply.header('content-type', registry.contentType).send(more === '' ? text : `${text}\n${more}`)
  })
  app.setErrorHandler((_error, _request, reply) => refuse(reply, INTERNAL_ERROR))
  app.setNotFoundHandler((request, reply) => refuse(reply, notServed(pathOf(request.url), PATHS, 'GET')))
  return app
}

/** Kubernetes' own layout of /readyz?verbose: one line a check, [+] or [-] in front. */
function readinessText(checks: readonly ReadinessCheck[], ok: boolean, verbose: boolean): string {
  const shown = checks.filter(check => verbose || !check.ok)
  const lines = shown.map(({ name, ok: holds, detail }) =>
    `[${holds ? '+' : '-'}]${name} ${detail}`.trimEnd()
  )
  return [...lines, ok ? 'ok' : 'not ready', ''].join('\n')
}
