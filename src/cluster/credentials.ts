import type { OutgoingHttpHeaders } from 'node:http'
import type { RequestOptions } from 'node:https'
// The package's index would pull every API model into the bundle; it publishes no `exports` map, so the file can be named.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { ClusterError, toClusterError } from './cluster-error.ts'

/** Where the credentials come from: a kubeconfig file, or `in-cluster` for the ServiceAccount of the Pod. */
export interface KubeConfigSource {
  readonly kubeconfig: string
  /** A context of the file; its current-context when absent. */
  readonly context?: string | undefined
}

/** TLS options and headers that say who we are. */
export type AuthorizedOptions = Omit<RequestOptions, 'headers'> & { readonly headers: OutgoingHttpHeaders }

/** Who we are to which API server. */
export interface Credentials {
  readonly server: URL
  /** For one request: certificate and key files are read anew, token files once a minute. */
  requestOptions(): Promise<AuthorizedOptions>
  /** Reads everything anew: after a 401, when a token was rotated. Keeps what it had when that fails. */
  reload(): void
}

/**
 * Reads the kubeconfig. This is the one place outside the command line that reads disk and environment: client-node does
 * it, for the files that the kubeconfig names must be read again whenever they are rotated.
 * @throws ClusterError with reason `kubeconfig` when it cannot be read or names no cluster.
 */
export function loadCredentials(source: KubeConfigSource): Credentials {
  let config = load(source)
  return {
    server: serverOf(config),
    async requestOptions() {
      const headers: OutgoingHttpHeaders = {}
      const options: RequestOptions = { headers }
      await config.applyToHTTPSOptions(options)
      // client-node makes an agent a call, without keep-alive: of use only where it knows the way through a proxy
      if ((config.getCurrentCluster()?.proxyUrl ?? '') === '') delete options.agent
      const token = headers['Authorization']
      // a token file may end with a line end, which no header may
      if (typeof token === 'string') headers['Authorization'] = token.trim()
      return { ...options, headers }
    },
    reload() {
      try {
        config = load(source)
      } catch {
        // half-written or gone for a moment: what worked before may work again
      }
    }
  }
}

function load(source: KubeConfigSource): KubeConfig {
  const config = new KubeConfig()
  try {
    if (source.kubeconfig === 'in-cluster') config.loadFromCluster()
    else config.loadFromFile(source.kubeconfig)
  } catch (error) {
    const why = toClusterError(error).message
    throw new ClusterError(`kubeconfig ${source.kubeconfig} cannot be used: ${why}`, { reason: 'kubeconfig' })
  }
  if (source.context !== undefined) {
    if (config.getContextObject(source.context) === null) {
      throw new ClusterError(`no context "${source.context}" in the kubeconfig`, { reason: 'kubeconfig' })
    }
    config.setCurrentContext(source.context)
  }
  return config
}

function serverOf(config: KubeConfig): URL {
  const server = config.getCurrentCluster()?.server
  if (server === undefined || !URL.canParse(server)) {
    throw new ClusterError('the kubeconfig names no API server (not running in a Pod?)', {
      reason: 'kubeconfig'
    })
  }
  return new URL(server)
}
