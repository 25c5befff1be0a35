import { join } from 'node:path'

import { moduleDirectory } from './build.ts'
import type { Client } from './client.ts'

export const metallbModule = 'go.universe.tf/metallb'
export const kubeOvnModule = 'github.com/kubeovn/kube-ovn'

/** Installs MetalLB's and Kube-OVN's CustomResourceDefinitions from their modules and waits until they are served. */
export async function installCrds(client: Client): Promise<void> {
  const metallb = await moduleDirectory('metallb', metallbModule)
  const kubeOvn = await moduleDirectory('kube-ovn', kubeOvnModule)
  const files = [join(metallb, 'config/crd/bases'), join(kubeOvn, 'charts/kube-ovn-v2/crds')]
  await client.mustKubectl(['create', ...files.flatMap(file => ['-f', file])])
  await client.mustKubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
}
