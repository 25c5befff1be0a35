import { join } from 'node:path'

import { serviceRange } from './apiserver.ts'
import type { Client } from './client.ts'
import { program } from './locations.ts'
import type { OvnDatabase } from './ovn.ts'
import { freePort } from './ports.ts'
import { startReady, waitUntil } from './process.ts'
import type { RunningProcess } from './process.ts'
import { kubeOvnNamespace } from './users.ts'

/** Kube-OVN's own default for pods without a Subnet. */
export const podRange = '10.16.0.0/16'

/** The provider network that OvnEips take their addresses from: documentation range TEST-NET-3 (RFC 5737). */
export const externalSubnet = { name: 'external', cidr: '203.0.113.0/24', gateway: '203.0.113.1' } as const

export type OvnDatabases = { readonly northbound: OvnDatabase; readonly southbound: OvnDatabase }

/** Logged when the workers run and what was there at the start has been taken in (initResourceOnce, its last step). */
const workersStarted = 'start to gc'

/**
 * Starts kube-ovn-controller as system:serviceaccount:kube-system:ovn. Its RBAC must be installed. Ready once it is the
 * leader and handles what is written.
 */
export async function startKubeOvnController(
  client: Client,
  databases: OvnDatabases
): Promise<RunningProcess> {
  const port = await freePort()
  const kubeconfig = client.credentials.kubeconfig('kubeOvn')
  const options = {
    name: 'kube-ovn-controller',
    command: program('kube-ovn-controller'),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--ovn-nb-addr=${databases.northbound.address}`,
      `--ovn-sb-addr=${databases.southbound.address}`,
      `--default-cidr=${podRange}`,
      '--default-gateway-check=false',
      `--service-cluster-ip-range=${serviceRange}`,
      '--enable-metrics=false',
      `--pprof-port=${port}`,
      '--alsologtostderr'
    ],
    env: {
      // one of its steps (syncFinalizers) makes a client of its own and overlooks --kubeconfig
      KUBECONFIG: kubeconfig,
      POD_NAME: 'kube-ovn-controller-0',
      POD_NAMESPACE: kubeOvnNamespace,
      KUBE_NODE_NAME: 'node1',
      POD_IP: '127.0.0.1',
      POD_IPS: '127.0.0.1',
      OVN_DB_IPS: '127.0.0.1',
      // its health check listens on POD_IPS instead of on all interfaces
      ENABLE_BIND_LOCAL_IP: 'true'
    },
    logFile: join(client.directory, 'logs/kube-ovn-controller.log')
  }
  return startReady(options, async controller => controller.log().includes(workersStarted), 60_000)
}

/** Creates ProviderNetwork, Vlan and Subnet `external`, and waits until the controller gives addresses from it. */
export async function createExternalSubnet(client: Client): Promise<void> {
  const { name, cidr, gateway } = externalSubnet
  await client.apply([
    kubeOvnObject('ProviderNetwork', name, { defaultInterface: 'eth1' }),
    kubeOvnObject('Vlan', 'vlan0', { id: 0, provider: name }),
    kubeOvnObject('Subnet', name, {
      protocol: 'IPv4',
      cidrBlock: cidr,
      gateway,
      excludeIps: [gateway],
      vlan: 'vlan0'
    })
  ])
  await waitUntil(`Subnet ${name}`, () => hasAddresses(client, name))
}

function kubeOvnObject(kind: string, name: string, spec: object): object {
  return { apiVersion: 'kubeovn.io/v1', kind, metadata: { name }, spec }
}

async function hasAddresses(client: Client, subnet: string): Promise<boolean> {
  const path = 'jsonpath={.status.v4availableIPs}'
  const result = await client.kubectl(['get', 'subnets.kubeovn.io', subnet, '-o', path])
  return Number(result.stdout) > 0
}
