import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Refusal } from './refusal.ts'
import { notServed, pathOf } from './request-checks.ts'

/** How callers prove to be an API server; either is enough. With neither, everybody is taken for one. */
export interface CallerProofOptions {
  /** First segment of every path; undefined: the paths have none. */
  readonly pathSecret: string | undefined
  /** Whether TLS asks for a client certificate. */
  readonly asksCertificate: boolean
}

export interface CallerProof {
  /** The URL to route, without the secret; undefined when the caller has proven nothing. */
  readonly route: (request: IncomingMessage) => string | undefined
  /** What a request gets that no route answers, unproven or not. `url` is the routed one. */
  readonly refusal: (request: IncomingMessage, url: string) => Refusal
}

/** One text for unknown paths and wrong secrets, so that answers do not tell them apart. */
const NO_SUCH_PATH: Refusal = {
  status: 404,
  error: 'no such path',
  hint: 'the webhook configurations hold the paths'
}

/** 403 and not 401: that one promises a WWW-Authenticate challenge (RFC 9110, 15.5.2), and TLS has none to offer. */
const NO_CERTIFICATE: Refusal = {
  status: 403,
  error: 'no client certificate of an API server',
  hint: 'present one that the CA of --client-ca signed'
}

/** Decides for each request whether its caller is proven. `paths` are those served to POST, without the secret. */
export function callerProof(options: CallerProofOptions, paths: readonly string[]): CallerProof {
  const { pathSecret, asksCertificate } = options
  const digest = pathSecret === undefined ? undefined : sha256(pathSecret)
  const isCertified = (request: IncomingMessage) => asksCertificate && hasCertificate(request)
  return {
    route(request) {
      const url = request.url ?? '/'
      const [segment, rest] = firstSegment(url)
      if (digest !== undefined && timingSafeEqual(sha256(segment), digest)) return rest
      return (digest === undefined && !asksCertificate) || isCertified(request) ? url : undefined
    },
    refusal(request, url) {
      if (digest === undefined && asksCertificate && !isCertified(request)) return NO_CERTIFICATE
      const refusal = notServed(pathOf(url), paths, 'POST')
      return digest !== undefined && refusal.status === 404 ? NO_SUCH_PATH : refusal
    }
  }
}

/** Digests have one length, as the comparison needs, whatever a caller sends. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** `/a/b?c` as `a` and `/b?c`. */
function firstSegment(url: string): readonly [segment: string, rest: string] {
  const end = url.slice(1).search(/[/?]/)
  if (end === -1) return [url.slice(1), '/']
  const rest = url.slice(end + 1)
  return [url.slice(1, end + 1), rest.startsWith('/') ? rest : `/${rest}`]
}

/**
 * `authorized` alone is not enough: Node sets it for every session that TLS 1.3 resumed, also when there was no certificate
 * at its beginning (VerifyPeerCertificate in src/crypto/crypto_common.cc takes it for an external key).
 */
function hasCertificate({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerX509Certificate() !== undefined
}

/** Hex digits of 256 bits. */
const SECRET_DIGITS = 64

/** The API server takes a path of a Service only in parts that are DNS names (k8s.io/apiserver
 * pkg/util/webhook/validation.go). */
const LONGEST_DIGITS = 253

/** What is wrong with a secret for the path, '' when nothing is. The text itself is never repeated. */
export function pathSecretProblem(secret: string): string {
  if (!/^[0-9a-f]*$/.test(secret)) return 'it holds other characters than 0-9 and a-f'
  const isLongEnough = secret.length >= SECRET_DIGITS && secret.length <= LONGEST_DIGITS
  return isLongEnough ? '' : `it holds ${secret.length} hex digits, not ${SECRET_DIGITS} (256 bits) or more`
}

/** What is wrong with the PEM of --client-ca, '' when nothing is. OpenSSL would take a text without certificates for none. */
export function clientCaProblem(pem: string): string {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    return certificates.map(text => new X509Certificate(text)).length > 0 ? '' : 'it holds no certificate'
  } catch {
    return 'it holds a certificate that cannot be read'
  }
}
