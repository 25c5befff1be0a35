import { BlockList, isIP } from 'node:net'
import { clientCaProblem } from '../../server/caller-proof.ts'
import type { Endpoint } from '../../server/listen.ts'
import { readText } from '../files.ts'
import { UnusableError } from '../io.ts'
import { readPathSecret } from './path-secret.ts'

export interface ProofOptions {
  readonly inventory: readonly string[]
  readonly pathSecretFile?: string
  readonly clientCa?: string
}

/** What callers are asked for, as texts; undefined: not asked for. */
export interface Proofs {
  readonly pathSecret: string | undefined
  readonly clientCa: string | undefined
}

/**
 * Reads what callers must prove themselves by. Throws UnusableError when a file is unusable, and when there is none although
 * verdicts on a cluster would go to everybody who reaches the listener: a forged review learns its ranges.
 */
export function proofsOf(options: ProofOptions, { host, port }: Endpoint): Proofs {
  const { inventory, pathSecretFile, clientCa } = options
  const isDevelopment = inventory.length > 0 || isLoopback(host)
  if (pathSecretFile === undefined && clientCa === undefined && !isDevelopment) {
    throw new UnusableError(
      `--listen ${host}:${port} would answer everybody who reaches it, and nothing tells an API server from them: ` +
        'add --path-secret-file FILE (a secret that the registered paths begin with, as `manifests --certs DIR` makes it), ' +
        'or --client-ca FILE, or listen on 127.0.0.1'
    )
  }
  return {
    pathSecret: pathSecretFile === undefined ? undefined : readPathSecret(pathSecretFile),
    clientCa: clientCa === undefined ? undefined : readClientCa(clientCa)
  }
}

function readClientCa(path: string): string {
  const pem = readText(path)
  const problem = clientCaProblem(pem)
  if (problem === '') return pem
  throw new UnusableError(`${path} is no PEM of a CA: ${problem}`)
}

/** Only this host reaches it (RFC 1122, 3.2.1.3 and RFC 4291, 2.5.3). Names other than localhost may be anything. */
function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost'
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8)
  loopback.addAddress('::1', 'ipv6')
  return loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}
