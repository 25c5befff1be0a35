import type { IncomingHttpHeaders } from 'node:http'
import type { Refusal } from './refusal.ts'

/** What is wrong with the announced form of the body; undefined for JSON in UTF-8, sent as it is. */
export function mediaTypeRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity') {
    // Never inflated: an API server does not compress reviews, and a few KiB can unpack to gigabytes.
    return { status: 415, error: 'the body is encoded', hint: 'send it without Content-Encoding' }
  }
  const [type, ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map(part => part.trim().toLowerCase())
  if (type !== 'application/json' || !parameters.every(isTolerated)) {
    return {
      status: 415,
      error: 'the body is not declared as JSON',
      hint: 'send Content-Type: application/json, in UTF-8'
    }
  }
  return undefined
}

/** UTF-8 is the one charset JSON has on the wire (RFC 8259, section 8.1); other parameters mean nothing here. */
function isTolerated(parameter: string): boolean {
  return !parameter.startsWith('charset=') || /^charset="?utf-8"?$/.test(parameter)
}

/** 405 with Allow for a path that is served to another method, 404 for any other. The caller's path is not repeated. */
export function notServed(path: string, paths: readonly string[], allow: string): Refusal {
  if (paths.includes(path)) {
    return { status: 405, error: 'method not allowed', hint: `use ${allow}`, headers: { allow } }
  }
  return { status: 404, error: 'no such path', hint: `served here: ${paths.join(', ')}` }
}

/** Where a request goes, without the query; an escaped path stays escaped and so matches nothing. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
