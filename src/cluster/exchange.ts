import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { toClusterError } from './cluster-error.ts'
import type { ApiRequest } from './connect.ts'
import type { Credentials } from './credentials.ts'
import type { Deadline } from './deadline.ts'

/**
 * An idle connection is closed after this: before the API server's own 90 s (apiserver/pkg/server/secure_serving.go,
 * IdleTimeout), so that no request is sent into a connection that is just being closed.
 */
const IDLE_SOCKET_MS = 60_000

type Message = Pick<ApiRequest, 'method' | 'path' | 'query' | 'body' | 'contentType'>

/** Sends requests over kept-alive connections. */
export class Exchange {
  private readonly credentials: Credentials
  private readonly server: RequestOptions
  private readonly secure: boolean
  private readonly agent: HttpAgent

  constructor(credentials: Credentials) {
    this.credentials = credentials
    this.server = urlToHttpOptions(credentials.server)
    this.secure = credentials.server.protocol === 'https:'
    // sockets are pooled by their TLS options, so rotated certificates get connections of their own
    const options = { keepAlive: true, timeout: IDLE_SOCKET_MS }
    this.agent = this.secure ? new HttpsAgent(options) : new HttpAgent(options)
  }

  close(): void {
    this.agent.destroy()
  }

  /** Resolves with the head of the answer; the deadline goes on to rule over its body. */
  async send(message: Message, deadline: Deadline): Promise<IncomingMessage> {
    const body = message.body === undefined ? undefined : JSON.stringify(message.body)
    try {
      const options = await this.optionsFor(message, body)
      return await this.attempt(options, body, deadline).catch((error: unknown) => {
        // the server closed the kept-alive connection as we wrote into it: for a read, a new connection is worth a try
        if (error instanceof StaleConnection && options.method === 'GET')
          return this.attempt(options, body, deadline)
        throw error
      })
    } catch (error) {
      throw deadline.error ?? toClusterError(error)
    }
  }

  private async optionsFor(message: Message, body: string | undefined): Promise<RequestOptions> {
    const { headers, ...credentials } = await this.credentials.requestOptions()
    const search = new URLSearchParams(message.query).toString()
    const prefix = this.credentials.server.pathname.replace(/\/+$/, '')
    return {
      ...this.server,
      agent: this.agent,
      ...credentials,
      method: message.method ?? 'GET',
      path: `${prefix}${message.path}${search === '' ? '' : `?${search}`}`,
      headers: {
        ...headers,
        'User-Agent': 'poolguard',
        Accept: 'application/json',
        ...(body === undefined
          ? {}
          : {
              'Content-Type': message.contentType ?? 'application/json',
              'Content-Length': Buffer.byteLength(body)
            })
      }
    }
  }

  private attempt(
    options: RequestOptions,
    body: string | undefined,
    deadline: Deadline
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { signal } = deadline
      if (signal.aborted) return reject(toClusterError(deadline.error))
      const request = (this.secure ? httpsRequest : httpRequest)(options)
      const abort = () => request.destroy(deadline.error)
      signal.addEventListener('abort', abort)
      request.on('response', response => {
        signal.removeEventListener('abort', abort)
        // the body may break while nobody reads it yet
        response.on('error', () => {})
        resolve(response)
      })
      request.on('error', error => {
        signal.removeEventListener('abort', abort)
        const stale = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
        reject(stale && !signal.aborted ? new StaleConnection(error.message) : error)
      })
      request.end(body)
    })
  }
}

class StaleConnection extends Error {}
