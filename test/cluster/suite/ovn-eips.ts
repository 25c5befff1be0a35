import { test, type Test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { CommandResult } from '../command.ts'
import { address, createSubnets, eip, grantEips, ovn, patchOf } from '../ovn-eips.ts'
import { read, served, show, writePlan } from '../ovn-eips.ts'
import { withoutPoolguard, type Scene } from '../ovn-hazards.ts'
import { startPoolguard } from '../poolguard.ts'
import { Transcript } from '../ovn-transcript.ts'
import { documentPart } from '../transcript.ts'

await test('OvnEips on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  let kubeOvn = await cluster.startKubeOvn()
  const restart = async (): Promise<void> => {
    await kubeOvn.stop()
    kubeOvn = await cluster.startKubeOvn()
  }
  const transcript = new Transcript(cluster)
  await grantEips(cluster)
  await createSubnets(cluster)
  await withoutPoolguard(suite, { cluster, transcript, restart })
  await startPoolguard(cluster, { policies: writePlan(cluster) })
  await withPoolguard(suite, { cluster, transcript, restart })
  // Written when asked for, and not compared: which addresses Kube-OVN gives differs from run to run.
  documentPart('docs/ovn-eips.md', 'transcript', transcript.text())
})

function refused(t: Test, { code, stderr }: CommandResult, rule: string, words = ''): void {
  t.equal(code, 1, rule)
  t.ok(stderr.includes(`[${rule}]`) && stderr.includes(words), stderr)
}

