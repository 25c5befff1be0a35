import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { floorManifests } from '../admission/floor/manifests.ts'
import { registration, type Client, type Manifest } from '../admission/registration.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import type { PolicyFile } from '../policy/policy-set.ts'
import { toYaml } from '../policy/yaml-text.ts'
import { RULES } from '../rules/index.ts'
import { serviceDnsNames, type Certificates } from '../server/certificates.ts'
import { certificatesIn } from './certificates.ts'
import { wallTimeMs } from './clock.ts'
import { rbac } from './install/rbac.ts'
import { keptPathSecret, PATH_SECRET_PLACEHOLDER } from './install/path-secret.ts'
import { mounted, SERVICE_PORT, workload } from './install/workload.ts'
import { readText } from './files.ts'
import { EXIT, type Io } from './io.ts'
import { allRules, orDefault, readPolicyFiles, snapshotOf } from './policies.ts'

export interface ManifestsOptions {
  readonly policies: readonly string[]
  readonly namespace: string
  readonly image: string
  readonly replicas: number
  readonly url?: string
  readonly certs?: string
  readonly ca?: string
  /** Also what the API server judges by itself; absent: not. */
  readonly vap?: boolean
  readonly output?: string
}

/** The objects of one concern, in the order they are applied. */
export interface ManifestFile {
  readonly name: 'deployment.yaml' | 'rbac.yaml' | 'policies.yaml' | 'webhooks.yaml' | 'floor.yaml'
  readonly objects: readonly Manifest[]
  /** Comments that stand above them, alike for all files. */
  readonly header: string
}

const HEADER =
  '# Written by `poolguard manifests`: change the rules, the kinds or the plan instead, and write it again.\n'

/** Above what is installed in the cluster of a tenant, who is its administrator. */
const IN_A_TENANTS_CLUSTER =
  "# For a tenant's own cluster: a convenience and no security boundary, since the tenant can remove it.\n"

/** `poolguard manifests`: prints everything that is installed, or writes it into a folder. */
export async function runManifests(options: ManifestsOptions, io: Io): Promise<number> {
  const files = await manifestFiles(options, io)
  if (options.output === undefined) {
    io.stdout((files[0]?.header ?? '') + toYaml(files.flatMap(file => file.objects)))
    return EXIT.ok
  }
  mkdirSync(options.output, { recursive: true })
  for (const file of files) {
    const path = join(options.output, file.name)
    // With --certs a Secret is among them, and the paths of the webhooks hold one.
    writeFileSync(path, fileText(file), { mode: options.certs === undefined ? 0o644 : 0o600 })
    io.stderr(`wrote ${path}\n`)
  }
  return EXIT.ok
}

/** One file's text, as written by --output. */
export function fileText(file: ManifestFile): string {
  return file.header + toYaml(file.objects)
}

/** Everything that is installed, webhooks last: they may only be there once there is somebody to answer. */
export async function manifestFiles(options: ManifestsOptions, io: Io): Promise<readonly ManifestFile[]> {
  const { namespace, image, replicas } = options
  const policyFiles = orDefault(options.policies).flatMap(readPolicyFiles)
  const { plan, fingerprint, exposures } = snapshotOf(policyFiles)
  const rules = allRules(exposures)
  const tls = options.certs === undefined ? undefined : await secretsIn(options.certs, namespace, io)
  const pathSecret = tls?.pathSecret ?? PATH_SECRET_PLACEHOLDER
  const ca = options.ca === undefined ? tls?.ca : readText(options.ca)
  const caBundle = ca === undefined ? undefined : Buffer.from(ca).toString('base64')
  const header = plan.scope === 'tenantCluster' ? HEADER + IN_A_TENANTS_CLUSTER : HEADER
  const files = [
    { name: 'deployment.yaml', objects: workload({ namespace, image, replicas, fingerprint }) },
    { name: 'rbac.yaml', objects: rbac(rules, namespace) },
    { name: 'policies.yaml', objects: mounted(namespace, tls, configKeys(policyFiles)) },
    {
      name: 'webhooks.yaml',
      objects: registration(rules, plan, { client: clientOf(options), caBundle, pathSecret, exposures })
    },
    ...(options.vap === true ? [floorFile(options, { plan, exposures }, io)] : [])
  ] as const
  return files.map(file => ({ ...file, header }))
}

/** What the API server refuses by itself; says on stderr what of the policies is not among it. */
function floorFile(
  options: ManifestsOptions,
  { plan, exposures }: Pick<PolicySnapshot, 'plan' | 'exposures'>,
  io: Io
): Omit<ManifestFile, 'header'> {
  const client = clientOf(options)
  const floor = floorManifests({ rules: RULES, plan, exposures, client, nowMs: wallTimeMs() })
  for (const sentence of floor.leftOut) io.stderr(`not in floor.yaml, left to the webhook: ${sentence}\n`)
  return { name: 'floor.yaml', objects: floor.objects }
}

/** Each file under a key of its own, though two folders may hold files of one name. */
function configKeys(
  files: readonly PolicyFile[]
): readonly { readonly name: string; readonly text: string }[] {
  const names = files.map(({ path }) => basename(path))
  return files.map(({ path, text }) => {
    const name = basename(path)
    const isUnique = names.filter(other => other === name).length === 1
    return { name: isUnique ? name : path.replace(/[^-._a-zA-Z0-9]+/g, '-').replace(/^[-.]+/, ''), text }
  })
}

/** What goes into the Secret: certificates for the Service's names, and the secret of the paths. */
async function secretsIn(
  dir: string,
  namespace: string,
  io: Io
): Promise<Certificates & { pathSecret: string }> {
  const certificates = await certificatesIn(dir, serviceDnsNames('poolguard', namespace), io)
  return { ...certificates, pathSecret: keptPathSecret(dir) }
}

function clientOf({ url, namespace }: ManifestsOptions): Client {
  if (url !== undefined) return { url: url.replace(/\/+$/, '') }
  return { service: { namespace, name: 'poolguard', port: SERVICE_PORT } }
}
