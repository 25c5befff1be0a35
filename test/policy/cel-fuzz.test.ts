import * as fc from 'fast-check'
import { test } from 'tap'
import { compile, type Values } from '../../src/policy/cel/compile.ts'
import { celValue } from '../../src/policy/cel/json-value.ts'
import { Meter } from '../../src/policy/cel/meter.ts'
import { FUNCTIONS, VARIABLES } from '../../src/policy/cel/vocabulary.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'
import { REQUEST_STEPS } from '../../src/rules/raw-write.ts'

/** For each property; fast-check prints the seed with a failure, and POOLGUARD_SEED has other cases. */
const seed = process.env['POOLGUARD_SEED']
const OPTIONS = {
  interruptAfterTimeLimit: 2500,
  numRuns: 20_000,
  ...(seed === undefined ? { seed: 20261125 } : { seed: Number(seed) })
}

/** The longest that one text or evaluation may take, in milliseconds of one core. */
const MOST_MS = 1000

const NASTY = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'size',
  'get'
]

const name = fc.constantFrom(...VARIABLES, 'x', 'spec', 'ports', 'metadata', 'port', ...NASTY)
const literal = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string().map(text => JSON.stringify(text)),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '[]',
    '{}',
    '"10.0.0.1"',
    '"10.0.0.0/8"',
    '"10.0.0.1-10.0.0.9"',
    '9223372036854775807'
  )
)

/** Expressions that mostly parse, and sometimes mean something. */
const { expression } = fc.letrec<{ expression: string }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    literal,
    name,
    fc.tuple(tie('expression'), name).map(([left, field]) => `${left}.${field}`),
    fc.tuple(tie('expression'), name).map(([left, field]) => `${left}.?${field}`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, index]) => `${left}[${index}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, index]) => `${left}[?${index}]`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('==', '!=', '<', '&&', '||', '+', '-', '*', '/', '%', 'in'),
        tie('expression')
      )
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(...FUNCTIONS, ...NASTY),
        fc.array(tie('expression'), { maxLength: 2 })
      )
      .map(([left, call, values]) => `${left}.${call}(${values.join(', ')})`),
    fc
      .tuple(fc.constantFrom(...FUNCTIONS, ...NASTY), fc.array(tie('expression'), { maxLength: 2 }))
      .map(([call, values]) => `${call}(${values.join(', ')})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter'),
        name,
        tie('expression')
      )
      .map(([list, macro, variable, body]) => `${list}.${macro}(${variable}, ${body})`),
    tie('expression').map(one => `!(${one})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([condition, yes, no]) => `(${condition} ? ${yes} : ${no})`),
    tie('expression').map(one => `[${one}]`),
    fc.tuple(literal, tie('expression')).map(([key, value]) => `{${key}: ${value}}`)
  )
}))

const key = fc.oneof(fc.constantFrom('spec', 'ports', 'metadata', 'port', 'x', ...NASTY), fc.string())
const { json } = fc.letrec<{ json: unknown }>(tie => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, false, '', '10.0.0.1'),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map(entries => {
      const members = entries.map(([one, value]) => `${JSON.stringify(one)}:${JSON.stringify(value ?? null)}`)
      // As JSON.parse makes it, with an own key __proto__.
      const object: unknown = JSON.parse(`{${members.join(',')}}`)
      return object
    })
  )
}))

/** What any program here could be harmed by. */
function prototypes(): string {
  const all = [Object, Array, Map, String, Number, BigInt, Function, Promise].map(
    one => one.prototype as object
  )
  return JSON.stringify(all.map(one => Reflect.ownKeys(one).map(String)))
}

function timed<T>(work: () => T): T {
  const started = process.cpuUsage()
  const result = work()
  const ms = process.cpuUsage(started).user / 1000
  if (ms > MOST_MS) throw new Error(`took ${ms} ms`)
  return result
}

function valuesOf(object: unknown, meter: Meter): Values {
  const value = celValue(object, meter)
  return {
    object: value,
    oldObject: value,
    request: value,
    namespaceObject: null,
    params: value,
    tenant: 'acme',
    pools: []
  }
}

await test('whatever the expression and the object, there is an answer, soon, and nothing else changes', async t => {
  const before = prototypes()
  let evaluated = 0
  fc.assert(
    fc.property(
      expression,
      json,
      fc.constantFrom('bool' as const, 'string' as const),
      (text, object, type) => {
        const compiled = timed(() => compile(text, type))
        if (!compiled.ok) return compiled.problem.message !== '' && compiled.problem.offset <= text.length
        const result = timed(() => {
          const meter = new Meter(REQUEST_STEPS)
          return compiled.program.run(valuesOf(object, meter), meter)
        })
        evaluated++
        return result.ok
          ? typeof result.value === (type === 'bool' ? 'boolean' : 'string')
          : result.failure !== ''
      }
    ),
    OPTIONS
  )
  t.ok(evaluated > 50, `${evaluated} expressions were evaluated`)
  t.equal(prototypes(), before)
})

await test('whatever stands for an expression in a policy, there is an answer, and nothing else changes', async t => {
  const before = prototypes()
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), expression)
  fc.assert(
    fc.property(text, json, (one, params) => {
      const rule = { id: 'own-rule', kinds: ['Service'], expression: one, messageExpression: one, params }
      const spec = { customRules: [rule] }
      const policy = {
        apiVersion: 'poolguard.io/v1alpha1',
        kind: 'ExposurePolicy',
        metadata: { name: 'p' },
        spec
      }
      const files = [{ path: 'p.json', text: JSON.stringify(policy) }]
      const parsed = timed(() => parsePolicies(files, RULE_ACTIONS))
      // There is no plan, so that there is always something to say.
      return !parsed.ok && parsed.errors.every(({ message }) => message !== '')
    }),
    OPTIONS
  )
  t.equal(prototypes(), before)
})

await test('keys of every object are keys like any other', async t => {
  const object: unknown = JSON.parse('{"__proto__": {"a": 1}, "constructor": "c", "x": {"toString": 1}}')
  const rows: readonly (readonly [string, boolean | string])[] = [
    ['object["__proto__"].a == 1', true],
    ['object.constructor == "c"', true],
    ['has(object.hasOwnProperty)', false],
    ['has(object.x.toString)', true],
    ['has(object.x.valueOf)', false],
    ['object.x.constructor == 1', 'No such key: constructor'],
    ['object.size == 1', 'No such key: size'],
    ['"__proto__" in object && !("valueOf" in object)', true],
    ['object == params', true],
    ['size(object) == 3', true]
  ]
  for (const [text, expected] of rows) {
    const compiled = compile(text, 'bool')
    if (!compiled.ok) {
      t.fail(`${text}: ${compiled.problem.message}`)
      continue
    }
    const meter = new Meter(REQUEST_STEPS)
    const result = compiled.program.run(valuesOf(object, meter), meter)
    t.same(result.ok ? result.value : result.failure, expected, text)
  }
})
