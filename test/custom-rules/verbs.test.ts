import { join } from 'node:path'
import { test, type Test } from 'tap'
import { run } from '../../src/cli/run.ts'

const PLAN = `apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {globalPool: {ipAddressPool: default-pool, externalSubnets: [external], defaultExternalSubnet: external}}
`
const OWN = `apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: own}
spec:
  actions: {notes-owner: warn}
  customRules:
  - {id: no-plain-http, kinds: [Service], expression: "!object.spec.ports.exists(p, p.port == 80)", message: use 443}
  - {id: notes-owner, kinds: [Service, Node], operations: [CREATE, UPDATE, DELETE], expression: 'has(object.metadata.annotations.owner)', message: note who owns it}
  - {id: no-quota-pool, kinds: [IPAddressPool], operations: [DELETE], expression: 'oldObject.metadata.name != "quota"', action: audit}
  - {id: by-team, kinds: [Service], expression: 'request.userInfo.groups.exists(g, g == "acme-admins")', action: audit}
`
const SERVICE = (port: number, more = '') => `apiVersion: v1
kind: Service
metadata: {name: web, namespace: infra${more}}
spec: {type: ClusterIP, ports: [{port: ${port}}]}
`
const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: infra}\n'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function poolguard(args: readonly string[], stdin = ''): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const code = await run(args, {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    isTerminal: false,
    stdin: async () => stdin
  })
  return { code, stdout, stderr }
}

function folder(t: Test, files: Readonly<Record<string, string>> = {}): string {
  return t.testdir({ policies: { 'plan.yaml': PLAN, 'own.yaml': OWN }, ...files })
}

await test('check obeys custom rules, and says what is not judged without an inventory', async t => {
  const dir = folder(t, { 'web.yaml': SERVICE(80), 'inventory.yaml': NAMESPACE })
  const args = ['check', '--policies', join(dir, 'policies'), join(dir, 'web.yaml')]
  const { code, stdout } = await poolguard([...args, '--inventory', join(dir, 'inventory.yaml')])
  t.equal(code, 1, stdout)
  t.match(stdout, /web\.yaml:1:1: DENIED Service infra\/web: use 443 \[no-plain-http\]/)
  t.match(
    stdout,
    'WARNED Service infra/web: the rule could not be evaluated on this object: No such key: annotations. [notes-owner]'
  )
  const sarif = await poolguard([...args, '--inventory', join(dir, 'inventory.yaml'), '--format', 'sarif'])
  t.match(sarif.stdout, '"id": "no-plain-http"')
  t.match(sarif.stdout, '"ruleId": "no-plain-http"')
})

await test('audit judges what is stored by custom rules that judge what is made', async t => {
  const dir = folder(t, { 'inventory.yaml': `${NAMESPACE}---\n${SERVICE(80)}` })
  const path = join(dir, 'inventory.yaml')
  const { code, stdout } = await poolguard([
    'audit',
    '--policies',
    join(dir, 'policies'),
    '--inventory',
    path
  ])
  t.equal(code, 1, stdout)
  t.match(stdout, `${path}:5:1: DENIED Service infra/web: use 443 [no-plain-http]`)
  t.match(
    stdout,
    'WARNED Service infra/web: the rule could not be evaluated on this object: No such key: annotations. [notes-owner]'
  )
  t.notMatch(stdout, 'no-quota-pool')
  // Who wrote it is not stored.
  t.notMatch(stdout, 'AUDITED')
  t.match(stdout, /UNCHECKED Service infra\/web: by-team: depends on who wrote it/)
})

await test('review obeys custom rules', async t => {
  const dir = folder(t)
  const request = {
    uid: 'u',
    kind: { group: '', version: 'v1', kind: 'Service' },
    resource: { group: '', version: 'v1', resource: 'services' },
    operation: 'CREATE',
    namespace: 'infra',
    name: 'web',
    userInfo: { username: 'alice', groups: ['acme-admins'] },
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'infra', annotations: { owner: 'a' } },
      spec: { ports: [{ port: 80 }] }
    }
  }
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request })
  const { code, stdout } = await poolguard(['review', '--policies', join(dir, 'policies')], body)
  t.equal(code, 1, stdout)
  const { response } = JSON.parse(stdout) as { response: Record<string, unknown> }
  t.match(response, {
    allowed: false,
    status: {
      code: 403,
      message: 'use 443 [no-plain-http]',
      details: { causes: [{ reason: 'no-plain-http', message: 'use 443 [no-plain-http]', field: '' }] }
    },
    auditAnnotations: { denied: 'no-plain-http' }
  })
})

await test('rules and explain tell of custom rules after the built-in ones', async t => {
  const dir = folder(t)
  const policies = ['--policies', join(dir, 'policies')]
  const listed = await poolguard(['rules', ...policies])
  const ids = listed.stdout.split('\n').map(line => line.split(' ')[0])
  t.same(ids.slice(-5), ['by-team', 'no-plain-http', 'no-quota-pool', 'notes-owner', ''])
  t.match((await poolguard(['rules', ...policies, '--format', 'json'])).stdout, '"no-plain-http"')
  t.match(
    (await poolguard(['rules', ...policies, '--format', 'markdown'])).stdout,
    '| `no-plain-http` | Service | deny | use 443 |'
  )
  const explained = await poolguard(['explain', 'notes-owner', ...policies])
  t.equal(explained.code, 0)
  t.match(explained.stdout, 'notes-owner (Service, Node, on CREATE, UPDATE and DELETE)\n\nnote who owns it\n')
  t.match(
    explained.stdout,
    'Action:  warn by ExposurePolicy own\n         deny by default, where none of them applies'
  )
  t.match(explained.stdout, 'Example: has(object.metadata.annotations.owner)')
  t.match(explained.stdout, 'See:     ExposurePolicy own, spec.customRules')
  const unknown = await poolguard(['explain', 'no-plain-htp', ...policies])
  t.equal(unknown.code, 2)
  t.match(unknown.stderr, 'no-plain-http')
})

