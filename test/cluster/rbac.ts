import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { moduleDirectory } from './build.ts'
import type { Client } from './client.ts'
import { kubeOvnModule, metallbModule } from './crds.ts'
import { kubeOvnNamespace, metallbNamespace } from './users.ts'

/**
 * MetalLB's ServiceAccounts, Roles and bindings, from its own module. They name no namespace: kustomize sets it, as
 * MetalLB's own installation does.
 */
export async function installMetalLBRbac(client: Client): Promise<void> {
  const folder = join(client.directory, 'metallb-rbac')
  cpSync(join(await moduleDirectory('metallb', metallbModule), 'config/rbac'), join(folder, 'rbac'), {
    recursive: true
  })
  const kustomization = { namespace: metallbNamespace, resources: ['rbac'] }
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization))
  await client.apply([namespace(metallbNamespace)])
  await client.mustKubectl(['apply', '--server-side', '-k', folder])
}

/** Kube-OVN's ServiceAccounts, ClusterRoles and bindings, rendered from its own chart. */
export async function installKubeOvnRbac(client: Client): Promise<void> {
  const chart = join(await moduleDirectory('kube-ovn', kubeOvnModule), 'charts/kube-ovn-v2')
  const templates = ['rbac/ovn-sa', 'rbac/ovn-CR', 'rbac/ovn-CRB']
  const rendered = await client.helm([
    'template',
    'kube-ovn',
    chart,
    `--namespace=${kubeOvnNamespace}`,
    '--kube-version=1.34.4',
    ...templates.map(template => `--show-only=templates/${template}.yaml`)
  ])
  if (rendered.code !== 0) throw new Error(`helm template ${chart}: ${rendered.stderr}`)
  await client.mustKubectl(['apply', '--server-side', '-f', '-'], { input: rendered.stdout })
}

/** What kubeadm gives its administrators: group kubeadm:cluster-admins, user `platform` here. */
export async function installPlatformRbac(client: Client): Promise<void> {
  await client.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'kubeadm:cluster-admins' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'kubeadm:cluster-admins' }]
    }
  ])
}

/**
 * Makes a group the administrators of a namespace. Binds what the ClusterRole `admin` is put together from, because
 * `admin` itself stays empty without a kube-controller-manager.
 */
export async function grantNamespace(client: Client, name: string, group: string): Promise<void> {
  const parts = ['view', 'edit', 'admin']
  await client.apply(
    parts.map(part => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: `${group}-${part}`, namespace: name },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: `system:aggregate-to-${part}`
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }]
    }))
  )
}

/** A Namespace object, with labels. */
export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}
