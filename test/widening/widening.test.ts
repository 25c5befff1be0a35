import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'
import { toYaml } from '../../src/policy/yaml-text.ts'
import type { Json } from './arbitraries.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function poolguard(...args: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const code = await run(args, {
    stdout: chunk => void (stdout += chunk),
    stderr: chunk => void (stderr += chunk),
    isTerminal: false,
    stdin: async () => ''
  })
  return { code, stdout, stderr }
}

const PLAN: Json = {
  nodeSubnets: [{ cidr: '192.168.1.0/24', gateway: '192.168.1.1', interfaces: ['eth0'] }],
  reservedRanges: [{ range: '192.168.1.2-192.168.1.99', purpose: 'DHCP' }],
  allocations: [{ range: '192.168.1.0/24' }, { range: '10.20.0.0/24', announcement: 'bgp' }],
  globalPool: {
    ipAddressPool: 'default-pool',
    externalSubnets: ['external', 'shared'],
    defaultExternalSubnet: 'external'
  },
  tenancy: {
    namespaceLabels: ['tenant'],
    ovnEipOwners: [{ user: 'system:serviceaccount:kmetal:cpo', tenantFromLabel: 'of' }]
  }
}

const EXPOSURE: Json = {
  appliesTo: { tenants: ['*'] },
  pools: { allowed: ['default-pool'] },
  services: {
    allowedTypes: ['ClusterIP', 'LoadBalancer'],
    addressRequests: 'denied',
    externalIPs: { allowedRanges: ['203.0.113.0/28'] },
    loadBalancerSourceRanges: { required: true, allowedRanges: ['10.0.0.0/8'] },
    loadBalancerClasses: { allowed: [''] },
    ports: { denied: ['22', '6000-6100'] },
    nodePorts: { denied: ['30000-30010'] },
    sharedAddresses: 'never',
    quota: { loadBalancers: 2 }
  },
  ovnEips: { externalSubnets: ['external'], staticAddresses: 'denied', quota: 1 },
  exemptions: [
    {
      rules: ['pool-reserved-range'],
      objects: ['IPAddressPool/kmetal-metallb/lab'],
      reason: 'lab',
      owner: 'platform',
      expires: '2099-01-31'
    }
  ]
}

interface Policies {
  readonly plan: Json
  readonly exposures: readonly Json[]
}

const BASE: Policies = { plan: PLAN, exposures: [EXPOSURE] }

function text({ plan, exposures }: Policies): string {
  const document = (kind: string, name: string, spec: Json) => ({
    apiVersion: 'poolguard.io/v1alpha1',
    kind,
    metadata: { name },
    spec
  })
  return toYaml([
    document('NetworkPlan', 'dc1', plan),
    ...exposures.map((spec, i) => document('ExposurePolicy', `p${i}`, spec))
  ])
}

interface Finding {
  readonly rule: string
  readonly action: string
  readonly field: string
  readonly message: string
  readonly line: number
  readonly witnesses?: readonly Json[]
}

interface Compared extends Ran {
  readonly findings: readonly Finding[]
  readonly files: { readonly base: string; readonly proposal: string }
}

async function compare(dir: string, base: Policies, proposal: Policies): Promise<Compared> {
  const files = { base: join(dir, 'base.yaml'), proposal: join(dir, 'proposal.yaml') }
  writeFileSync(files.base, text(base))
  writeFileSync(files.proposal, text(proposal))
  const ran = await poolguard(
    'check',
    '--policies',
    files.proposal,
    '--fail-on-widening',
    files.base,
    '--format',
    'json'
  )
  const report = JSON.parse(ran.stdout) as { objects: { findings: Finding[] }[] }
  return { ...ran, findings: report.objects.flatMap(({ findings }) => findings), files }
}