await test('manifests asks about every write of the kinds that custom rules judge', async t => {
  const dir = folder(t)
  const { code, stdout } = await poolguard(['manifests', '--policies', join(dir, 'policies')])
  t.equal(code, 0)
  const webhook = (name: string) =>
    stdout.split(/\n(?=- name: )/).find(part => part.startsWith(`- name: ${name}\n`)) ?? ''
  const services = webhook('other-services.poolguard.io') || stdout
  t.notMatch(services.split('rules:')[0] ?? '', 'changes-something')
  const advice = stdout.slice(stdout.indexOf('name: custom-advice.poolguard.io'))
  t.match(advice.slice(0, advice.indexOf('sideEffects')), 'failurePolicy: Ignore')
  t.match(advice, 'nodes')
  const deletes = stdout.slice(stdout.indexOf('name: deletes.poolguard.io'))
  for (const resource of ['services', 'nodes', 'ipaddresspools']) t.match(deletes, `- ${resource}\n`)
})

await test('what is wrong with custom rules is told all at once, each at its character', async t => {
  const wrong = `apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: wrong}
spec:
  appliesTo: {namespaceSelector: {matchLabels: {a: b}}}
  actions: {no-http: warn}
  exemptions:
  - {rules: [no-plain-htp], users: [u], reason: r, owner: o, expires: 2027-01-31}
  customRules:
  - {id: no-plain-http, kinds: [Service, Vpc], expression: "true && !obejct.x", message: "a\\nb"}
  - id: pool-overlap
    kinds: [Servce]
    expression: |
      object.x == 1 &&
        foo(object)
    messageExpression: "1"
  - {id: Upper, kinds: [], operations: [CONNECT], expression: 'request.userInfo.name == "x"', params: 3}
  - {id: no-quotes, kinds: [Service], expression: object.a == obj, action: block, messge: x}
  - id: folded
    kinds: [Service]
    expression: >-
      object.x
      == nope
`
  const dir = t.testdir({ 'plan.yaml': PLAN, 'a-own.yaml': OWN, 'wrong.yaml': wrong })
  const { code, stderr, stdout } = await poolguard(['rules', '--policies', dir])
  t.equal(code, 2)
  t.equal(stdout, '')
  const file = join(dir, 'wrong.yaml')
  t.same(
    stderr
      .replaceAll(`${file}:`, '')
      .replace(/^poolguard: /, '')
      .trim()
      .split('\n')
      .map(line => line.replace(/expected one of .*\. Hint/, 'expected one of .... Hint')),
    [
      '6:13: spec.actions.no-http: no rule has this id. Hint: `poolguard rules` lists them',
      '8:14: spec.exemptions[0].rules[0]: "no-plain-htp": no rule has this id. Hint: did you mean "no-plain-http"?',
      `10:10: spec.customRules[0].id: "no-plain-http": is the id of another custom rule, at ${join(dir, 'a-own.yaml')}:7. Hint: choose another`,
      '10:42: spec.customRules[0].kinds[1]: "Vpc": would never be judged: objects of this kind are in no namespace, and spec.appliesTo.namespaceSelector selects some. Hint: put it into a policy without a selector',
      '10:70: spec.customRules[0].expression: "true && !obejct.x": unknown variable: obejct. Hint: did you mean "object"?',
      '10:90: spec.customRules[0].message: "a\\nb": has a line break or another control character',
      '11:9: spec.customRules[1].id: "pool-overlap": is the id of a built-in rule. Hint: choose another',
      '12:13: spec.customRules[1].kinds[0]: "Servce": expected one of .... Hint: did you mean "Service"?',
      '15:9: spec.customRules[1].expression: "object.x == 1 &&\\n  foo(object)\\n": no function foo()',
      '16:24: spec.customRules[1].messageExpression: "1": gives int, and must give string',
      '17:10: spec.customRules[2].id: "Upper": not kebab-case: lower-case words with - between them',
      '17:24: spec.customRules[2].kinds: []: at least one is required',
      '17:41: spec.customRules[2].operations[0]: "CONNECT": expected one of "CREATE", "UPDATE", "DELETE"',
      '17:63: spec.customRules[2].expression: "request.userInfo.name == \\"x\\"": request.userInfo has no field name. Hint: known: username, uid, groups, extra',
      '17:103: spec.customRules[2].params: 3: expected a mapping',
      '18:63: spec.customRules[3].expression: "object.a == obj": unknown variable: obj. Hint: known: object, oldObject, request, namespaceObject, params, tenant, pools',
      '18:76: spec.customRules[3].action: "block": expected one of "deny", "warn", "audit", "off"',
      '18:83: spec.customRules[3].messge: unknown key. Hint: did you mean "message"?',
      '21:17: spec.customRules[4].expression: "object.x == nope": unknown variable: nope. Hint: known: object, oldObject, request, namespaceObject, params, tenant, pools'
    ]
  )
})
