import { test } from 'tap'
import { run } from '../../src/cli/run.ts'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'

/** What `kubectl label --local -f - a=b -o json` of Kubernetes 1.34 makes of texts that YAML 1.2 reads otherwise. */
const READ_OTHERWISE: readonly (readonly [string, number])[] = [
  ['010', 8],
  ['+010', 8],
  ['-010', -8],
  ['!!int 010', 8],
  ['!!int "010"', 8],
  ['0777', 511],
  ['0_7', 7],
  ['0X1F', 31],
  ['+0x10', 16],
  ['-0x10', -16],
  ['0x_1', 1],
  ['0b11', 3],
  ['0B11', 3],
  ['-0b11', -3],
  ['0O10', 8],
  ['0o_1', 1],
  ['+0o7', 7],
  ['-0o7', -7],
  ['1_000', 1000],
  ['01_0', 8],
  ['1_', 1],
  ['1_0.5', 10.5],
  ['2026_11_25', 20261125]
]

/** What both read alike. */
const READ_ALIKE: readonly (readonly [string, unknown])[] = [
  ['0', 0],
  ['00', 0],
  ['07', 7],
  ['08', 8],
  ['018', 18],
  ['0o10', 8],
  ['0x10', 16],
  ['+7', 7],
  ['1e3', 1000],
  ['010e2', 1000],
  ['010.5', 10.5],
  ['.5', 0.5],
  ['"010"', '010'],
  ["'1_000'", '1_000'],
  ['!!str 010', '010'],
  ['!!str 1_000', '1_000'],
  ['>-\n   010', '010'],
  ['0777777777777777777777777', 7.777777777777778e23],
  ['_1', '_1'],
  ['.5_0', '.5_0'],
  ['0o18', '0o18'],
  ['0b12', '0b12'],
  ['0x', '0x'],
  ['+', '+'],
  ['1_a', '1_a'],
  ['190:20:30', '190:20:30'],
  ['2026-11-25', '2026-11-25'],
  ['10.0.0.1', '10.0.0.1'],
  ['010.0.0.1', '010.0.0.1'],
  ['192.168.1.100-192.168.1.110', '192.168.1.100-192.168.1.110'],
  ['fd00::1', 'fd00::1'],
  ['64500:100', '64500:100']
]

await test('a number that kubectl reads as another one is an error with its place and ways out', t => {
  for (const [text, number] of READ_OTHERWISE) {
    const { documents, errors } = readYaml('f.yaml', `spec:\n  port: ${text}\n`)
    t.same(documents, [], text)
    t.match(errors, [{ path: 'f.yaml', line: 2, field: 'spec.port', hint: `write ${number}` }], text)
    t.equal(errors.length, 1)
    t.match(errors[0]?.message, new RegExp(`(?:is|number) ${number}(?: |$)`), text)
  }
  const text = 'a: 010\nlist: [1, 1_000]\n010: {x: 1}\nyes: {0b1: 2}\n'
  t.same(readYaml('f.yaml', text).errors.map(formatDocumentError), [
    "f.yaml:1:4: a: 010 is 8 to kubectl, where a leading zero means octal, and 10 to others. Hint: write 8 or 10, or '010' if it is text",
    "f.yaml:2:11: list[1]: kubectl reads 1_000 as the number 1000. Hint: write 1000, or '1_000' if it is text",
    "f.yaml:3:1: [10]: 010 is 8 to kubectl, where a leading zero means octal, and 10 to others. Hint: write 8 or 10, or '010' if it is text",
    "f.yaml:4:7: yes[0b1]: kubectl reads 0b1 as the number 1. Hint: write 1, or '0b1' if it is text"
  ])
  t.end()
})

await test('what kubectl reads as it is read here is no error', t => {
  for (const [text, value] of READ_ALIKE) {
    const { documents, errors } = readYaml('f.yaml', `x: ${text}\n`)
    t.same(errors, [], text)
    t.same(documents[0]?.value, { x: value }, text)
  }
  t.end()
})

await test('such a number is an error of objects to check, of an inventory and of policies: exit code 2', async t => {
  const dir = t.testdir({
    'service.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer, ports: [{port: 0443}]}\n',
    'plan.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: a}\nspec:\n  capacity: {warnPercent: 010}\n'
  })
  const good = 'manifests/examples/good/pool-range.yaml'
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`${dir}/service.yaml:4:43: spec.ports[0].port: 0443 is 291 to kubectl`, [`${dir}/service.yaml`]],
    [
      `${dir}/service.yaml:4:43: spec.ports[0].port: 0443 is 291`,
      ['--inventory', `${dir}/service.yaml`, good]
    ],
    [`${dir}/plan.yaml:5:27: spec.capacity.warnPercent: 010 is 8`, ['--policies', `${dir}/plan.yaml`, good]]
  ]
  for (const [words, args] of cases) {
    let said = ''
    const collect = (text: string) => void (said += text)
    const stdio = { stdout: collect, stderr: collect, isTerminal: false, stdin: async () => '' }
    t.equal(await run(['check', ...args], stdio), 2, words)
    t.match(said, words)
  }
})
