import { test } from 'tap'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { nodeRuleActions, nodesInPools } from '../../src/rules/nodes-in-pools.ts'

const { plan } = loadPolicies(['test/rules/plan.yaml'])

/** `RULE NODE POOL VALUE RANGE` for pools by `[NAMESPACE/]NAME` and nodes by name. */
function found(
  pools: Readonly<Record<string, readonly string[]>>,
  nodes: Readonly<Record<string, { readonly addresses?: readonly string[]; readonly podCIDRs?: readonly string[] }>>
): readonly string[] {
  const view = new Inventory()
  for (const [key, addresses] of Object.entries(pools)) {
    const [name, namespace = 'kmetal-metallb'] = key.split('/').toReversed()
    view.putJson('IPAddressPool', { metadata: { name, namespace }, spec: { addresses } })
  }
  for (const [name, { addresses = [], podCIDRs = [] }] of Object.entries(nodes)) {
    const status = { addresses: addresses.map(address => ({ type: 'InternalIP', address })) }
    view.putJson('Node', { metadata: { name }, spec: { podCIDRs }, status })
  }
  return [...nodesInPools(view, plan)].map(({ rule, node, pool, finding: { field, value, range } }) =>
    [rule, node.meta.name, pool.name, field, value, range.last - range.first + 1n].join(' ')
  )
}

void test('nodesInPools() finds nodes and pod ranges, in the order of nodes and pools', t => {
  t.same(
    found(
      { z: ['192.168.1.100-192.168.1.199'], a: ['10.244.0.0/28', '192.168.1.0/28'] },
      {
        n2: { addresses: ['192.168.1.150'], podCIDRs: ['10.244.1.0/24'] },
        n1: { addresses: ['192.168.1.1', '192.168.1.100', '192.168.1.101'], podCIDRs: ['10.244.0.0/24'] },
        n3: { addresses: ['192.168.1.200', 'nonsense'] }
      }
    ),
    [
      'pool-node-address n1 a status.addresses[0].address 192.168.1.1 1',
      'pool-cluster-range n1 a spec.podCIDRs[0] 10.244.0.0/24 16',
      'pool-node-address n1 z status.addresses[1].address 192.168.1.100 1',
      'pool-node-address n2 z status.addresses[0].address 192.168.1.150 1'
    ]
  )
  t.end()
})

void test("nodesInPools() passes over pools outside MetalLB's namespace, other families and neighbours", t => {
  const node = { addresses: ['192.168.1.150', 'fd00::150'], podCIDRs: ['fd00:10::/64'] }
  t.same(
    found(
      {
        'elsewhere/p': ['192.168.1.0/24'],
        before: ['192.168.1.140-192.168.1.149'],
        after: ['192.168.1.151-192.168.1.160', 'fd00::151-fd00::160']
      },
      { node }
    ),
    []
  )
  t.same(found({ v6: ['fd00::/64', 'fd00:10::8/126'] }, { node }), [
    'pool-node-address node v6 status.addresses[1].address fd00::150 1',
    'pool-cluster-range node v6 spec.podCIDRs[0] fd00:10::/64 4'
  ])
  t.end()
})

void test('nodeRuleActions() leaves out what is switched off', t => {
  const { rules, exposures } = loadPolicies(['test/rules/plan.yaml'])
  const others = rules.filter(({ id }) => id !== 'pool-node-address')
  const [some] = others
  if (some === undefined) throw new Error('no rules')
  const warning = { ...some, id: 'pool-node-address', defaultAction: 'warn' } as const
  t.equal(nodeRuleActions([...others, warning], exposures).get('pool-node-address'), 'warn')
  t.equal(nodeRuleActions(others, exposures).get('pool-node-address'), undefined)
  t.end()
})
