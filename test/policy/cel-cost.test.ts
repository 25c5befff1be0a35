import { test } from 'tap'
import { compile, type Evaluated, type Values } from '../../src/policy/cel/compile.ts'
import { celValue } from '../../src/policy/cel/json-value.ts'
import { Meter } from '../../src/policy/cel/meter.ts'
import { REQUEST_STEPS } from '../../src/rules/raw-write.ts'

/** What all custom rules may take of one request, in milliseconds of one core. */
const MOST_MS = 50

const BIG = 'a'.repeat(700_000)
const ports = Array.from({ length: 15_000 }, (_, i) => ({
  name: `port-${i}`,
  port: i + 1,
  targetPort: i + 1,
  protocol: 'TCP'
}))
const labels = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, `v${i}`]))

/** Each is as large as the API server takes, 1.5 MiB. */
const OBJECTS = {
  ports: { metadata: { name: 'x' }, spec: { ports, type: 'LoadBalancer' } },
  text: { metadata: { name: 'x', annotations: { big: BIG, csv: 'a,'.repeat(350_000) } }, spec: {} },
  digits: { metadata: { name: '1'.repeat(1_500_000) }, spec: {} },
  labels: { metadata: { name: 'x', labels }, spec: {} },
  lists: {
    metadata: { name: 'x' },
    spec: { a: Array.from({ length: 2000 }, () => Array.from({ length: 250 }, () => [])) }
  }
} as const

const pools = Array.from({ length: 1000 }, (_, i) => ({
  name: `p${i}`,
  namespace: 'metallb',
  addresses: [`10.${i >> 8}.${i & 255}.0/25`]
}))

/** The worst we can think of, by the object that is worst for it. What is not spent is what has to be there. */
const WORST: readonly (readonly [keyof typeof OBJECTS, string, boolean | 'spent'])[] = [
  ['ports', 'object.spec.ports.exists(p, p.port == 0)', 'spent'],
  ['ports', 'object.spec.ports.all(p, object.spec.ports.exists(q, q.port == p.port + 1))', 'spent'],
  [
    'ports',
    'object.spec.ports.all(p, object.spec.ports.all(q, object.spec.ports.all(r, r.port > 0)))',
    'spent'
  ],
  ['ports', 'object.spec.ports.all(p, p.port in object.spec.ports.map(q, q.port))', 'spent'],
  ['ports', 'object.spec.ports.exists(p, p.nope == 1)', 'spent'],
  ['ports', 'object.spec.ports.exists(p, p.nope == 1 || p.neither == 2)', 'spent'],
  ['ports', 'object.spec.ports.exists(p, int(p.name) == 1)', 'spent'],
  ['ports', 'object.spec.ports.exists(p, [1, 2][?7].hasValue())', 'spent'],
  ['ports', 'object.spec.ports.exists(p, optional.of([1, 2])[7].hasValue())', 'spent'],
  ['ports', 'object.spec.ports.exists(p, has(p.a.b.c))', 'spent'],
  ['ports', 'object.spec.ports.exists(p, ip(p.name) == ip("10.0.0.1"))', 'spent'],
  ['ports', 'object.spec.ports.exists(p, ip("2001:db8::" + string(p.port % 1000)).isLoopback())', 'spent'],
  [
    'ports',
    'object.spec.ports.exists(p, !range("10.0.0.1-10.0.0.9").containsRange("10.0.0.2-10.0.0.3"))',
    'spent'
  ],
  ['ports', 'object.spec.ports.exists(p, p.protocol.matches("(T|C|P){1,8}x"))', 'spent'],
  ['ports', 'object.spec.ports.map(p, {"a": p, "b": [p]}).size() == 1', 'spent'],
  ['ports', 'object == oldObject', 'spent'],
  ['ports', 'object.spec.ports + object.spec.ports + object.spec.ports == [1]', 'spent'],
  ['text', 'object.metadata.annotations.big.matches("^(a|aa)+$")', true],
  ['text', 'object.metadata.annotations.big.matches("(a|aa|aaa|b){1,30}c")', 'spent'],
  ['text', 'object.metadata.annotations.big.matches("(x+x+)+y")', false],
  ['text', 'object.metadata.annotations.big.contains("a")', true],
  ['text', 'object.metadata.annotations.big.contains(object.metadata.annotations.big + "b")', 'spent'],
  ['text', 'object.metadata.annotations.csv.split(",").size() > 1', 'spent'],
  ['text', 'object.metadata.annotations.csv.split("").join("x").size() > 1', 'spent'],
  [
    'text',
    'object.metadata.annotations.big.replace("a", object.metadata.annotations.big).size() > 1',
    'spent'
  ],
  [
    'text',
    'object.metadata.annotations.big.replace("", object.metadata.annotations.big).size() > 1',
    'spent'
  ],
  [
    'text',
    '[object.metadata.annotations.big].map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).exists(a, size(a) > 1)',
    'spent'
  ],
  [
    'text',
    'object.metadata.annotations.big.lowerAscii().upperAscii() == object.metadata.annotations.big',
    false
  ],
  ['digits', 'int(object.metadata.name) == 1 || true', true],
  ['digits', 'ip(object.metadata.name).family() == 4 || true', true],
  ['labels', 'object.metadata.labels.exists(k, object.metadata.labels[k] == "x")', 'spent'],
  ['labels', 'object.metadata.labels == oldObject.metadata.labels', true],
  ['labels', 'size(object.metadata.labels) == 20000', true],
  ['lists', 'object.spec == oldObject.spec', 'spent'],
  ['lists', 'object.spec.a.exists(l, l.size() == 1)', 'spent'],
  ['ports', 'pools.exists(p, p.addresses.exists(a, range(a).overlaps("10.200.0.5")))', false],
  [
    'ports',
    'pools.exists(p, pools.exists(q, p.addresses.exists(a, range(a).overlaps(q.addresses[0]))))',
    true
  ],
  [
    'ports',
    'pools.all(p, pools.all(q, p.addresses.all(a, q == p || !range(a).overlaps(q.addresses[0]))))',
    'spent'
  ]
]

