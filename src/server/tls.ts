import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createSecureContext, Server as TlsServer } from 'node:tls'
import type { SecureContextOptions, TlsOptions as TlsServerOptions } from 'node:tls'
import type { Limits } from './limits.ts'

/** PEM texts: a leaf, with intermediates after it if there are any, and its private key. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

export interface TlsOptions extends CertificatePair {
  /** TLSv1.3 unless an API server is too old for it (Go speaks 1.3 since 1.12, Kubernetes 1.13). */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** PEM of the CAs whose client certificates are asked for; undefined: none is. */
  readonly clientCa?: string | undefined
}

/** What a pair of PEM texts turned out to be. */
export type PairInspection =
  | { readonly ok: true; readonly leaf: X509Certificate; readonly notAfter: Date }
  | { readonly ok: false; readonly problem: string }

/** Forward secrecy and authenticated encryption alone: the three of TLS 1.3, and the ECDHE ones of 1.2 that Go offers too. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305'
].join(':')

/** Tells whether the texts are a certificate and its key. Expiry is not judged: an expired pair is still a pair. */
export function inspectPair(pair: CertificatePair): PairInspection {
  try {
    const leaf = new X509Certificate(pair.cert)
    if (!leaf.checkPrivateKey(createPrivateKey(pair.key))) {
      return { ok: false, problem: 'the key does not belong to the certificate' }
    }
    createSecureContext({ cert: pair.cert, key: pair.key })
    return { ok: true, leaf, notAfter: new Date(leaf.validTo) }
  } catch (error) {
    // OpenSSL's messages name the defect and quote nothing of the key.
    return { ok: false, problem: error instanceof Error ? error.message : 'not PEM' }
  }
}

/** An HTTPS listener with every time limit set, or a plain one for tests that inject requests. */
export function createListener(
  handler: RequestListener,
  tls: TlsOptions | undefined,
  limits: Limits
): Server {
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Node looks for overdue requests only this often, by default every 30 s.
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs / 4),
    insecureHTTPParser: false
  }
  const server =
    tls === undefined
      ? createHttpServer(options, handler)
      : createHttpsServer(
          {
            ...options,
            ...secureContext(tls),
            ...clientCertificate(tls),
            handshakeTimeout: limits.handshakeTimeoutMs
          },
          handler
        )
  server.maxConnections = limits.connections
  server.setTimeout(limits.inactivityTimeoutMs)
  return server
}

/**
 * Serves another certificate from the next handshake on; open connections keep theirs. Returns what is wrong with the pair,
 * and the old one stays then; '' when it was taken.
 */
export function swapCertificate(server: Server, tls: TlsOptions): string {
  const inspection = inspectPair(tls)
  if (!inspection.ok) return inspection.problem
  if (!(server instanceof TlsServer)) return 'the listener has no TLS'
  server.setSecureContext(secureContext(tls))
  return ''
}

/** A caller without a certificate still gets an answer that says so, which a broken handshake does not. */
function clientCertificate({ clientCa }: TlsOptions): TlsServerOptions {
  return { requestCert: clientCa !== undefined, rejectUnauthorized: false }
}

function secureContext(tls: TlsOptions): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
    minVersion: tls.minVersion ?? 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION
  }
}