/** A copy with one thing changed: the path in dots, undefined takes it out. */
function changed(value: Json, path: string, to: unknown): Json {
  const [key = '', ...rest] = path.split('.')
  const { [key]: before, ...others } = value
  if (rest.length > 0) return { ...others, [key]: changed((before ?? {}) as Json, rest.join('.'), to) }
  return to === undefined ? others : { ...others, [key]: to }
}

const exposing = (path: string, to: unknown): Policies => ({
  ...BASE,
  exposures: [changed(EXPOSURE, path, to)]
})
const planning = (path: string, to: unknown): Policies => ({ ...BASE, plan: changed(PLAN, path, to) })

const [LAB = {}] = EXPOSURE['exemptions'] as Json[]

/** Changes of which neither direction is surely the stricter one. */
const ONE_WAY = new Set([
  'more external IPs',
  'a gateway is another',
  'a label names tenants before another',
  'a Subnet is shared',
  'the pool model is another',
  'the namespace of MetalLB is another',
  'node subnets grow',
  'pools may lie anywhere',
  // The other way hands out external IPs, or the exemption of BASE.
  'it applies to fewer',
  'it applies to some namespaces',
  'it applies to a class',
  'the policy is gone',
  'an exemption is added',
  'an exemption of an object is added'
])

/** What is changed, the rule it loosens, and whether a request shows it. */
const WIDENINGS: readonly (readonly [string, Policies, string, 'shown' | 'unshown'])[] = [
  ['an action is weakened', exposing('actions', { 'service-type': 'warn' }), 'service-type', 'shown'],
  [
    'a type is allowed',
    exposing('services.allowedTypes', ['ClusterIP', 'LoadBalancer', 'NodePort']),
    'service-type',
    'shown'
  ],
  ['types are not restricted', exposing('services.allowedTypes', undefined), 'service-type', 'shown'],
  [
    'a pool is granted',
    exposing('pools.allowed', ['default-pool', 'other']),
    'service-pool-not-granted',
    'shown'
  ],
  [
    'addresses may be asked for',
    exposing('services.addressRequests', 'withinGrants'),
    'service-address-not-granted',
    'shown'
  ],
  [
    'more external IPs',
    exposing('services.externalIPs.allowedRanges', ['203.0.113.0/27']),
    'service-external-ips',
    'shown'
  ],
  [
    'source ranges are not required',
    exposing('services.loadBalancerSourceRanges.required', false),
    'service-source-ranges',
    'shown'
  ],
  [
    'more source ranges',
    exposing('services.loadBalancerSourceRanges.allowedRanges', ['10.0.0.0/8', '11.0.0.0/8']),
    'service-source-ranges',
    'shown'
  ],
  [
    'a class is allowed',
    exposing('services.loadBalancerClasses.allowed', ['', 'example.com/x']),
    'service-class',
    'shown'
  ],
  ['a port is freed', exposing('services.ports.denied', ['6000-6100']), 'service-port', 'shown'],
  [
    'a range of ports is shorter',
    exposing('services.ports.denied', ['22', '6000-6099']),
    'service-port',
    'shown'
  ],
  ['a nodePort is freed', exposing('services.nodePorts.denied', ['30001-30010']), 'service-port', 'shown'],
  [
    'addresses may be shared',
    exposing('services.sharedAddresses', 'withinNamespace'),
    'service-shared-address',
    'shown'
  ],
  ['a quota is raised', exposing('services.quota.loadBalancers', 3), 'service-quota', 'shown'],
  ['a quota is gone', exposing('services.quota', undefined), 'service-quota', 'shown'],
  [
    'a Subnet is granted',
    exposing('ovnEips.externalSubnets', ['external', 'shared']),
    'eip-not-granted',
    'shown'
  ],
  [
    'addresses of Subnets may be asked for',
    exposing('ovnEips.staticAddresses', undefined),
    'eip-not-granted',
    'shown'
  ],
  ['a quota of OvnEips is raised', exposing('ovnEips.quota', 2), 'eip-quota', 'shown'],
  ['it applies to fewer', exposing('appliesTo.exceptTenants', ['acme']), 'service-type', 'shown'],
  [
    'it applies to some namespaces',
    {
      ...BASE,
      exposures: [
        changed(changed(EXPOSURE, 'ovnEips', undefined), 'appliesTo.namespaceSelector', {
          matchLabels: { tier: 'web' }
        })
      ]
    },
    'service-type',
    'shown'
  ],
  ['it applies to a class', exposing('appliesTo.serviceClasses', ['mirrored']), 'service-port', 'shown'],
  ['the policy is gone', { ...BASE, exposures: [] }, 'service-type', 'shown'],
  [
    'an exemption is added',
    exposing('exemptions', [
      { rules: ['service-port'], users: ['alice'], reason: 'r', owner: 'o', expires: '2099-01-31' }
    ]),
    'service-port',
    'shown'
  ],
  [
    'an exemption of an object is added',
    exposing('exemptions', [
      {
        rules: ['pool-reserved-range'],
        objects: ['IPAddressPool/kmetal-metallb/other'],
        reason: 'r',
        owner: 'o',
        expires: '2099-01-31'
      }
    ]),
    'pool-reserved-range',
    'shown'
  ],
  [
    'an exemption is extended',
    exposing('exemptions', [{ ...LAB, expires: '2099-02-28' }]),
    'pool-reserved-range',
    'shown'
  ],
  [
    'a reserved range is shorter',
    planning('reservedRanges', [{ range: '192.168.1.2-192.168.1.98' }]),
    'pool-reserved-range',
    'shown'
  ],
  [
    'node subnets grow',
    planning('nodeSubnets', [...(PLAN['nodeSubnets'] as Json[]), '192.168.2.0/24']),
    'pool-outside-node-subnet',
    'unshown'
  ],
  [
    'a gateway is another',
    planning('nodeSubnets', [{ cidr: '192.168.1.0/24', gateway: '192.168.1.2', interfaces: ['eth0'] }]),
    'pool-reserved-range',
    'shown'
  ],
  [
    'an interface is added',
    planning('nodeSubnets', [
      { cidr: '192.168.1.0/24', gateway: '192.168.1.1', interfaces: ['eth0', 'eth1'] }
    ]),
    'advertisement-interface',
    'shown'
  ],
  [
    'allocations grow',
    planning('allocations', [{ range: '192.168.1.0/24' }, { range: '10.20.0.0/23', announcement: 'bgp' }]),
    'pool-unallocated',
    'shown'
  ],
  ['pools may lie anywhere', planning('allocations', undefined), 'pool-unallocated', 'shown'],
  ['somebody becomes the platform', planning('platform', { users: ['alice'] }), 'service-status', 'shown'],
  [
    'a group becomes the platform',
    planning('platform', { groups: ['system:masters', 'kubeadm:cluster-admins', 'devs'] }),
    'namespace-tenant',
    'shown'
  ],
  [
    'somebody becomes a controller',
    planning('controllers', { gitops: ['alice'] }),
    'service-status',
    'shown'
  ],
  [
    'a label names tenants before another',
    planning('tenancy.namespaceLabels', ['owner', 'tenant']),
    'service-pool-not-granted',
    'unshown'
  ],
  ['multiDGP is assumed fixed', planning('kubeOvn', { multiDGP: 'assumeFixed' }), 'vpc-multi-dgp', 'unshown'],
  [
    'a Subnet is shared',
    planning('globalPool.externalSubnets', ['external', 'shared', 'second']),
    'pool-provider-network',
    'unshown'
  ],
  ['the pool model is another', planning('poolModel', 'perTenant'), 'pool-per-tenant', 'shown'],
  [
    'the namespace of MetalLB is another',
    planning('metallb', { namespace: 'metallb-system' }),
    'pool-wrong-namespace',
    'shown'
  ]
]

