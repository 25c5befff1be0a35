import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathSecretProblem } from '../../server/caller-proof.ts'
import { readText } from '../files.ts'
import { UnusableError } from '../io.ts'

/** Stands in the paths that are printed without --certs, for somebody to replace; the API server takes lower case only. */
export const PATH_SECRET_PLACEHOLDER = 'path-secret-goes-here'

/** The secret in a file, without blanks around it. Throws UnusableError when it cannot be read or is too weak. */
export function readPathSecret(path: string): string {
  const secret = readText(path).trim()
  const problem = pathSecretProblem(secret)
  if (problem === '') return secret
  throw new UnusableError(
    `${path} is no secret for the path: ${problem}. Write one with: openssl rand -hex 32`
  )
}

/** The secret of a folder of certificates (`path-secret`, mode 0600), made there when there is none: 256 random bits. */
export function keptPathSecret(dir: string): string {
  const path = join(dir, 'path-secret')
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true })
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  }
  return readPathSecret(path)
}
