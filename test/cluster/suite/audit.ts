import { join } from 'node:path'

import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { runCommand } from '../command.ts'
import type { CommandResult } from '../command.ts'
import { isJsonObject, items, member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { root } from '../locations.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { namespace } from '../rbac.ts'
import { metallbNamespace } from '../users.ts'

/** The time in which both poolguards have looked again, whatever they saw (`roundMs` in cluster/event-reporter.ts). */
const ROUND_MS = 12_000

function pool(name: string, addresses: readonly string[]): object {
  const metadata = { name, namespace: metallbNamespace }
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses } }
}

function node(name: string, address: string): object {
  const status = { addresses: [{ type: 'InternalIP', address }] }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { podCIDRs: ['10.244.9.0/24'] }, status }
}

/** The built program, as an operator runs it. */
function audit(cluster: Cluster, user = 'admin', flags: readonly string[] = []): Promise<CommandResult> {
  const args = ['audit', `--policies=${join(root, 'policies')}`, `--kubeconfig=${cluster.kubeconfig(user)}`]
  return runCommand(process.execPath, [join(root, 'dist/poolguard.js'), ...args, ...flags])
}

/** The Events with this reason, as kubectl gets them. */
async function eventsOf(cluster: Cluster, reason: string): Promise<readonly JsonObject[]> {
  const printed: unknown = JSON.parse(await cluster.mustKubectl(['get', 'events', '-A', '-o', 'json']))
  const all = isJsonObject(printed) ? items(printed, 'items') : []
  return all.filter(event => text(event, 'reason') === reason)
}

/** The value of a metric, with its labels; 0 when it is not there. */
async function metric(adminUrl: string, name: string): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  const line = metrics.split('\n').find(one => one.startsWith(`${name} `))
  return Number(line?.slice(name.length) ?? 0)
}

await test('what is stored, on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  await cluster.apply([
    namespace(metallbNamespace),
    pool('old-b', ['192.168.1.110-192.168.1.130']),
    pool('old-a', ['192.168.1.100-192.168.1.120']),
    pool('apart', ['192.168.1.140-192.168.1.149'])
  ])
  const replicas = [await startPoolguard(cluster), await startPoolguard(cluster)]

  await suite.test(
    'two pools that were stored before poolguard came are reported as the pair they are',
    async t => {
      const { code, stdout, stderr } = await audit(cluster)
      t.equal(code, 1, stderr)
      const lines = stdout.split('\n').filter(line => line.endsWith('[pool-overlap]'))
      const shared = '192.168.1.110-192.168.1.120'
      t.match(lines, [
        `IPAddressPool ${metallbNamespace}/old-a: DENIED spec.addresses[0] 192.168.1.100-192.168.1.120 shares 11 addresses with IPAddressPool ${metallbNamespace}/old-b: ${shared}.`,
        `IPAddressPool ${metallbNamespace}/old-b: DENIED spec.addresses[0] 192.168.1.110-192.168.1.130 shares 11 addresses with IPAddressPool ${metallbNamespace}/old-a: ${shared}.`
      ])
      t.equal(lines.length, 2)
      t.comment(stdout)
      t.match(stdout, /^apart +10 /m, 'and how full pools are')
      const json: unknown = JSON.parse((await audit(cluster, 'poolguard', ['--format=json'])).stdout)
      t.match(
        json,
        { capacity: { pools: [{ pool: 'apart', size: 10 }, {}, {}] } },
        'what poolguard may read suffices'
      )
    }
  )

  await suite.test('repaired, nothing is denied any more', async t => {
    await cluster.mustKubectl(['delete', '-n', metallbNamespace, 'ipaddresspool/old-b'], { user: 'platform' })
    const { code, stdout } = await audit(cluster)
    t.equal(code, 0, stdout)
  })

  await suite.test('somebody who may read nothing audits nothing', async t => {
    t.equal((await audit(cluster, 'alice')).code, 2)
  })

  await suite.test('a Node that joins inside a pool becomes one Event, whoever of two was first', async t => {
    const input = JSON.stringify(pool('joined', ['192.168.1.210-192.168.1.220']))
    await cluster.mustKubectl(['create', '-f', '-'], { user: 'platform', input })
    await cluster.mustKubectl(['create', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify(node('dry', '192.168.1.211'))
    })
    await cluster.mustKubectl(['create', '-f', '-'], {
      input: JSON.stringify(node('node4', '192.168.1.215'))
    })
    await waitUntil('an Event', async () => (await eventsOf(cluster, 'NodeAddressInPool'))[0])
    await new Promise(resolve => setTimeout(resolve, ROUND_MS))
    const [event, ...others] = await eventsOf(cluster, 'NodeAddressInPool')
    t.same(others, [])
    t.match(event, { type: 'Warning', involvedObject: { kind: 'Node', name: 'node4' } })
    t.match(
      text(event ?? {}, 'message'),
      `status.addresses[0].address 192.168.1.215 lies in IPAddressPool ${metallbNamespace}/joined`
    )
    const outcomes = await Promise.all(
      replicas.map(async ({ adminUrl }) => [
        await metric(adminUrl, 'poolguard_events_total{outcome="created"}'),
        await metric(adminUrl, 'poolguard_events_total{outcome="exists"}'),
        await metric(adminUrl, 'poolguard_findings{rule="pool-node-address"}')
      ])
    )
    t.same(
      outcomes.toSorted(([a = 0], [b = 0]) => a - b),
      [
        [0, 1, 1],
        [1, 0, 1]
      ],
      'one stored it, the other found it there'
    )
    t.match(await cluster.mustKubectl(['get', 'events', '-A']), /Warning +NodeAddressInPool +node\/node4 /)
    const uid = text(
      member(JSON.parse(await cluster.mustKubectl(['get', 'node/node4', '-o', 'json'])), 'metadata'),
      'uid'
    )
    t.equal(text(member(event ?? {}, 'involvedObject'), 'uid'), uid)
    t.match(await cluster.mustKubectl(['describe', 'node/node4']), /NodeAddressInPool .*joined/)
  })

  await suite.test('an audit names the Node and the pool, and says no', async t => {
    const { code, stdout } = await audit(cluster)
    t.equal(code, 1)
    const lines = stdout.split('\n').filter(line => line.includes('node4') && line.includes('/joined'))
    t.equal(lines.length, 1, 'once')
    t.match(lines[0], /DENIED .* 192\.168\.1\.215.* \[pool-node-address\]$/)
    t.comment(lines[0])
  })

  await suite.test('a Node that leaves is no finding any more', async t => {
    await cluster.mustKubectl(['delete', 'node/node4'])
    for (const { adminUrl } of replicas) {
      await waitUntil('0 findings', async () => {
        const count = await metric(adminUrl, 'poolguard_findings{rule="pool-node-address"}')
        return count === 0 ? true : undefined
      })
    }
    t.equal((await audit(cluster)).code, 0)
  })
})