for (const [what, proposal, rule, how] of WIDENINGS) {
  await test(`--fail-on-widening: ${what}`, async t => {
    const dir = t.testdir()
    const { code, findings, files } = await compare(dir, BASE, proposal)
    t.equal(code, 1)
    t.ok(
      findings.length > 0 &&
        findings.every(one => one.rule === 'policy-widening' && one.action === 'deny' && one.line > 0)
    )
    t.ok(
      findings.some(one => one.message.includes(rule)),
      rule
    )
    const witnesses = findings.flatMap(one => one.witnesses ?? [])
    const isShown = witnesses.some(one =>
      /"rules":\[[^\]]*\]/.exec(JSON.stringify(one))?.[0].includes(`"${rule}"`)
    )
    t.equal(isShown, how === 'shown', `${rule}: ${findings.map(one => one.message).join('\n')}`)
    if (witnesses.length > 0) {
      const suite = join(dir, 'suite.yaml')
      writeFileSync(suite, toYaml(witnesses))
      const results = `${witnesses.length} passed, 0 failed\n`
      t.equal(
        (await poolguard('test', suite, '--policies', files.base)).stdout,
        results,
        'refused by the base'
      )
      const after = await poolguard('test', suite, '--policies', files.proposal, '--format', 'json')
      t.match(JSON.parse(after.stdout), { summary: { passed: 0, failed: witnesses.length } })
      t.match(after.stdout, 'allowed', 'allowed by the proposal')
    }
  })
}

