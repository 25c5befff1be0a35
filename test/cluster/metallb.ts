import { join } from 'node:path'

import type { Client } from './client.ts'
import { program } from './locations.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'
import { metallbNamespace } from './users.ts'

/** Logged once the pools and Services found at the start have been taken in. */
const firstReloadDone = '"end reconcile":"metallbreload/reload"'

/**
 * Starts MetalLB's controller as system:serviceaccount:kmetal-metallb:controller, its own webhooks off. Its RBAC must be
 * installed. Ready once it has read the cluster.
 */
export async function startMetalLB(client: Client): Promise<RunningProcess> {
  const options = {
    name: 'metallb-controller',
    command: program('metallb-controller'),
    args: [
      `--namespace=${metallbNamespace}`,
      '--webhook-mode=disabled',
      '--disable-cert-rotation',
      // its metrics listener cannot be bound to loopback; with an impossible port it logs one error and goes on
      '--port=-1'
    ],
    env: {
      KUBECONFIG: client.credentials.kubeconfig('metallb'),
      METALLB_NAMESPACE: metallbNamespace,
      METALLB_DEPLOYMENT: 'controller',
      METALLB_BGP_TYPE: 'frr'
    },
    logFile: join(client.directory, 'logs/metallb-controller.log')
  }
  return startReady(options, async controller => controller.log().includes(firstReloadDone))
}
