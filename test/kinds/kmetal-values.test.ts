import { test } from 'tap'
import { expandKmetalValues } from '../../src/kinds/kmetal-values.ts'

const NAMESPACE = 'kmetal-metallb'

void test('expandKmetalValues() makes the objects of the chart, in the order Helm creates them', t => {
  const values = {
    metallb: {
      enabled: true,
      l2Advertisements: [{ name: 'adv', ipAddressPools: ['b'], interfaces: ['eth0'] }],
      pools: [
        { name: 'b', addresses: ['192.168.1.100-192.168.1.200'], autoAssign: false },
        { name: 'a', addresses: [] }
      ],
      bgpPeers: [{ name: 'tor', myASN: 64500, peerASN: 64501, peerAddress: '192.168.1.1' }],
      bgpAdvertisements: [{ name: 'bgp', ipAddressPools: ['b'] }],
      bfdProfiles: [{ name: 'fast' }],
      communities: [{ name: 'no-export', communities: [] }]
    }
  }
  const expanded = expandKmetalValues(values, NAMESPACE)
  t.same(expanded?.problems, [])
  t.strictSame(
    expanded?.objects.map(({ object }) => [object['apiVersion'], object['kind'], object['metadata']]),
    [
      ['metallb.io/v1beta1', 'BFDProfile', { name: 'fast', namespace: NAMESPACE }],
      ['metallb.io/v1beta1', 'BGPAdvertisement', { name: 'bgp', namespace: NAMESPACE }],
      ['metallb.io/v1beta2', 'BGPPeer', { name: 'tor', namespace: NAMESPACE }],
      ['metallb.io/v1beta1', 'Community', { name: 'no-export', namespace: NAMESPACE }],
      ['metallb.io/v1beta1', 'IPAddressPool', { name: 'b', namespace: NAMESPACE }],
      ['metallb.io/v1beta1', 'IPAddressPool', { name: 'a', namespace: NAMESPACE }],
      ['metallb.io/v1beta1', 'L2Advertisement', { name: 'adv', namespace: NAMESPACE }]
    ]
  )
  t.strictSame(expanded?.objects[4]?.object['spec'], {
    addresses: ['192.168.1.100-192.168.1.200'],
    autoAssign: false
  })
  t.strictSame(expanded?.objects[6]?.object['spec'], { ipAddressPools: ['b'], interfaces: ['eth0'] })
  t.end()
})

void test('expandKmetalValues() says where in the values a field of the object stands', t => {
  const [entry] =
    expandKmetalValues({ metallb: { pools: [{ name: 'a', addresses: ['x'] }] } }, 'ns')?.objects ?? []
  t.strictSame(entry?.path, ['metallb', 'pools', 0])
  t.strictSame(entry?.pathOf(['spec', 'addresses', 0]), ['metallb', 'pools', 0, 'addresses', 0])
  t.strictSame(entry?.pathOf(['metadata', 'name']), ['metallb', 'pools', 0, 'name'])
  t.strictSame(entry?.pathOf(['metadata', 'namespace']), ['metallb', 'pools', 0])
  t.strictSame(entry?.pathOf(['spec']), ['metallb', 'pools', 0])
  t.end()
})

void test('expandKmetalValues() leaves documents alone that are no overlay', t => {
  for (const document of [
    null,
    'metallb',
    [],
    {},
    { metallb: null },
    { metallb: [] },
    { metallb: { enabled: true } },
    { pools: [] },
    Object.create({ metallb: { pools: [] } })
  ]) {
    t.equal(expandKmetalValues(document, 'ns'), undefined, JSON.stringify(document))
  }
  const off = { metallb: { enabled: false, pools: [{ name: 'a' }, 1] } }
  t.strictSame(expandKmetalValues(off, 'ns'), { objects: [], problems: [] }, 'a chart that is switched off')
  t.strictSame(expandKmetalValues({ metallb: { pools: null } }, 'ns'), { objects: [], problems: [] })
  t.end()
})

void test('expandKmetalValues() reports entries that make no object', t => {
  const values = { metallb: { pools: ['a', { addresses: [] }, { name: 7 }, { name: 'good' }], bgpPeers: {} } }
  const expanded = expandKmetalValues(values, 'ns')
  t.equal(expanded?.objects.length, 1)
  t.strictSame(expanded?.problems, [
    { path: ['metallb', 'bgpPeers'], value: '{}', problem: 'not-a-list' },
    { path: ['metallb', 'pools', 0], value: '"a"', problem: 'not-an-object' },
    { path: ['metallb', 'pools', 1], value: '', problem: 'no-name' },
    { path: ['metallb', 'pools', 2], value: '7', problem: 'no-name' }
  ])
  t.end()
})
