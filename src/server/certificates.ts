import { randomBytes, X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'
import { inspectPair } from './tls.ts'
import type { CertificatePair } from './tls.ts'

/** Access to the directory of certificates, handed in by the composition. */
export interface CertificateFiles {
  /** The text of a file, undefined when there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>
  /** Replaces the file as a whole (write beside it, then rename) with permission bits `mode`, making the directory if needed. */
  readonly writeFile: (path: string, text: string, mode: number) => Promise<void>
}

export interface CertificateRequest {
  readonly files: CertificateFiles
  readonly dir: string
  /** Names and addresses the leaf must be valid for, beside localhost, 127.0.0.1 and ::1. */
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly now: Date
}

/** PEM texts; `ca` is what callers must trust (the caBundle of a webhook registration). */
export interface Certificates extends CertificatePair {
  readonly ca: string
  readonly notAfter: Date
  /** Why new ones were made; '' when those in the directory were good. */
  readonly created: string
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Callers' clocks may be behind ours. */
const BACKDATED_MS = 5 * MINUTE_MS

/**
 * CA and leaf live equally long, as the CA's key is forgotten once the leaf is signed: nobody can sign another leaf with it,
 * and a new leaf means a new CA and a new caBundle. A year keeps that rare; rotation within days is cert-manager's job.
 */
const LIFETIME_DAYS = 365

/** Made anew at a start within this time of expiry: only a start can, and a process may run for weeks. */
const RENEWAL_DAYS = 30

/** Marks what was made here, and so may be replaced. */
const ORGANIZATION = 'poolguard'

/** The names API servers and people use for a Service; the API server's SNI is NAME.NAMESPACE.svc. */
export function serviceDnsNames(name: string, namespace: string): readonly string[] {
  const qualified = `${name}.${namespace}`
  return [name, qualified, `${qualified}.svc`, `${qualified}.svc.cluster.local`]
}

/**
 * The certificates in `dir` (ca.crt, tls.crt, tls.key) when they are usable, else new ones, stored there. Rejects when files
 * cannot be written, and rather than replace a certificate that somebody else issued. Some 30 ms when it creates.
 */
export async function loadOrCreateCertificates(request: CertificateRequest): Promise<Certificates> {
  const stored = await readStored(request)
  const problem = storedProblem(stored, request)
  if (problem === '') return { ...stored, notAfter: notAfterOf(stored.cert), created: '' }
  if (isForeign(stored.cert)) {
    throw new Error(
      `${request.dir}/tls.crt was issued by somebody else and is not usable here: ${problem}. ` +
        'Remove it, or name the certificate and key to serve.'
    )
  }
  const made = await createCertificates(request)
  const { files, dir } = request
  await files.writeFile(`${dir}/tls.key`, made.key, 0o600)
  await files.writeFile(`${dir}/tls.crt`, made.cert, 0o644)
  await files.writeFile(`${dir}/ca.crt`, made.ca, 0o644)
  return { ...made, notAfter: notAfterOf(made.cert), created: problem }
}

type Stored = CertificatePair & { readonly ca: string }

/** Missing files read as ''. */
async function readStored({ files, dir }: CertificateRequest): Promise<Stored> {
  const names = ['ca.crt', 'tls.crt', 'tls.key']
  const [ca = '', cert = '', key = ''] = await Promise.all(
    names.map(name => files.readFile(`${dir}/${name}`))
  )
  return { ca, cert, key }
}

/** Why the stored certificates cannot be served to the callers of this request; '' when they can. */
function storedProblem(stored: Stored, request: CertificateRequest): string {
  if (stored.cert === '' || stored.key === '' || stored.ca === '') return 'no certificate was there'
  const inspection = inspectPair(stored)
  if (!inspection.ok) return `not a certificate and its key: ${inspection.problem}`
  const { leaf, notAfter } = inspection
  const ca = parseCertificate(stored.ca)
  if (ca === undefined || !leaf.checkIssued(ca) || !leaf.verify(ca.publicKey))
    return 'ca.crt did not issue tls.crt'
  if (notAfter.getTime() < request.now.getTime() + RENEWAL_DAYS * DAY_MS) return `it expires ${leaf.validTo}`
  if (new Date(leaf.validFrom).getTime() > request.now.getTime())
    return `it is not valid before ${leaf.validFrom}`
  const missing = subjects(request).find(name => !covers(leaf, name))
  return missing === undefined ? '' : `it is not valid for ${missing.name}`
}

interface Subject {
  readonly name: string
  readonly is: 'dns' | 'ip'
}

function subjects({ dnsNames, ipAddresses }: CertificateRequest): readonly Subject[] {
  const dns = [...new Set([...dnsNames, 'localhost'])]
  const ips = [...new Set([...ipAddresses, '127.0.0.1', '::1'])]
  return [
    ...dns.map(name => ({ name, is: 'dns' as const })),
    ...ips.map(name => ({ name, is: 'ip' as const }))
  ]
}

function covers(leaf: X509Certificate, { name, is }: Subject): boolean {
  return (is === 'dns' ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined
}

function isForeign(cert: string): boolean {
  const leaf = parseCertificate(cert)
  return leaf !== undefined && !leaf.issuer.split('\n').includes(`O=${ORGANIZATION}`)
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function notAfterOf(cert: string): Date {
  return new Date(new X509Certificate(cert).validTo)
}

/** EC P-256: signs thirty times faster than RSA-2048 and every API server speaks it. SHA-1 is the library's default. */
async function createCertificates(request: CertificateRequest): Promise<Stored> {
  const common = {
    algorithm: 'sha256',
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(request.now.getTime() - BACKDATED_MS),
    notAfterDate: new Date(request.now.getTime() + LIFETIME_DAYS * DAY_MS)
  } as const
  // A name of its own: the library writes no key identifiers, and OpenSSL then takes the first CA of a bundle (old and new
  // together, during a change) that has the issuer's name, without trying the next one.
  const ca = await generate(subjectName(`poolguard CA ${randomBytes(4).toString('hex')}`), {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true }
    ]
  })
  const altNames = subjects(request).map(({ name, is }) =>
    is === 'dns' ? { type: 2 as const, value: name } : { type: 7 as const, ip: name }
  )
  const leaf = await generate(subjectName('poolguard'), {
    ...common,
    ca: { cert: ca.cert, key: ca.private },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames }
    ]
  })
  return { ca: withNewline(ca.cert), cert: withNewline(leaf.cert), key: withNewline(leaf.private) }
}

/** The library ends certificates without a newline, and a bundle glued together from such is no PEM. */
function withNewline(pem: string): string {
  return `${pem.trimEnd()}\n`
}

function subjectName(commonName: string): { name: string; value: string }[] {
  return [
    { name: 'organizationName', value: ORGANIZATION },
    { name: 'commonName', value: commonName }
  ]
}