/** Changes that let nothing through. */
const TIGHTENINGS: readonly (readonly [string, Policies, Policies])[] = [
  ['nothing changes', BASE, BASE],
  ...WIDENINGS.filter(([what]) => !ONE_WAY.has(what)).map(
    ([what, proposal]) => [`the other way: ${what}`, proposal, BASE] as const
  ),
  [
    'a policy is added',
    BASE,
    { ...BASE, exposures: [...BASE.exposures, { services: { allowedTypes: ['ClusterIP'] } }] }
  ],
  [
    'policies are in another order',
    { ...BASE, exposures: [EXPOSURE, { services: { allowedTypes: ['ClusterIP'] } }] },
    { ...BASE, exposures: [{ services: { allowedTypes: ['ClusterIP'] } }, EXPOSURE] }
  ],
  [
    'a policy is divided',
    BASE,
    {
      ...BASE,
      exposures: [
        changed(EXPOSURE, 'services', undefined),
        { appliesTo: EXPOSURE['appliesTo'], services: EXPOSURE['services'] }
      ]
    }
  ],
  [
    'ranges are written otherwise, purposes and owners change',
    BASE,
    planning('reservedRanges', [
      { range: '192.168.1.50-192.168.1.99', owner: 'us' },
      { range: '192.168.1.2-192.168.1.49', purpose: 'x' }
    ])
  ],
  ['ports are joined', exposing('services.ports.denied', ['6000-6050', '6051-6100', '22']), BASE],
  [
    'an exemption is divided',
    exposing('exemptions', [
      { ...LAB, objects: ['IPAddressPool/kmetal-metallb/a', 'IPAddressPool/kmetal-metallb/b'] }
    ]),
    exposing('exemptions', [
      { ...LAB, objects: ['IPAddressPool/kmetal-metallb/a'] },
      { ...LAB, objects: ['IPAddressPool/kmetal-metallb/b'] }
    ])
  ],
  [
    'a tenant of its own rule',
    BASE,
    {
      ...BASE,
      exposures: [EXPOSURE, { appliesTo: { tenants: ['acme'] }, services: { quota: { loadBalancers: 1 } } }]
    }
  ],
  [
    'an edge NAT mapping is added',
    planning('edgeRouter', { mode: 'edgeNAT', mappings: [] }),
    planning('edgeRouter', { mode: 'edgeNAT', mappings: [{ publicIP: '203.0.113.1', eip: '10.5.204.1' }] })
  ]
]

