import { chmodSync, mkdirSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { loadOrCreateCertificates, type CertificateFiles, type Certificates } from '../server/certificates.ts'
import { UnusableError, type Io } from './io.ts'

/**
 * The certificates of a folder, made when there are none or they do not cover these DNS names and addresses, and said so.
 * Throws UnusableError when the folder cannot be written, or holds somebody else's certificate.
 */
export async function certificatesIn(dir: string, names: readonly string[], io: Io): Promise<Certificates> {
  const dnsNames = names.filter(name => isIP(name) === 0)
  const ipAddresses = names.filter(name => isIP(name) !== 0)
  try {
    const found = await loadOrCreateCertificates({
      files: FILES,
      dir,
      dnsNames,
      ipAddresses,
      now: new Date()
    })
    if (found.created !== '') {
      io.stderr(
        `made new certificates in ${dir}: ${found.created}. Callers must trust the new ${dir}/ca.crt\n`
      )
    }
    return found
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `no certificates in ${dir}`)
  }
}

const FILES: CertificateFiles = {
  async readFile(path) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  async writeFile(path, text, mode) {
    mkdirSync(dirname(path), { recursive: true })
    const beside = `${path}.new`
    await writeFile(beside, text, { mode })
    // The mode above is that of a file made now; one left over from an interrupted start keeps its own.
    chmodSync(beside, mode)
    await rename(beside, path)
  }
}
