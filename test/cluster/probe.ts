import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export type ProbeOptions = { readonly ca?: string; readonly token?: string }

/** The HTTP status of a GET, or undefined when nothing answers within a second. */
export function probe(url: string, options: ProbeOptions = {}): Promise<number | undefined> {
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
  const ca = options.ca === undefined ? {} : { ca: options.ca }
  return new Promise(resolve => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp
    const request = send(url, { headers, ...ca, timeout: 1_000, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(undefined))
    request.once('close', () => resolve(undefined))
    request.end()
  })
}