interface Run {
  readonly result: Evaluated
  readonly ms: number
}

function run(on: keyof typeof OBJECTS, expression: string): Run {
  const compiled = compile(expression, 'bool')
  if (!compiled.ok) throw new Error(`${expression}: ${compiled.problem.message}`)
  const meter = new Meter(REQUEST_STEPS)
  // As they come, no part of them the same object.
  const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  const [object, oldObject, all] = [copy(OBJECTS[on]), copy(OBJECTS[on]), copy(pools)]
  const started = process.cpuUsage()
  const known = new Map<string, unknown>()
  const once = (name: string, raw: unknown): unknown => {
    if (!known.has(name)) known.set(name, celValue(raw, meter))
    return known.get(name)
  }
  const values: Values = {
    get object() {
      return once('object', object)
    },
    get oldObject() {
      return once('oldObject', oldObject)
    },
    get pools() {
      return once('pools', all)
    },
    request: null,
    namespaceObject: null,
    params: null,
    tenant: ''
  }
  const result = compiled.program.run(values, meter)
  return { result, ms: process.cpuUsage(started).user / 1000 }
}

await test(`the worst expressions on 1.5 MiB take at most ${MOST_MS} ms of one core`, async t => {
  for (const [on, expression, expected] of WORST) {
    const runs = [1, 2, 3].map(() => run(on, expression))
    const result = runs[0]?.result
    const isSpent = result?.ok === false && result.failure === 'it costs too much on this object'
    if (expected === 'spent') t.ok(isSpent, `${on}: ${expression}: ${JSON.stringify(result)}`)
    else t.same(result, { ok: true, value: expected }, `${on}: ${expression}`)
    t.same(runs[1]?.result, result, 'the bound is the same every time')
    const best = Math.min(...runs.map(({ ms }) => ms))
    t.ok(best <= MOST_MS, `${best.toFixed(1)} ms: ${on}: ${expression}`)
  }
})

await test('what a person would write is far below the bound', async t => {
  const expression =
    'object.spec.ports.all(p, p.port in [80, 443] || (p.port > 8000 && p.name.startsWith("x-"))) && !has(object.spec.externalIPs)'
  const compiled = compile(expression, 'bool')
  if (!compiled.ok) throw new Error(compiled.problem.message)
  const object = { spec: { ports: ports.slice(8000, 8010) } }
  const meter = new Meter(REQUEST_STEPS / 200)
  const none = { oldObject: null, request: null, namespaceObject: null, params: null, tenant: '', pools: [] }
  const result = compiled.program.run({ object: celValue(object, meter), ...none }, meter)
  t.same(result, { ok: true, value: false }, 'in a two-hundredth of what there is')
})
