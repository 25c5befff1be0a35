import { test } from 'tap'
import { text, texts } from '../../src/admission/floor/cel.ts'
import { FLOORS } from '../../src/admission/floor/index.ts'
import { floorManifests } from '../../src/admission/floor/manifests.ts'
import { runSuite } from '../../src/admission/suite.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { loadSuites } from '../../src/cli/suites.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { RULES } from '../../src/rules/index.ts'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: plan}
spec: {metallb: {namespace: kmetal-metallb}, tenancy: {namespaceLabels: [tenant]}}
`

const NOW = Date.parse('2026-11-25T12:00:00Z')

function floorOf(...specs: readonly string[]) {
  const documents = specs.map(
    (spec, i) =>
      `apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: p${i + 1}}\nspec: ${spec}\n`
  )
  const { plan, exposures } = snapshotOf([
    { path: 'policies.yaml', text: [PLAN, ...documents].join('---\n') }
  ])
  const client = { service: { namespace: 'poolguard', name: 'poolguard', port: 443 } }
  return floorManifests({ rules: RULES, plan, exposures, client, nowMs: NOW })
}

/** A part of an object by its keys, as nothing in particular. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((part, key) => (isRecord(part) ? part[key] : undefined), value)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function policies({ objects }: ReturnType<typeof floorOf>): ReadonlyMap<unknown, unknown> {
  const those = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  return new Map(those.map(object => [at(object, 'metadata', 'name'), object]))
}

function actionsOf({ objects }: ReturnType<typeof floorOf>): ReadonlyMap<unknown, unknown> {
  const bindings = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
  return new Map(
    bindings.map(object => [at(object, 'spec', 'policyName'), at(object, 'spec', 'validationActions')])
  )
}

/** What `variables.judged` is in the policy of this name; '' where it has none. */
function judged(floor: ReturnType<typeof floorOf>, name: string): string {
  const variables = list(at(policies(floor).get(name), 'spec', 'variables'))
  return word(
    variables.find(one => at(one, 'name') === 'judged'),
    'expression'
  )
}

function word(value: unknown, key: string): string {
  const found = at(value, key)
  return typeof found === 'string' ? found : ''
}

/** The variables that an expression refers to. */
function references(value: unknown): readonly string[] {
  return [...word(value, 'expression').matchAll(/\bvariables\.(\w+)/g)].map(([, name = '']) => name)
}

await test('each floor is that of a rule, and each rule has one at most', async t => {
  const { plan } = snapshotOf([{ path: 'plan.yaml', text: PLAN }])
  const rules = FLOORS.map(floor => floor({ plan, policies: [] }).rule)
  const known = RULES.filter(({ on }) => on.includes('Service')).map(({ id }) => id)
  t.same(
    rules.filter(rule => !known.includes(rule)),
    []
  )
  t.equal(new Set(rules).size, rules.length)
})

await test('poolguard decides the cases of the floor as they say', async t => {
  for (const { path, suite, snapshot } of loadSuites(['test/floor'], [])) {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], `${path}: ${name}`)
  }
})

await test('every variable is there before it is referred to, once, and is referred to', async t => {
  for (const { path, snapshot } of loadSuites(['test/floor'], [])) {
    const { plan, exposures } = snapshot
    const client = { url: 'https://poolguard.example' }
    for (const { spec } of floorManifests({ rules: RULES, plan, exposures, client, nowMs: NOW }).objects) {
      const variables = list(at(spec, 'variables'))
      const names = variables.map(variable => word(variable, 'name'))
      t.equal(new Set(names).size, names.length, path)
      for (const [i, variable] of variables.entries()) {
        const missing = references(variable).filter(name => !names.slice(0, i).includes(name))
        t.same(missing, [], `${path}: ${names[i]}`)
      }
      const used = [...variables, ...list(at(spec, 'validations'))].flatMap(references)
      t.same(new Set(used), new Set(names), path)
    }
  }
})

await test('an expression that fails refuses; exact resources, poolguard and kube-system left alone', async t => {
  const floor = floorOf('{services: {allowedTypes: [ClusterIP]}}')
  for (const policy of policies(floor).values()) {
    t.match(policy, {
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: {
            matchExpressions: [{ operator: 'NotIn', values: ['kube-system', 'poolguard'] }]
          }
        },
        matchConditions: [{ name: 'not-the-controllers' }]
      }
    })
    const [rule, ...others] = list(at(policy, 'spec', 'matchConstraints', 'resourceRules'))
    t.same(others, [])
    const [resource] = list(at(rule, 'resources'))
    t.ok(['services', 'services/status', 'pods'].includes(String(resource)), String(resource))
    t.notOk(list(at(rule, 'operations')).includes('DELETE'))
  }
})

await test('actions: deny, warn, audit and off', async t => {
  const type = 'services: {allowedTypes: [ClusterIP]}'
  const name = 'poolguard-service-type'
  t.same(actionsOf(floorOf(`{${type}}`)).get(name), ['Deny'])
  const warned = actionsOf(floorOf(`{${type}, actions: {service-type: warn}}`))
  t.notOk(warned.has(name))
  t.same(warned.get(`${name}-warn`), ['Warn', 'Audit'])
  t.same(actionsOf(floorOf(`{${type}, actions: {service-type: audit}}`)).get(`${name}-audit`), ['Audit'])
  const off = actionsOf(floorOf(`{${type}, actions: {service-type: "off"}}`))
  t.same(
    [...off.keys()].filter(key => String(key).startsWith(name)),
    []
  )
})

await test('a policy for some takes the action of the rule away only for them', async t => {
  const floor = floorOf(
    '{services: {allowedTypes: [ClusterIP]}}',
    '{appliesTo: {tenants: [acme]}, actions: {service-type: warn}}'
  )
  t.match(judged(floor, 'poolguard-service-type'), '!(variables.policy_p2)')
  t.match(judged(floor, 'poolguard-service-type-warn'), 'variables.policy_p2')
})

await test('where one policy denies and another warns, the warning is left out', async t => {
  const deny = '{appliesTo: {tenants: [acme]}, services: {allowedTypes: []}, actions: {service-type: deny}}'
  const floor = floorOf(deny, '{actions: {service-type: warn}}')
  t.match(judged(floor, 'poolguard-service-type'), 'variables.policy_p1')
  t.match(judged(floor, 'poolguard-service-type-warn'), '!(variables.policy_p1)')
})

await test('what is perhaps a control plane is left to the webhook where that makes a difference', async t => {
  const floor = floorOf(
    '{appliesTo: {serviceClasses: [direct]}, services: {allowedTypes: [ClusterIP]}, actions: {service-type: "off"}}'
  )
  t.match(judged(floor, 'poolguard-service-type'), '!(variables.policy_p1_perhaps)')
  const both = floorOf(
    '{appliesTo: {serviceClasses: [direct, controlPlane]}, actions: {service-type: "off"}, services: {allowedTypes: []}}'
  )
  t.match(judged(both, 'poolguard-service-type'), '!(variables.policy_p1)')
})

await test('exemptions that have ended are left out', async t => {
  const exempting = (expires: string) =>
    floorOf(`
  services: {allowedTypes: [ClusterIP]}
  exemptions: [{rules: [service-type], users: ["robot \\"r\\""], reason: r, owner: o, expires: ${expires}}]`)
  t.match(
    judged(exempting('2026-11-25'), 'poolguard-service-type'),
    String.raw`request.userInfo.username in ["robot \"r\""]`
  )
  t.notMatch(judged(exempting('2026-11-24'), 'poolguard-service-type'), 'robot')
})

await test('ranges of too many CIDRs are left to the webhook, and that is said', async t => {
  const ranges = (count: number) => Array.from({ length: count }, (_, i) => `10.${i}.0.0/17`).join(', ')
  const spec = (count: number) => `{services: {externalIPs: {allowedRanges: [${ranges(count)}]}}}`
  const name = 'poolguard-service-external-ips'
  t.ok(policies(floorOf(spec(128))).has(name))
  t.same(floorOf(spec(128)).leftOut, [])
  t.notOk(policies(floorOf(spec(129))).has(name))
  t.match(floorOf(spec(129)).leftOut, [
    'ExposurePolicy p1: services.externalIPs makes up more than 128 CIDRs'
  ])
})

await test('without a provider network in the plan nothing is said about Pods', async t => {
  t.notOk(policies(floorOf('{}')).has('poolguard-pod-provider-subnet'))
})

await test('texts of CEL', async t => {
  t.equal(text('a"b\\c\n\u0000'), String.raw`"a\"b\\c\n\u0000"`)
  t.equal(text('\ud800x\u{1f600}'), '"\ufffdx\u{1f600}"')
  t.equal(texts(['a', '"']), String.raw`["a", "\""]`)
})
