import { Agent, request } from 'node:https'

/** The answer to one request. `json` is undefined when the body is no JSON; `warnings` is the header, '' for none. */
export type RestAnswer = { readonly status: number; readonly json: unknown; readonly warnings: string }

export type RestRequest = {
  readonly method?: string
  readonly path: string
  readonly body?: object
  /** Who it is sent as; absent: whose token it is. The token's user must be allowed to impersonate. */
  readonly as?: { readonly username: string; readonly groups: readonly string[] }
}

/** One HTTPS server that speaks JSON, over connections that stay open: a millisecond a call where kubectl takes 50. */
export type Rest = {
  /** Rejects when nothing answers within ten seconds. */
  send(request: RestRequest): Promise<RestAnswer>
  close(): void
}

export type RestOptions = {
  /** e.g. https://127.0.0.1:6443 */
  readonly url: string
  /** PEM text that the server's certificate is checked against. */
  readonly ca: string
  readonly token?: string
}

const timeoutMs = 10_000

export function connectRest({ url, ca, token }: RestOptions): Rest {
  const agent = new Agent({ keepAlive: true, ca })
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const sendOnce = ({ method = 'GET', path, body, as }: RestRequest): Promise<RestAnswer | 'hung up'> =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const headers = { 'content-type': type, ...authorization, ...impersonation(as) }
      const call = request(`${url}${path}`, { method, headers, agent, timeout: timeoutMs }, response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const warnings = response.headers.warning ?? ''
          resolve({ status: response.statusCode ?? 0, json: parsed(text), warnings })
        })
      })
      call.once('timeout', () => call.destroy(new Error(`${url}${path} did not answer`)))
      call.once('error', (error: NodeJS.ErrnoException) => {
        // the server let go of a connection that nothing was sent over for a while, as this was on its way
        if (call.reusedSocket && error.code === 'ECONNRESET') resolve('hung up')
        else reject(error)
      })
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  return {
    send: async one => {
      const answer = await sendOnce(one)
      if (answer !== 'hung up') return answer
      const again = await sendOnce(one)
      if (again === 'hung up') throw new Error(`${url}${one.path} hung up twice`)
      return again
    },
    close: () => agent.destroy()
  }
}

function impersonation(as: RestRequest['as']): Record<string, string | string[]> {
  if (as === undefined) return {}
  const { username, groups } = as
  return {
    'impersonate-user': username,
    ...(groups.length === 0 ? {} : { 'impersonate-group': [...groups] })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
