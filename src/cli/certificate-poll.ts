import type { RunningServer } from '../server/listen.ts'
import type { CertificatePair } from '../server/tls.ts'
import { tryReadText } from './files.ts'

/** How soon a renewed certificate is served; a Secret that is mounted takes the kubelet a minute on top. */
const POLL_MS = 10_000

/**
 * Serves a certificate that was replaced on disk, by looking rather than watching: a mounted Secret is swapped by a
 * symbolic link, which file watches lose. A pair that cannot be read or served leaves the old one. Answers how to end it.
 */
export function pollCertificate(
  files: { readonly cert: string; readonly key: string },
  server: Pick<RunningServer, 'reload'>,
  served: CertificatePair,
  pollMs = POLL_MS
): () => void {
  let current = served
  const timer = setInterval(() => {
    const cert = tryReadText(files.cert)
    const key = tryReadText(files.key)
    if (cert === undefined || key === undefined || (cert === current.cert && key === current.key)) return
    current = { cert, key }
    server.reload(current)
  }, pollMs)
  return () => clearInterval(timer)
}
