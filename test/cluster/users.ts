import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who somebody is to the API server. */
export type User = { readonly name: string; readonly groups: readonly string[] }

/** The namespaces the controllers are installed into; kmetal-metallb is kMetal's, kube-system is Kube-OVN's. */
export const metallbNamespace = 'kmetal-metallb'
export const kubeOvnNamespace = 'kube-system'
export const poolguardNamespace = 'poolguard'

/** A ServiceAccount as the API server sees it. */
export function serviceAccount(namespace: string, name: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
  }
}

/** The keys are what `kubectl(args, {user})` takes. Only `admin` is in system:masters, and no controller is. */
export const users = {
  admin: { name: 'admin', groups: ['system:masters', 'system:authenticated'] },
  platform: { name: 'platform', groups: ['kubeadm:cluster-admins', 'system:authenticated'] },
  alice: { name: 'alice', groups: ['acme-admins', 'system:authenticated'] },
  bob: { name: 'bob', groups: ['beta-admins', 'system:authenticated'] },
  metallb: serviceAccount(metallbNamespace, 'controller'),
  kubeOvn: serviceAccount(kubeOvnNamespace, 'ovn'),
  kubeOvnCni: serviceAccount(kubeOvnNamespace, 'kube-ovn-cni'),
  poolguard: serviceAccount(poolguardNamespace, 'poolguard')
} as const satisfies Record<string, User>

/** Users with the tokens they prove themselves by. */
export type Credentials = {
  /** The bearer token of a user, by key; throws on an unknown key. */
  token(key: string): string
  /** Path of a user's kubeconfig, by key; throws on an unknown key. */
  kubeconfig(key: string): string
  readonly keys: readonly string[]
  readonly tokenFile: string
  /** Writes all kubeconfigs. `ca` is the PEM text of what signed the server's certificate. */
  writeKubeconfigs(server: string, ca: string): void
}

/** Makes a random token for everybody and writes the API server's token file (it is read only at its start). */
export function createCredentials(directory: string, all: ReadonlyMap<string, User>): Credentials {
  const tokens = new Map([...all.keys()].map(key => [key, randomBytes(24).toString('hex')]))
  const tokenFile = join(directory, 'tokens.csv')
  const token = (key: string): string => {
    const found = tokens.get(key)
    if (found === undefined) throw new Error(`no user ${key}; there are ${[...tokens.keys()].join(', ')}`)
    return found
  }
  const rows = [...all].map(([key, user]) => `${token(key)},${user.name},${key},"${user.groups.join(',')}"\n`)
  writeFileSync(tokenFile, rows.join(''), { mode: 0o600 })
  const folder = join(directory, 'kubeconfig')
  const kubeconfig = (key: string): string => {
    token(key)
    return join(folder, `${key}.json`)
  }
  return {
    token,
    kubeconfig,
    keys: [...tokens.keys()],
    tokenFile,
    writeKubeconfigs: (server, ca) => {
      mkdirSync(folder, { mode: 0o700 })
      for (const [key, secret] of tokens) {
        writeFileSync(kubeconfig(key), kubeconfigText(server, ca, { key, secret }), { mode: 0o600 })
      }
    }
  }
}

/** A kubeconfig as JSON, which every YAML reader reads. */
function kubeconfigText(server: string, ca: string, user: { key: string; secret: string }): string {
  const authority = Buffer.from(ca).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'poolguard', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: user.key, user: { token: user.secret } }],
    contexts: [{ name: user.key, context: { cluster: 'poolguard', user: user.key, namespace: 'default' } }],
    'current-context': user.key
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