/** The same writes, refused; and what is allowed keeps its addresses. */
async function withPoolguard(suite: Test, { cluster, transcript, restart }: Scene): Promise<void> {
  const { part } = transcript.chapter('With poolguard')

  await suite.test('the same writes are refused', async t => {
    part(
      'The same writes',
      "The plan names the provider Subnets, and says whose alice's and bob's OvnEips are."
    )
    refused(
      t,
      await transcript.create(eip('web-1.default', { externalSubnet: 'external' }), 'alice'),
      'eip-name-collision'
    )
    refused(
      t,
      await transcript.create(eip('ovn-cluster-join', { externalSubnet: 'external', type: 'lrp' }), 'alice'),
      'eip-type'
    )
    refused(
      t,
      await transcript.kubectl(['patch', 'oeip', 'twin', ...patchOf({ spec: { externalSubnet: 'small' } })], {
        user: 'alice'
      }),
      'eip-change'
    )
    refused(
      t,
      await transcript.kubectl(['patch', 'oeip', 'twin', ...patchOf({ spec: { v4Ip: '' } })], {
        user: 'alice'
      }),
      'eip-change'
    )
    refused(t, await transcript.kubectl(['delete', 'oeip', 'acme-web'], { user: 'alice' }), 'eip-in-use')
    refused(t, await transcript.kubectl(['delete', 'oeip', 'acme-web']), 'eip-in-use', 'OvnFip beta-takes')
    refused(
      t,
      await transcript.create(
        eip('h6', { externalSubnet: 'external', v4Ip: '203.0.113.66,203.0.113.67' }),
        'alice'
      ),
      'eip-syntax'
    )
    refused(
      t,
      await transcript.create(
        eip('h6', { externalSubnet: 'external', v4Ip: '::ffff:203.0.113.68' }),
        'alice'
      ),
      'eip-syntax'
    )
    refused(
      t,
      await transcript.create(eip('h6', { externalSubnet: 'dual', v6Ip: '2001:db8:7::d' }), 'alice'),
      'eip-syntax'
    )
    refused(
      t,
      await transcript.create(
        ovn('OvnFip', 'again', { ovnEip: 'acme-web', vpc: 'ovn-cluster', v4Ip: '10.16.0.68' }),
        'bob'
      ),
      'nat-foreign-eip'
    )
    refused(
      t,
      await transcript.create(eip('h8', { externalSubnet: 'small', v4Ip: '198.51.100.1' }), 'alice'),
      'eip-reserved-address'
    )
    refused(
      t,
      await transcript.create(eip('h8', { externalSubnet: 'small', v4Ip: '198.51.100.3' }), 'alice'),
      'eip-reserved-address'
    )
    refused(
      t,
      await transcript.create(ovn('Vip', 'acme-web', { subnet: 'external', namespace: 'default' }), 'alice'),
      'eip-name-collision'
    )
    refused(
      t,
      await transcript.create(eip('taken', { externalSubnet: 'external', v4Ip: '203.0.113.69' })),
      'eip-address-in-use',
      'held by OvnEip twin'
    )
    const status = patchOf({ status: { v4Ip: '' } })
    refused(
      t,
      await transcript.kubectl(['patch', 'oeip', 'acme-web', '--subresource=status', ...status], {
        user: 'bob'
      }),
      'eip-status'
    )
    refused(
      t,
      await transcript.kubectl(['patch', 'oeip', 'acme-web', '--subresource=status', ...status]),
      'eip-status'
    )
  })

  await suite.test('what cannot be refused is said', async t => {
    part(
      'What is only said',
      'IPPools write nothing wrong themselves, the platform may use what it excluded, and nobody knows which maintenance releases can do with IPv6.'
    )
    const pool = await transcript.create(
      ovn('IPPool', 'said', { subnet: 'small', ips: ['198.51.100.11'] }),
      'alice'
    )
    t.match(pool, { code: 0, stderr: '[eip-reserved-address]' })
    const excluded = await transcript.create(eip('said', { externalSubnet: 'small', v4Ip: '198.51.100.3' }))
    t.match(excluded, { code: 0, stderr: '[eip-reserved-address]' })
    const dual = await transcript.create(eip('said-dual', { externalSubnet: 'dual' }), 'alice')
    t.match(dual, { code: 0, stderr: '[eip-address-family]' })
  })

  await suite.test('an egress gateway is scaled as far as there are addresses', async t => {
    part(
      'Egress gateways',
      'Subnet tiny has five addresses; each replica takes one. A scale is judged as well.'
    )
    const spec = {
      externalSubnet: 'tiny',
      replicas: 1,
      policies: [{ snat: true, ipBlocks: ['10.16.0.0/16'] }]
    }
    await transcript.create(ovn('VpcEgressGateway', 'out', spec, { namespace: 'default' }))
    refused(
      t,
      await transcript.kubectl(['scale', 'veg/out', '--replicas=6']),
      'egress-gateway-address',
      '5 free IPv4 addresses'
    )
    t.match(await transcript.kubectl(['scale', 'veg/out', '--replicas=5']), { code: 0 })
    t.match(await transcript.kubectl(['scale', 'veg/out', '--replicas=0']), { code: 0 })
  })

  await suite.test('what is allowed gets its address, and keeps it', async t => {
    part(
      'What is allowed',
      'The Subnet that nobody named is filled in (H1), so that a restart finds the addresses again.'
    )
    const labels = { tenant: 'acme' }
    const allowed = {
      plain: eip('plain', {}, { labels }),
      fixed: eip('fixed', { externalSubnet: 'external', v4Ip: '203.0.113.200' }, { labels }),
      another: eip('another', { externalSubnet: 'external', type: 'nat' }, { labels })
    }
    const names = Object.keys(allowed)
    for (const object of Object.values(allowed))
      t.match(await transcript.create(object, 'alice'), { code: 0 })
    const before = await Promise.all(
      Object.entries(allowed).map(([name, object]) => served(cluster, object, name))
    )
    t.equal(await read(cluster, 'oeip/plain', '.spec.externalSubnet'), 'external')
    const fip = ovn('OvnFip', 'own', { ovnEip: 'plain', vpc: 'ovn-cluster', v4Ip: '10.16.0.69' }, { labels })
    t.match(await transcript.create(fip, 'alice'), { code: 0 })
    await show(transcript, ...names)
    transcript.note('kube-ovn-controller is restarted')
    await restart()
    await cluster.apply(['next-1', 'next-2', 'next-3'].map(name => eip(name, { externalSubnet: 'external' })))
    const later = await Promise.all(['next-1', 'next-2', 'next-3'].map(name => address(cluster, name)))
    t.same(await Promise.all(names.map(name => read(cluster, `oeip/${name}`, '.status.v4Ip'))), before)
    t.same(
      later.filter(one => before.includes(one)),
      [],
      'nobody else got one of them'
    )
    await show(transcript, ...names)
    const logs = cluster.processes().filter(({ name }) => name === 'kube-ovn-controller')
    t.notMatch(logs.map(one => one.log()).join(''), /poolguard\.io/, 'no write of Kube-OVN was refused')
  })
}
