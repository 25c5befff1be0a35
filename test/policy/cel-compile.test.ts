import { test } from 'tap'
import { compile } from '../../src/policy/cel/compile.ts'

/** An expression, the character at which it is wrong, the message and the hint. */
const WRONG: readonly (readonly [string, number, string | RegExp, string])[] = [
  ['obejct.spec.x == 1', 0, 'unknown variable: obejct', 'did you mean "object"?'],
  [
    'object.spec.x == 1 && nope',
    22,
    'unknown variable: nope',
    'known: object, oldObject, request, namespaceObject, params, tenant, pools'
  ],
  ['true && object.name.startWith("x")', 20, 'no function startWith()', 'did you mean "startsWith"?'],
  ['true && isIp("x")', 8, 'no function isIp()', 'did you mean "isIP"?'],
  ['object.x', 0, 'gives dyn, and must give bool', 'compare it, such as == true, or write bool(...)'],
  ['1 + 1', 0, 'gives int, and must give bool', ''],
  ['1 == "a"', 0, 'no such overload: int == string', ''],
  ['ip("::1") == "::1"', 0, 'no such overload: net.IP == string', ''],
  ['ip(7).family() == 4', 0, "found no matching overload for 'ip(int)'", ''],
  ['object.x == 1 &&', 16, /EOF/, ''],
  ['object.x = 1', 9, /^unexpected character: =/, ''],
  ['request.operaton == "CREATE"', 0, 'request has no field operaton', 'did you mean "operation"?'],
  [
    'has(request.userInfo.user)',
    4,
    'request.userInfo has no field user',
    'known: username, uid, groups, extra'
  ],
  [
    'object.x.matches(object.y)',
    0,
    'matches() with a pattern that is no literal text',
    "write it as a literal in RE2's syntax"
  ],
  [
    'object.x.matches("(")',
    0,
    /^matches\(\) with .*missing closing \)/,
    "write it as a literal in RE2's syntax"
  ],
  [
    'object.x.matches("(a{500}){500}")',
    0,
    'matches() with a pattern that repeats too much',
    "write it as a literal in RE2's syntax"
  ],
  [
    'object.x.matches("((a{100}){100}){1000}")',
    0,
    'matches() with a pattern that repeats too much',
    "write it as a literal in RE2's syntax"
  ],
  [
    `object.x.matches("${'a'.repeat(257)}")`,
    0,
    'matches() with a pattern of more than 256 characters',
    "write it as a literal in RE2's syntax"
  ],
  [`object.x == "${'a'.repeat(5000)}"`, 0, 'is 5014 characters long, more than 4096', 'split the rule'],
  [`${'true && '.repeat(505)}true`, 0, 'exceeded maxAstNodes (1000)', ''],
  [`${'('.repeat(60)}true${')'.repeat(60)}`, 50, 'exceeded maxDepth (50)', ''],
  [`1 in [${'1,'.repeat(201)}1]`, 406, 'exceeded maxListElements (200)', ''],
  [
    'object.a.all(a, a.all(b, b.all(c, c.all(d, d == 1))))',
    34,
    'nests more than 3 of exists, all, map, filter',
    'split the rule'
  ],
  ['duration("1h") == duration("2h")', 0, 'no function duration()', ''],
  ['object.x == 1u', 12, 'uint and bytes are not supported', ''],
  ['object.x.__proto__()', 9, 'no function __proto__()', ''],
  ['__proto__ == 1', 0, 'reserved identifier: __proto__', ''],
  [
    'constructor == 1',
    0,
    'unknown variable: constructor',
    'known: object, oldObject, request, namespaceObject, params, tenant, pools'
  ]
]

await test('compile() says where an expression is wrong, why, and what was meant', async t => {
  for (const [expression, offset, message, hint] of WRONG) {
    const compiled = compile(expression, 'bool')
    if (compiled.ok) {
      t.fail(`it compiles: ${expression}`)
      continue
    }
    const { problem } = compiled
    const name = expression.slice(0, 60)
    t.equal(problem.offset, offset, name)
    t.match(problem.message, message, name)
    t.equal(problem.hint, hint, name)
  }
})

await test('compile() refuses patterns by what they are compiled to', async t => {
  const takes = (pattern: string) => compile(`object.x.matches(r'${pattern}')`, 'bool').ok
  const group = 'abcdefghij'.repeat(20)
  for (const pattern of [`(${group}){1000}`, `((${group}){31}){32}`, 'a{1000}'.repeat(3), '(a{40}){60}']) {
    t.notOk(takes(pattern), pattern.slice(0, 40))
  }
  for (const pattern of [
    '^[a-z]{1,63}([.][a-z]{1,63}){1,4}$',
    '^([0-9]{1,3}[.]){3}[0-9]{1,3}$',
    '[({]{1,9}',
    '\\({1,9}',
    group
  ]) {
    t.ok(takes(pattern), pattern)
  }
})

await test('compile() lets one loop go through what another one made', async t => {
  const chain = 'object.a.filter(a, a > 1).map(a, a + 1).filter(a, a > 2).map(a, a * 2).exists(a, a == 8)'
  t.ok(compile(chain, 'bool').ok)
  t.ok(compile('object.a.all(a, a.all(b, b.all(c, c == 1)))', 'bool').ok)
})

await test('compile() knows what an expression names, in whatever depth', async t => {
  const named = (expression: string) => {
    const compiled = compile(expression, 'bool')
    return compiled.ok ? [...compiled.program.variables] : compiled.problem.message
  }
  t.same(named('true'), [])
  t.same(named('object.a.exists(x, x == tenant) || has(oldObject.a)'), ['object', 'oldObject', 'tenant'])
  t.same(named('[pools].exists(p, p.size() == 1)'), ['pools'])
  t.same(named('params.?a.orValue(namespaceObject) == 1'), ['namespaceObject', 'params'])
  t.same(
    named('object.a.exists(pools, pools == 1)'),
    ['object', 'pools'],
    'a loop that hides one is taken for it'
  )
})
