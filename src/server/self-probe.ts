import type { Server } from 'node:http'
import { connect } from 'node:tls'

/** Kubelets wait 1 s for the answer of a probe, and this is part of it. */
const TIMEOUT_MS = 500

/** How long an outcome is told again: whoever asks for readiness more often costs no further handshakes. */
const KEPT_MS = 1_000

/**
 * Connects to the listener as a caller would. Answers what is wrong, '' when it serves the certificate with this SHA-256
 * fingerprint: a listener that hangs, has no connection left or goes on with another certificate is not ready, whatever it
 * says of itself. One TLS handshake (some 2 ms), at most one a second. Never rejects.
 */
export function selfProbe(server: Server, fingerprint: () => string): () => Promise<string> {
  let kept: Promise<string> | undefined
  return () => {
    if (kept === undefined) {
      kept = probe(server, fingerprint())
      setTimeout(() => (kept = undefined), KEPT_MS).unref()
    }
    return kept
  }
}

function probe(server: Server, fingerprint: string): Promise<string> {
  const address = server.address()
  if (address === null || typeof address === 'string') return Promise.resolve('not listening')
  // Only the certificate is compared, which no chain can vouch for better.
  const socket = connect({ host: reachable(address.address), port: address.port, rejectUnauthorized: false })
  return new Promise(resolve => {
    const tell = (problem: string): void => {
      clearTimeout(timer)
      resolve(problem)
    }
    const timer = setTimeout(() => {
      tell(`no handshake within ${TIMEOUT_MS} ms`)
      socket.destroy()
    }, TIMEOUT_MS)
    socket.once('secureConnect', () => {
      const served = socket.getPeerX509Certificate()?.fingerprint256
      tell(served === fingerprint ? '' : 'another certificate is served')
      // Orderly, so that the listener counts no failed handshake.
      socket.end()
    })
    socket.on('error', (error: Error) => tell(error.message))
    socket.resume()
  })
}

/** A wildcard address stands for this host too, but not everywhere can one connect to it. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}
