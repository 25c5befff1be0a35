import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { parse } from 'yaml'
import { run } from '../src/cli/run.ts'

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly runs: {
    readonly using: string
    readonly steps: readonly {
      readonly uses?: string
      readonly run?: string
      readonly env?: Readonly<Record<string, string>>
    }[]
  }
}

interface Hook {
  readonly id: string
  readonly entry: string
  readonly args?: readonly string[]
  readonly language: string
  readonly files?: string
  readonly pass_filenames?: boolean
}

const action = parse(readFileSync('action.yml', 'utf8')) as Action
const hooks = parse(readFileSync('.pre-commit-hooks.yaml', 'utf8')) as readonly Hook[]
const [step = {}] = action.runs.steps

/** As it is installed; npm test has built it. */
execFileSync('npm', ['run', '--silent', 'build'])

async function help(verb: string): Promise<string> {
  let text = ''
  const collect = (chunk: string) => void (text += chunk)
  await run([verb, '--help'], { stdout: collect, stderr: collect, isTerminal: false, stdin: async () => '' })
  return text
}

await test('the action takes its inputs by the environment alone, and every flag is one of the command', async t => {
  t.equal(action.runs.using, 'composite')
  t.equal(action.runs.steps.length, 1)
  t.notMatch(step.run, '${{', 'nothing is written into the script')
  const given = Object.values(step.env ?? {})
  t.same(
    given.toSorted(),
    Object.keys(action.inputs)
      .map(name => `\${{ inputs.${name} }}`)
      .toSorted()
  )
  for (const { uses } of action.runs.steps) if (uses !== undefined) t.match(uses, /@[0-9a-f]{40}$/)
  const [check, suites] = [await help('check'), await help('test')]
  const flags = [...(step.run ?? '').matchAll(/(--[a-z-]{2,})/g)].map(([, flag = '']) => flag)
  t.ok(flags.length >= 5)
  for (const flag of flags) t.match(check, flag)
  for (const flag of ['--format', '--policies', '--output']) t.match(suites, flag)
})

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: string
}

/** Runs the step as a runner would, in a folder of a user's repository. */
function runStep(dir: string, inputs: Readonly<Record<string, string>>): Ran {
  const output = join(dir, 'github-output')
  writeFileSync(output, '')
  const script = join(dir, 'step.sh')
  writeFileSync(script, step.run ?? '')
  const values = Object.entries(step.env ?? {}).map(([name, expression]) => {
    const input = /inputs\.([\w-]+)/.exec(expression)?.[1] ?? ''
    return [name, inputs[input] ?? action.inputs[input]?.default ?? '']
  })
  const env = {
    PATH: process.env['PATH'],
    GITHUB_ACTION_PATH: resolve('.'),
    GITHUB_OUTPUT: output,
    ...Object.fromEntries(values)
  }
  const args = ['--noprofile', '--norc', '-eo', 'pipefail', script]
  const { status, stdout, stderr } = spawnSync('bash', args, { cwd: dir, env, encoding: 'utf8' })
  return { code: status, stdout, stderr, outputs: readFileSync(output, 'utf8') }
}

await test('the action checks, writes reports and ends as the command does', async t => {
  const dir = t.testdir({
    'of us.yaml': readFileSync('policies/dc1.yaml', 'utf8'),
    'broken.yaml': 'kind: NetworkPlam\n'
  })
  const bad = resolve('manifests/examples/bad/dhcp-range.yaml')
  const policies = 'of us.yaml'
  const denied = runStep(dir, { policies, paths: `${bad}\n\n${bad}`, format: 'sarif', output: 'r.sarif' })
  t.match(denied, { code: 1, stdout: '', outputs: 'exit-code=1\n' })
  t.match(JSON.parse(readFileSync(join(dir, 'r.sarif'), 'utf8')), { version: '2.1.0' })
  t.match(runStep(dir, { policies, 'fail-on-widening': policies }), { code: 0, outputs: 'exit-code=0\n' })
  const broken = runStep(dir, { policies: 'broken.yaml', format: 'sarif' })
  t.match(broken, { code: 2, outputs: 'exit-code=2\n' })
  t.match(broken.stdout, '"ruleId": "invalid-document"')
  const suites = runStep(dir, {
    command: 'test',
    policies,
    paths: resolve('policies/tests'),
    format: 'junit'
  })
  t.match(suites, { code: 0, stdout: /<testsuites / })
})

await test('what stands in an input is never a command, nor a flag', t => {
  const dir = t.testdir({ 'p.yaml': readFileSync('policies/dc1.yaml', 'utf8') })
  const hostile = [
    '$(touch pwned)',
    '`touch pwned`',
    '"; touch pwned; "',
    '--help',
    "'; touch pwned #",
    '*'
  ].join('\n')
  const ran = runStep(dir, { policies: 'p.yaml', paths: hostile })
  t.equal(ran.code, 2)
  t.equal(ran.stdout, '0 objects: 0 denied, 0 warned, 0 unchecked, 0 passed, 0 not judged\n')
  t.equal(runStep(dir, { policies: hostile }).code, 2)
  t.equal(runStep(dir, { command: hostile }).code, 2)
  t.equal(runStep(dir, { policies: 'p.yaml', format: hostile }).code, 2)
  t.throws(() => accessSync(join(dir, 'pwned')))
  t.end()
})

/** As pre-commit's `language: script` does: the entry's path in the hooks' repository, its words, args, and file names. */
function runHook(id: string, files: readonly string[], args?: readonly string[]) {
  const hook = hooks.find(one => one.id === id)
  const [script = '', ...words] = (hook?.entry ?? '').split(' ')
  const names = hook?.pass_filenames === false ? [] : files
  const all = [...words, ...(args ?? hook?.args ?? []), ...names]
  return spawnSync(resolve(script), all, { encoding: 'utf8' })
}

await test('the pre-commit hooks run with what pre-commit hands them', t => {
  for (const { entry, language } of hooks) {
    t.equal(language, 'script')
    t.doesNotThrow(() => accessSync(entry.split(' ')[0] ?? '', constants.X_OK))
  }
  t.same(
    hooks.map(({ id }) => id),
    ['poolguard-policies', 'poolguard-test', 'poolguard-check']
  )
  t.equal(runHook('poolguard-policies', ['policies/dc1.yaml']).status, 0)
  t.equal(runHook('poolguard-policies', [], ['--policies', 'manifests/examples/bad']).status, 2)
  t.match(runHook('poolguard-test', ['policies/tests/dc1.yaml']), {
    status: 0,
    stdout: / passed, 0 failed\n$/
  })
  const files = ['manifests/examples/bad/dhcp-range.yaml', 'manifests/examples/bad/overlap.yaml']
  t.match(runHook('poolguard-check', files), { status: 1, stdout: /DENIED IPAddressPool/ })
  t.equal(new RegExp(hooks[0]?.files ?? '$^').test('policies/dc1.yaml'), true)
  t.end()
})
