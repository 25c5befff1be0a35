import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'
import { toYaml } from '../../src/policy/yaml-text.ts'

type Json = Readonly<Record<string, unknown>>

const PLAN = {
  apiVersion: 'poolguard.io/v1alpha1',
  kind: 'NetworkPlan',
  metadata: { name: 'dc1' },
  spec: { tenancy: { namespaceLabels: ['tenant'] } }
}
const policy = (spec: Json): Json => ({
  apiVersion: 'poolguard.io/v1alpha1',
  kind: 'ExposurePolicy',
  metadata: { name: 'own' },
  spec
})
const HTTPS = {
  id: 'https-only',
  kinds: ['Service', 'IPAddressPool'],
  operations: ['CREATE', 'UPDATE'],
  expression: 'object.kind != "Service" || object.spec.ports.all(p, p.port == 443)',
  message: 'use 443',
  params: { name: 'one', most: 3 }
}
const BASE = policy({ customRules: [HTTPS] })

async function compared(dir: string, proposal: Json, base = BASE): Promise<{ code: number; stdout: string }> {
  const [baseFile, file] = [join(dir, 'base.yaml'), join(dir, 'proposal.yaml')]
  writeFileSync(baseFile, toYaml([PLAN, base]))
  writeFileSync(file, toYaml([PLAN, proposal]))
  let stdout = ''
  const code = await run(['check', '--policies', file, '--fail-on-widening', baseFile], {
    stdout: text => void (stdout += text),
    stderr: text => void (stdout += text),
    isTerminal: false,
    stdin: async () => ''
  })
  return { code, stdout }
}

const rule = (change: Json): Json => policy({ customRules: [{ ...HTTPS, ...change }] })

await test('a custom rule that refuses less, or may, is a widening', async t => {
  const cases: readonly (readonly [string, Json, RegExp])[] = [
    ['taken out', policy({}), /custom rule https-only is taken out/],
    ['warns', rule({ action: 'warn' }), /custom rule https-only was deny and is warn/],
    [
      'warns by actions',
      policy({ customRules: [HTTPS], actions: { 'https-only': 'audit' } }),
      /https-only was deny and is audit/
    ],
    ['another expression', rule({ expression: 'true' }), /custom rule https-only is another/],
    ['fewer kinds', rule({ kinds: ['Service'] }), /custom rule https-only is another/],
    ['fewer operations', rule({ operations: ['CREATE'] }), /custom rule https-only is another/],
    [
      'other params, under a key that says nothing elsewhere',
      rule({ params: { name: 'two', most: 3 } }),
      /https-only is another/
    ],
    [
      'for fewer',
      policy({ appliesTo: { exceptTenants: ['acme'], tenants: ['*'] }, customRules: [HTTPS] }),
      /custom rule https-only does not apply any more/
    ],
    [
      'an exemption',
      policy({
        customRules: [HTTPS],
        exemptions: [
          {
            rules: ['https-only'],
            namespaces: ['old'],
            reason: 'moves out',
            owner: 'platform',
            expires: '2099-01-31'
          }
        ]
      }),
      /https-only/
    ]
  ]
  for (const [name, proposal, told] of cases) {
    const { code, stdout } = await compared(t.testdir({}), proposal)
    t.equal(code, 1, name)
    t.match(stdout, told, name)
  }
})

await test('one that refuses the same or more is none', async t => {
  const cases: readonly (readonly [string, Json])[] = [
    ['the same', BASE],
    [
      'another name, message and order of keys',
      rule({ id: 'only-https', message: 'no', params: { most: 3, name: 'one' } })
    ],
    [
      'more kinds and operations',
      rule({ kinds: [...HTTPS.kinds, 'OvnEip'], operations: ['CREATE', 'UPDATE', 'DELETE'] })
    ],
    ['one more', policy({ customRules: [HTTPS, { ...HTTPS, id: 'another', expression: 'false' }] })]
  ]
  for (const [name, proposal] of cases) {
    const { code, stdout } = await compared(t.testdir({}), proposal)
    t.equal(code, 0, `${name}: ${stdout}`)
  }
  const warned = await compared(t.testdir({}), policy({}), rule({ action: 'warn' }))
  t.equal(warned.code, 0, 'one that never denied')
})

await test('taking one out can be declared by its id', async t => {
  const declared = [{ rules: ['https-only'], reason: 'replaced', owner: 'security', expires: '2099-01-31' }]
  t.equal((await compared(t.testdir({}), policy({ widenings: declared }))).code, 0)
})

await test('a restriction that is new and only warns is none; one that was there and warns now is', async t => {
  const limits = {
    services: {
      allowedTypes: ['ClusterIP'],
      ports: { denied: ['22'] },
      loadBalancerSourceRanges: { required: true },
      loadBalancerClasses: { allowed: [''] },
      quota: { loadBalancers: 1 }
    },
    ovnEips: { quota: 1 }
  }
  const rules = [
    'service-type',
    'service-port',
    'service-source-ranges',
    'service-class',
    'service-quota',
    'eip-quota'
  ]
  const warned = policy({ ...limits, actions: Object.fromEntries(rules.map(id => [id, 'warn'])) })
  const fresh = await compared(t.testdir({}), warned, policy({}))
  t.equal(fresh.code, 0, fresh.stdout)
  const { code, stdout } = await compared(t.testdir({}), warned, policy(limits))
  t.equal(code, 1)
  for (const id of rules) t.match(stdout, `${id} was deny and is warn`)
})

await test('where there are too many sorts of namespaces to compare, whatever is written otherwise counts', async t => {
  // 3^13 sets of labels, of which 4,096 are gone through at most.
  const policies = (params: Json, exempt: string): readonly Json[] =>
    Array.from({ length: 13 }, (_, i) => ({
      apiVersion: 'poolguard.io/v1alpha1',
      kind: 'ExposurePolicy',
      metadata: { name: `p${i}` },
      spec: {
        appliesTo: { namespaceSelector: { matchLabels: { [`k${i}`]: 'v' } } },
        customRules: i === 0 ? [{ ...HTTPS, kinds: ['Service'], params }] : [],
        exemptions: [
          {
            rules: ['service-type'],
            objects: [`Service/web/${exempt}`],
            reason: 'r',
            owner: 'o',
            expires: '2099-01-31'
          }
        ]
      }
    }))
  const dir = t.testdir({})
  const [baseFile, file] = [join(dir, 'base.yaml'), join(dir, 'proposal.yaml')]
  writeFileSync(baseFile, toYaml([PLAN, ...policies({ name: 'one' }, 'a')]))
  const codeOf = async (documents: readonly Json[]): Promise<number> => {
    writeFileSync(file, toYaml([PLAN, ...documents]))
    const io = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }
    return run(['check', '--policies', file, '--fail-on-widening', baseFile], io)
  }
  t.equal(await codeOf(policies({ name: 'one' }, 'a').toReversed()), 0, 'the same in another order')
  t.equal(await codeOf(policies({ name: 'two' }, 'a')), 1, 'other params')
  t.equal(await codeOf(policies({ name: 'one' }, 'b')), 1, 'another exempted object')
})
