import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { floorManifests } from '../admission/floor/manifests.ts'
import { registration, type Client, type Manifest } from '../admission/registration.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import type { PolicyFile } from '../policy/policy-set.ts'
import { toYaml } from '../policy/yaml-text.ts'
import { RULES } from '../rules/index.ts'
import { serviceDnsNames, type Certificates } from '../server/certificates.ts'
import { certificatesIn } from './certificates.ts'
import { wallTimeMs } from './clock.ts'
import { flowControl } from './install/flow-control.ts'
import { rbac } from './install/rbac.ts'
import { keptPathSecret, PATH_SECRET_PLACEHOLDER } from './install/path-secret.ts'
import { applyAdvice, policiesConfigMap, policiesName } from './install/policies-config-map.ts'
import { LABELS, secret, SERVICE_PORT, workload } from './install/workload.ts'
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
  /** Whether the ConfigMap is named by its digest, never changed, and pinned by the Deployment; absent: not. */
  readonly immutablePolicies?: boolean
  /** Absent: all parts. */
  readonly only?: readonly ManifestPart[]
  readonly output?: string
}

/** What --only names: the files without their suffix. */
export const MANIFEST_PARTS = ['deployment', 'rbac', 'policies', 'webhooks', 'floor'] as const
type ManifestPart = (typeof MANIFEST_PARTS)[number]

/** The objects of one concern, in the order they are applied. */
export interface ManifestFile {
  readonly name: `${ManifestPart}.yaml`
  readonly objects: readonly Manifest[]
  /** Comments that stand above them, alike for all files. */
  readonly header: string
}

const HEADER =
  '# Written by `poolguard manifests`: change the rules, the kinds or the plan instead, and write it again.\n'

/** Above what is installed in the cluster of a tenant, who is its administrator. */
const IN_A_TENANTS_CLUSTER =
  "# For a tenant's own cluster: a convenience and no security boundary, since the tenant can remove it.\n"

/** `poolguard manifests`: prints what is installed, or writes it into a folder; says on stderr which policies that holds. */
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

/** What is installed, or the parts of it that --only names; webhooks late: they may only be there once there is somebody to answer. */
export async function manifestFiles(options: ManifestsOptions, io: Io): Promise<readonly ManifestFile[]> {
  const { namespace, image, replicas, only } = options
  const policyFiles = orDefault(options.policies).flatMap(readPolicyFiles)
  const snapshot = snapshotOf(policyFiles)
  const { plan, exposures } = snapshot
  const rules = allRules(exposures)
  const tls = options.certs === undefined ? undefined : await secretsIn(options.certs, namespace, io)
  const pathSecret = tls?.pathSecret ?? PATH_SECRET_PLACEHOLDER
  const webhooks = {
    client: clientOf(options),
    caBundle: caBundleOf(options, tls?.ca),
    pathSecret,
    exposures
  }
  const { configMap, pods } = mountedPolicies(options, policyFiles, snapshot, io)
  const isWanted = (part: ManifestPart) => only === undefined || only.includes(part)
  const isFloorWanted = only === undefined ? options.vap === true : only.includes('floor')
  const files = [
    { name: 'deployment', objects: workload({ namespace, image, replicas, ...pods }) },
    { name: 'rbac', objects: [...rbac(rules, namespace), ...flowControl(namespace)] },
    { name: 'policies', objects: [...(tls === undefined ? [] : [secret(namespace, tls)]), configMap] },
    { name: 'webhooks', objects: registration(rules, plan, webhooks) },
    ...(isFloorWanted ? [floorFile(options, snapshot, io)] : [])
  ] as const
  const header = plan.scope === 'tenantCluster' ? HEADER + IN_A_TENANTS_CLUSTER : HEADER
  return files
    .filter(({ name }) => isWanted(name))
    .map(({ name, objects }) => ({ name: `${name}.yaml` as const, objects, header }))
}

/** The ConfigMap, and what Pods are told of it; says on stderr which policies it holds, and how it must be applied. */
function mountedPolicies(
  { namespace, only, output, immutablePolicies: isImmutable = false }: ManifestsOptions,
  files: readonly PolicyFile[],
  { digest }: PolicySnapshot,
  io: Io
) {
  const configMap = policiesConfigMap({ namespace, labels: LABELS, files, digest, isImmutable })
  const advice = applyAdvice(configMap)
  // Whoever asks for everything on stdout reads the annotation.
  if (only !== undefined || output !== undefined) io.stderr(`policies ${digest}\n`)
  if (advice !== '') io.stderr(`${advice}\n`)
  const name = policiesName({ digest, isImmutable })
  return { configMap, pods: { policiesName: name, requiredDigest: isImmutable ? digest : undefined } }
}

/** The PEM of --ca, or else of the certificates that were made. */
function caBundleOf({ ca }: ManifestsOptions, made: string | undefined): string | undefined {
  const pem = ca === undefined ? made : readText(ca)
  return pem === undefined ? undefined : Buffer.from(pem).toString('base64')
}

/** What the API server refuses by itself; says on stderr what of the policies is not among it. */
function floorFile(
  options: ManifestsOptions,
  { plan, exposures }: Pick<PolicySnapshot, 'plan' | 'exposures'>,
  io: Io
): { readonly name: 'floor'; readonly objects: readonly Manifest[] } {
  const client = clientOf(options)
  const floor = floorManifests({ rules: RULES, plan, exposures, client, nowMs: wallTimeMs() })
  for (const sentence of floor.leftOut) io.stderr(`not in floor.yaml, left to the webhook: ${sentence}\n`)
  return { name: 'floor', objects: floor.objects }
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
