import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { registration, type Client, type Manifest } from '../admission/registration.ts'
import { toYaml } from '../policy/yaml-text.ts'
import { RULES } from '../rules/index.ts'
import { serviceDnsNames } from '../server/certificates.ts'
import { certificatesIn } from './certificates.ts'
import { rbac } from './install/rbac.ts'
import { mounted, SERVICE_PORT, workload } from './install/workload.ts'
import { readText } from './files.ts'
import { EXIT, type Io } from './io.ts'
import { DEFAULT_POLICIES, readPolicyFiles, snapshotOf } from './policies.ts'

export interface ManifestsOptions {
  readonly policies: readonly string[]
  readonly namespace: string
  readonly image: string
  readonly replicas: number
  readonly url?: string
  readonly certs?: string
  readonly ca?: string
  readonly output?: string
}

/** The objects of one concern, in the order they are applied. */
export interface ManifestFile {
  readonly name: 'deployment.yaml' | 'rbac.yaml' | 'policies.yaml' | 'webhooks.yaml'
  readonly objects: readonly Manifest[]
}

const HEADER =
  '# Written by `poolguard manifests`: change the rules, the kinds or the plan instead, and write it again.\n'

/** `poolguard manifests`: prints everything that is installed, or writes it into a folder. */
export async function runManifests(options: ManifestsOptions, io: Io): Promise<number> {
  const files = await manifestFiles(options)
  if (options.output === undefined) {
    io.stdout(HEADER + toYaml(files.flatMap(file => file.objects)))
    return EXIT.ok
  }
  mkdirSync(options.output, { recursive: true })
  // The policies are the repository's own files, and a Secret does not belong beside them.
  for (const file of files.filter(({ name }) => name !== 'policies.yaml')) {
    const path = join(options.output, file.name)
    writeFileSync(path, fileText(file))
    io.stderr(`wrote ${path}\n`)
  }
  return EXIT.ok
}

/** One file's text, as written by --output. */
export function fileText(file: ManifestFile): string {
  return HEADER + toYaml(file.objects)
}

/** Everything that is installed, webhooks last: they may only be there once there is somebody to answer. */
export async function manifestFiles(options: ManifestsOptions): Promise<readonly ManifestFile[]> {
  const { namespace, image, replicas } = options
  const policyFiles = (options.policies.length > 0 ? options.policies : [DEFAULT_POLICIES]).flatMap(
    readPolicyFiles
  )
  const { plan } = snapshotOf(policyFiles)
  const tls =
    options.certs === undefined
      ? undefined
      : await certificatesIn(options.certs, serviceDnsNames('poolguard', namespace))
  const ca = options.ca === undefined ? tls?.ca : readText(options.ca)
  const caBundle = ca === undefined ? undefined : Buffer.from(ca).toString('base64')
  const policies = policyFiles.map(({ path, text }) => ({ name: basename(path), text }))
  return [
    { name: 'deployment.yaml', objects: workload({ namespace, image, replicas }) },
    { name: 'rbac.yaml', objects: rbac(RULES, namespace) },
    { name: 'policies.yaml', objects: mounted(namespace, tls, policies) },
    { name: 'webhooks.yaml', objects: registration(RULES, plan, { client: clientOf(options), caBundle }) }
  ]
}

function clientOf({ url, namespace }: ManifestsOptions): Client {
  if (url !== undefined) return { url: url.replace(/\/+$/, '') }
  return { service: { namespace, name: 'poolguard', port: SERVICE_PORT } }
}