for (const [what, base, proposal] of TIGHTENINGS) {
  await test(`no widening: ${what}`, async t => {
    const { code, findings } = await compare(t.testdir(), base, proposal)
    t.same(
      findings.map(one => one.message),
      []
    )
    t.equal(code, 0)
  })
}

await test('what the proposal declares is accepted until it expires, rule by rule', async t => {
  const dir = t.testdir()
  const declaring = (rules: readonly string[], expires: string) => {
    const widenings = [{ rules, reason: 'a ticket', owner: 'security', expires }]
    return { ...BASE, exposures: [{ ...changed(EXPOSURE, 'services.allowedTypes', undefined), widenings }] }
  }
  const accepted = await compare(dir, BASE, declaring(['service-type'], '2099-01-31'))
  t.equal(accepted.code, 0)
  t.match(accepted.findings, [
    {
      action: 'warn',
      message: /service-type may refuse less until 2099-01-31, says security in spec.widenings \(a ticket\)/
    }
  ])
  const expired = await compare(dir, BASE, declaring(['service-type'], '2020-01-31'))
  t.equal(expired.code, 1)
  t.match(expired.findings, [
    {
      action: 'deny',
      message: /what security declared about service-type in spec.widenings ended with 2020-01-31/
    }
  ])
  t.equal((await compare(dir, BASE, declaring(['service-port'], '2099-01-31'))).code, 1, 'of another rule')
  const plan = changed(PLAN, 'widenings', [
    { rules: ['service-type'], reason: 'r', owner: 'o', expires: '2099-01-31' }
  ])
  t.equal(
    (await compare(dir, BASE, { ...exposing('services.allowedTypes', undefined), plan })).code,
    0,
    'in the plan'
  )
  t.equal(
    (await compare(dir, { ...BASE, plan }, exposing('services.allowedTypes', undefined))).code,
    1,
    'in the base alone'
  )
})

await test('declarations are checked like all else', async t => {
  const dir = t.testdir()
  const file = join(dir, 'p.yaml')
  const broken = [{ rules: ['service-tpye'], reason: ' ', expires: 'soon' }]
  writeFileSync(
    file,
    text({
      plan: changed(PLAN, 'widenings', [{ ...broken[0], owner: 'o' }]),
      exposures: [{ widenings: broken }]
    })
  )
  const { code, stderr, stdout } = await poolguard('check', '--policies', file)
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(
    stderr,
    /p\.yaml:\d+:\d+: spec\.widenings\[0\]\.rules\[0\]: "service-tpye": no rule has this id\. Hint: .*service-type/
  )
  t.match(stderr, /spec\.widenings\[0\]\.owner: is required/)
  t.match(stderr, /spec\.widenings\[0\]\.expires: "soon": not a date/)
  t.match(stderr, /spec\.widenings\[0\]\.reason: " ": is empty/)
})

await test('a base that cannot be read is no base', async t => {
  const dir = t.testdir({ 'p.yaml': text(BASE) })
  const { code, stderr } = await poolguard(
    'check',
    '--policies',
    join(dir, 'p.yaml'),
    '--fail-on-widening',
    join(dir, 'nowhere')
  )
  t.equal(code, 2)
  t.match(stderr, 'nowhere')
})

await test('manifests are checked in the same run', async t => {
  const dir = t.testdir({ 'p.yaml': text(BASE) })
  const args = ['--policies', join(dir, 'p.yaml'), '--fail-on-widening', join(dir, 'p.yaml')]
  const { code, stdout } = await poolguard('check', 'manifests/examples/bad', ...args)
  t.equal(code, 1)
  t.match(stdout, 'DENIED IPAddressPool')
  t.equal((await poolguard('check', '--fail-on-widening', 'policies')).code, 0, 'policies against themselves')
})
