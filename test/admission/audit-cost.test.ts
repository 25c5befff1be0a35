import { test } from 'tap'
import { formatAddress } from '../../src/address/format.ts'
import { auditObjects } from '../../src/admission/audit-run.ts'
import type { CheckReport } from '../../src/admission/check-report.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { KindName } from '../../src/kinds/index.ts'

/**
 * CPU time of an audit of ten thousand objects. Without the bounds on findings and proposals the second one takes minutes.
 */

function address(i: number): string {
  return formatAddress(4, 0x0a000000n + BigInt(i))
}

type Put = (kind: KindName, n: number, each: (i: number) => { name: string; [rest: string]: unknown }) => void

function audited(fill: (put: Put) => void): { readonly report: CheckReport; readonly cpuMs: number } {
  const view = new Inventory()
  view.setAllKnown()
  fill((kind, n, each) => {
    for (let i = 0; i < n; i++) {
      const { name, namespace, labels, annotations, ...rest } = each(i)
      const wrong = view.putJson(kind, { metadata: { name, namespace, labels, annotations }, ...rest })
      if (wrong.length > 0) throw new Error(JSON.stringify(wrong))
    }
  })
  const snapshot = loadPolicies(['policies'])
  const placeOf = () => ({ path: 'place', position: () => ({ line: 0, column: 0 }) })
  const before = process.cpuUsage()
  const report = auditObjects({ snapshot, view, unreadable: [], placeOf, nowMs: 0 })
  const { user, system } = process.cpuUsage(before)
  return { report, cpuMs: (user + system) / 1_000 }
}

const namespace = 'kmetal-metallb'

await test('a platform of 10,000 objects of every kind, half of them wrong', async t => {
  const { report, cpuMs } = audited(put => {
    put('Namespace', 300, i => ({ name: `t-${i}`, labels: { tenant: `t-${i}` } }))
    put('IPAddressPool', 50, i => ({
      name: `p-${i}`,
      namespace,
      spec: { addresses: [`${address(i * 256)}-${address(i * 256 + 255 + (i % 2))}`] }
    }))
    put('L2Advertisement', 50, i => ({ name: `l-${i}`, namespace, spec: { ipAddressPools: [`p-${i * 2}`] } }))
    put('Service', 6_000, i => ({
      name: `s-${i}`,
      namespace: `t-${i % 300}`,
      annotations: i % 3 === 0 ? {} : { 'metallb.io/address-pool': `p-${i % 60}` },
      spec: { type: 'LoadBalancer' },
      status: { loadBalancer: { ingress: [{ ip: address(i) }] } }
    }))
    put('OvnEip', 2_500, i => ({
      name: `vpc-${i % 500}-x${i}`,
      spec: { externalSubnet: i % 3 ? 'external' : `ext-${i % 12}`, type: ['nat', 'lrp', 'lsp', ''][i % 4] }
    }))
    put('Subnet', 10, i => ({ name: `ext-${i}`, spec: { cidrBlock: `10.5.${i}.0/24`, vlan: `v${i}` } }))
    put('Vpc', 500, i => ({
      name: `vpc-${i}`,
      spec: { enableExternal: true, extraExternalSubnets: i % 4 === 0 ? [] : ['ext-1', 'external'] }
    }))
    put('Node', 600, i => ({
      name: `n-${i}`,
      status: { addresses: [{ type: 'InternalIP', address: address(i * 40) }] }
    }))
  })
  t.ok(report.objects.length > 9_000)
  t.comment(`${cpuMs.toFixed(0)} ms`)
  t.ok(cpuMs < 6_000, `${cpuMs.toFixed(0)} ms`)
})

await test('500 pools that all hold the same addresses', async t => {
  const { report, cpuMs } = audited(put => {
    put('IPAddressPool', 500, i => ({ name: `p-${i}`, namespace, spec: { addresses: ['10.0.0.0/24'] } }))
  })
  t.match(report.objects[0], { more: /^4\d\d$/ })
  t.ok(report.objects.every(({ findings }) => findings.length <= 16))
  t.comment(`${cpuMs.toFixed(0)} ms`)
  t.ok(cpuMs < 5_000, `${cpuMs.toFixed(0)} ms`)
})
