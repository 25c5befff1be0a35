import type { Client } from './client.ts'

/** The cluster's nodes and their InternalIPs; no kubelet is behind them. */
export const nodeAddresses = { node1: '192.168.1.11', node2: '192.168.1.12', node3: '192.168.1.13' } as const

/** Creates the Node objects, as a kubelet would register them. */
export async function createNodes(client: Client): Promise<void> {
  const items = Object.entries(nodeAddresses).map(([name, address]) => node(name, address))
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await client.mustKubectl(['create', '-f', '-'], { input })
}

function node(name: string, address: string): object {
  const now = new Date().toISOString()
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name }
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'no kubelet',
          lastHeartbeatTime: now,
          lastTransitionTime: now
        }
      ]
    }
  }
}
