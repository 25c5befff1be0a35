import type { Manifest } from '../../admission/registration.ts'
import { LEDGER_NAME } from '../../cluster/ledger-store.ts'
import { DRAIN_TIMEOUT_MS } from '../../server/listen.ts'

export interface InstallOptions {
  readonly namespace: string
  readonly image: string
  readonly replicas: number
  /** The ConfigMap of the policies. */
  readonly policiesName: string
  /** What the policies must be for a Pod to serve them; undefined: whatever the ConfigMap holds, followed as it changes. */
  readonly requiredDigest: string | undefined
}

/** Ports of the container and the Service: admission over TLS, and health and metrics in plain HTTP. */
const ADMISSION_PORT = 8443
const ADMIN_PORT = 8080

/** The port the API server calls. */
export const SERVICE_PORT = 443

/** Seconds a pod goes on serving after SIGTERM, since API servers keep connections to it for a while (limits in server/). */
const SHUTDOWN_SECONDS = 10

/** For what ends after the last answer: calls to the ledger and a list, of at most 2 s each, and watches. */
const SLACK_SECONDS = 5

/** From SIGTERM to SIGKILL. */
const GRACE_SECONDS = SHUTDOWN_SECONDS + DRAIN_TIMEOUT_MS / 1_000 + SLACK_SECONDS

/** Key of the Secret, and so the file's name where it is mounted. */
const PATH_SECRET_KEY = 'path-secret'

export const LABELS = { 'app.kubernetes.io/name': 'poolguard' }

/** The namespace, ServiceAccount, ledger, Deployment, Service and PodDisruptionBudget, in the order of `kubectl apply`. */
export function workload(options: InstallOptions): readonly Manifest[] {
  const { namespace } = options
  const meta = { name: 'poolguard', namespace, labels: LABELS }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: namespaceLabels() } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    ledger(namespace),
    deployment(meta, options),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: {
        selector: LABELS,
        ports: [
          { name: 'admission', port: SERVICE_PORT, targetPort: 'admission' },
          { name: 'admin', port: ADMIN_PORT, targetPort: 'admin' }
        ]
      }
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: meta,
      spec: { minAvailable: 1, selector: { matchLabels: LABELS } }
    }
  ]
}

/**
 * Without data, which kubectl apply then leaves alone: applying these manifests again must not take claims away. Before the
 * Deployment, since a process that finds none waits until claims of a lost one are over.
 */
function ledger(namespace: string): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: LEDGER_NAME, namespace, labels: LABELS } }
}

function namespaceLabels(): Manifest {
  return { ...LABELS, 'pod-security.kubernetes.io/enforce': 'restricted' }
}

function deployment(meta: Manifest, options: InstallOptions): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta,
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: LABELS },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: { labels: LABELS }, spec: podSpec(options) }
    }
  }
}

function podSpec(options: InstallOptions): Manifest {
  return {
    serviceAccountName: 'poolguard',
    priorityClassName: 'system-cluster-critical',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: LABELS }
      }
    ],
    containers: [container(options)],
    volumes: [
      { name: 'certs', secret: { secretName: 'poolguard-tls' } },
      { name: 'policies', configMap: { name: options.policiesName } }
    ]
  }
}

function container({ image, namespace, requiredDigest }: InstallOptions): Manifest {
  const probe = (path: string) => ({ httpGet: { path, port: 'admin' } })
  return {
    name: 'poolguard',
    image,
    args: [
      'serve',
      '--policies=/policies',
      ...(requiredDigest === undefined ? [] : [`--require-digest=${requiredDigest}`]),
      `--listen=0.0.0.0:${ADMISSION_PORT}`,
      `--admin-listen=0.0.0.0:${ADMIN_PORT}`,
      '--tls-cert=/certs/tls.crt',
      '--tls-key=/certs/tls.key',
      `--path-secret-file=/certs/${PATH_SECRET_KEY}`,
      `--ledger=${namespace}`,
      `--shutdown-delay=${SHUTDOWN_SECONDS}`
    ],
    ports: [
      { name: 'admission', containerPort: ADMISSION_PORT },
      { name: 'admin', containerPort: ADMIN_PORT }
    ],
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 6 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] }
    },
    volumeMounts: [
      { name: 'certs', mountPath: '/certs', readOnly: true },
      { name: 'policies', mountPath: '/policies', readOnly: true }
    ]
  }
}

/** The Secret that the Deployment mounts. */
export function secret(
  namespace: string,
  tls: { readonly cert: string; readonly key: string; readonly pathSecret: string }
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'poolguard-tls', namespace, labels: LABELS },
    stringData: { 'tls.crt': tls.cert, 'tls.key': tls.key, [PATH_SECRET_KEY]: tls.pathSecret }
  }
}
