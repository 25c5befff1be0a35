import { type Test } from 'tap'

import type { Cluster } from './cluster.ts'
import { address, eip, field, ovn, patchOf, pod, served, show } from './ovn-eips.ts'
import { waitUntil } from './process.ts'
import type { Transcript } from './ovn-transcript.ts'

export type Scene = {
  readonly cluster: Cluster
  readonly transcript: Transcript
  readonly restart: () => Promise<void>
}

/** Each hazard, as Kube-OVN alone lets it happen. */
export async function withoutPoolguard(suite: Test, { cluster, transcript, restart }: Scene): Promise<void> {
  const { part } = transcript.chapter('Without poolguard')

  await suite.test(
    'H2: an OvnEip that is named like the port of a Pod has the address of the Pod',
    async t => {
      part(
        'H2: the address of a Pod',
        "Kube-OVN's allocator knows addresses by names, and this one is also the name of the Pod's port."
      )
      await transcript.create(pod('web-0', { 'ovn.kubernetes.io/logical_switch': 'external' }))
      const taken = await field(cluster, 'ip/web-0.default', '.spec.v4IpAddress')
      await transcript.create(eip('web-0.default', { externalSubnet: 'external' }), 'alice')
      t.equal(await address(cluster, 'web-0.default'), taken)
      await transcript.kubectl([
        'get',
        'ip/web-0.default',
        '-o',
        'custom-columns=NAME:.metadata.name,ADDRESS:.spec.v4IpAddress'
      ])
      await show(transcript, 'web-0.default')
    }
  )

  await suite.test(
    'H3: the deletion of an OvnEip takes the port of the router of all Pods along',
    async t => {
      part(
        'H3: the port of a router',
        "The OvnEip is named like the port of the default Vpc's router on the Subnet of all Pods, and says it is one."
      )
      await transcript.create(
        eip('ovn-cluster-ovn-default', { externalSubnet: 'external', type: 'lrp' }),
        'alice'
      )
      await address(cluster, 'ovn-cluster-ovn-default')
      t.match(await transcript.nbctl(['lrp-list', 'ovn-cluster']), 'ovn-cluster-ovn-default')
      await transcript.kubectl(['delete', 'oeip', 'ovn-cluster-ovn-default'], { user: 'alice' })
      await waitUntil(
        'the port to go',
        async () => !(await cluster.nbctl(['lrp-list', 'ovn-cluster'])).includes('ovn-cluster-ovn-default')
      )
      t.notMatch(await transcript.nbctl(['lrp-list', 'ovn-cluster']), 'ovn-cluster-ovn-default')
    }
  )

  await suite.test('H4: an OvnEip that changes its Subnet takes its address along into nowhere', async t => {
    part(
      'H4: another Subnet',
      'The address is given back to the Subnet that is named now; the one it came from has lost it until the controller restarts.'
    )
    await transcript.create(eip('h4', { externalSubnet: 'external', v4Ip: '203.0.113.64' }), 'alice')
    await address(cluster, 'h4')
    await transcript.kubectl(['patch', 'oeip', 'h4', ...patchOf({ spec: { externalSubnet: 'small' } })], {
      user: 'alice'
    })
    await transcript.kubectl(['delete', 'oeip', 'h4'], { user: 'alice' })
    await transcript.create(eip('h4-later', { externalSubnet: 'external', v4Ip: '203.0.113.64' }), 'alice')
    await new Promise(resolve => setTimeout(resolve, 2_000))
    t.match(await show(transcript, 'h4-later'), /203\.0\.113\.64 +<none>/)
  })

  await suite.test('H5: an address is given away while a NAT rule translates it', async t => {
    part(
      'H5: away under a NAT rule',
      'An OvnEip that asked for its address has no finalizer in 1.15, so that nothing holds its deletion up; with others an empty v4Ip does the same.'
    )
    const used = eip('h5', { externalSubnet: 'external', v4Ip: '203.0.113.65' })
    await transcript.create(used, 'alice')
    await served(cluster, used, 'h5')
    await transcript.create(
      ovn('OvnFip', 'h5', { ovnEip: 'h5', vpc: 'ovn-cluster', v4Ip: '10.16.0.65' }),
      'alice'
    )
    await field(cluster, 'ofip/h5', '.status.ready')
    await transcript.kubectl(['delete', 'oeip', 'h5'], { user: 'alice' })
    await transcript.create(eip('h5-thief', { externalSubnet: 'external', v4Ip: '203.0.113.65' }), 'bob')
    t.equal(await address(cluster, 'h5-thief'), '203.0.113.65')
    await show(transcript, 'h5-thief')
    t.match(await transcript.nbctl(['lr-nat-list', 'ovn-cluster']), /203\.0\.113\.65 +10\.16\.0\.65/)
  })

  await suite.test('H6: what the allocator cannot use is stored, and never served', async t => {
    part('H6: stored and never served', 'There is no status, no condition and no event.')
    await transcript.create(
      eip('h6-list', { externalSubnet: 'external', v4Ip: '203.0.113.66,203.0.113.67' }),
      'alice'
    )
    await transcript.create(
      eip('h6-mapped', { externalSubnet: 'external', v4Ip: '::ffff:203.0.113.68' }),
      'alice'
    )
    await transcript.create(eip('h6-six', { externalSubnet: 'dual', v6Ip: '2001:db8:7::d' }), 'alice')
    await new Promise(resolve => setTimeout(resolve, 2_000))
    const listed = await show(transcript, 'h6-list', 'h6-mapped', 'h6-six')
    t.equal(listed.match(/<none> +<none>\n/g)?.length, 3)
    t.match(await cluster.kubectl(['delete', 'oeip', 'h6-list', 'h6-mapped', 'h6-six']), { code: 0 })
  })

  await suite.test("H7: a NAT rule takes another tenant's address", async t => {
    part("H7: another tenant's address", "The OvnEip is labelled as tenant acme's; bob is beta's.")
    const web = eip('acme-web', { externalSubnet: 'external' }, { labels: { tenant: 'acme' } })
    await transcript.create(web, 'alice')
    await served(cluster, web, 'acme-web')
    await transcript.create(
      ovn('OvnFip', 'beta-takes', { ovnEip: 'acme-web', vpc: 'ovn-cluster', v4Ip: '10.16.0.67' }),
      'bob'
    )
    t.equal(await field(cluster, 'ofip/beta-takes', '.status.ready'), 'true')
    await transcript.kubectl([
      'get',
      'ofip/beta-takes',
      '-o',
      'custom-columns=NAME:.metadata.name,EIP:.spec.ovnEip,READY:.status.ready'
    ])
  })

  await suite.test('H8: excluded addresses are handed out, the gateway among them', async t => {
    part(
      'H8: excluded addresses',
      '198.51.100.1 to 198.51.100.3 are in excludeIps, and the first is the gateway. Once used and released, and any IPPool written, one of them is the next that is given to somebody who did not ask for it.'
    )
    await transcript.create(eip('h8-gateway', { externalSubnet: 'small', v4Ip: '198.51.100.1' }), 'alice')
    await transcript.create(eip('h8-once', { externalSubnet: 'small', v4Ip: '198.51.100.2' }), 'alice')
    t.equal(await address(cluster, 'h8-gateway'), '198.51.100.1')
    t.equal(await address(cluster, 'h8-once'), '198.51.100.2')
    await transcript.kubectl(['delete', 'oeip', 'h8-once'], { user: 'alice' })
    await transcript.create(ovn('IPPool', 'h8', { subnet: 'small', ips: ['198.51.100.10'] }), 'alice')
    await field(cluster, 'ippool/h8', '.status.v4AvailableIPs')
    await transcript.create(eip('h8-next', { externalSubnet: 'small' }), 'bob')
    t.equal(await address(cluster, 'h8-next'), '198.51.100.2')
    await show(transcript, 'h8-gateway', 'h8-next')
  })

  await suite.test('the deletion of a Vip sets the address of the OvnEip of its name free', async t => {
    part('A Vip of the same name', 'Both are one holder to the allocator, in the same Subnet.')
    await transcript.create(eip('twin', { externalSubnet: 'external', v4Ip: '203.0.113.69' }), 'alice')
    await address(cluster, 'twin')
    await transcript.create(ovn('Vip', 'twin', { subnet: 'external', namespace: 'default' }), 'alice')
    await field(cluster, 'vip/twin', '.status.v4ip')
    await transcript.kubectl(['delete', 'vip', 'twin'], { user: 'alice' })
    await transcript.create(eip('twin-thief', { externalSubnet: 'external', v4Ip: '203.0.113.69' }), 'bob')
    t.equal(await address(cluster, 'twin-thief'), '203.0.113.69')
    await show(transcript, 'twin', 'twin-thief')
  })

  await suite.test('H1, H9 and a status that somebody wrote: the restart of the controller', async t => {
    part(
      'H1, H9 and statuses: after a restart',
      "When it starts, the controller fills its allocator with what the OvnEips' spec.externalSubnet and status.v4Ip say: nothing without a Subnet, nothing without a status, and no IPv6 address."
    )
    await transcript.create(eip('h1', {}), 'alice')
    const lost = await address(cluster, 'h1')
    await transcript.create(eip('emptied', { externalSubnet: 'external', v4Ip: '203.0.113.70' }), 'alice')
    await address(cluster, 'emptied')
    await transcript.kubectl(
      ['patch', 'oeip', 'emptied', '--subresource=status', ...patchOf({ status: { v4Ip: '' } })],
      { user: 'bob' }
    )
    await transcript.create(eip('h9', { externalSubnet: 'dual' }), 'alice')
    transcript.note('1.15 cannot store the IPv6 address; here is the status that later versions write')
    const status = {
      v4Ip: '192.0.2.9',
      v6Ip: '2001:db8:7::9',
      macAddress: '00:00:00:53:00:09',
      type: 'nat',
      ready: true
    }
    await transcript.kubectl(['patch', 'oeip', 'h9', '--subresource=status', ...patchOf({ status })])
    transcript.note('kube-ovn-controller is restarted')
    await restart()
    await transcript.create(eip('h1-thief', { externalSubnet: 'external', v4Ip: lost }), 'bob')
    await transcript.create(eip('emptied-thief', { externalSubnet: 'external', v4Ip: '203.0.113.70' }), 'bob')
    const annotations = {
      'ovn.kubernetes.io/logical_switch': 'dual',
      'ovn.kubernetes.io/ip_address': '192.0.2.10,2001:db8:7::9'
    }
    await transcript.create(pod('h9-thief', annotations))
    t.equal(await address(cluster, 'h1-thief'), lost)
    t.equal(await address(cluster, 'emptied-thief'), '203.0.113.70')
    t.equal(await field(cluster, 'ip/h9-thief.default', '.spec.v6IpAddress'), '2001:db8:7::9')
    await show(transcript, 'h1', 'h1-thief', 'emptied', 'emptied-thief', 'h9')
    await transcript.kubectl([
      'get',
      'ip/h9-thief.default',
      '-o',
      'custom-columns=NAME:.metadata.name,V6:.spec.v6IpAddress'
    ])
  })
}
