import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'
import { MISTAKES, type Mistake } from './mistakes.ts'

const HEAD = (kind: string) => `apiVersion: poolguard.io/v1alpha1\nkind: ${kind}\nmetadata: {name: mine}\n`
const PLAN = `${HEAD('NetworkPlan')}spec: {}\n`

/** What `poolguard test` says to a file, line by line, without the name of the folder. */
async function said(folder: string, { kind, whole, text }: Mistake): Promise<readonly string[]> {
  const path = join(folder, 'mine.yaml')
  const plan = join(folder, 'plan.yaml')
  const suite = join(folder, 'suite.yaml')
  writeFileSync(path, `${whole ? '' : HEAD(kind)}${text}\n`)
  writeFileSync(plan, PLAN)
  writeFileSync(
    suite,
    `${HEAD('PolicyTest')}spec: {cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]}\n`
  )
  let stderr = ''
  const io = {
    stdout: (chunk: string) => void (stderr += `stdout: ${chunk}`),
    stderr: (chunk: string) => void (stderr += chunk),
    isTerminal: false,
    stdin: async () => ''
  }
  const policies = ['--policies', ...(kind === 'ExposurePolicy' ? [plan, '--policies', path] : [path])]
  const code = await run(
    kind === 'PolicyTest' ? ['test', path, '--policies', plan] : ['test', suite, ...policies],
    io
  )
  if (code !== 2) return [`exit code ${code}`]
  return stderr
    .replace(/^poolguard: /, '')
    .trimEnd()
    .split('\n')
    .map(line => line.replace(`${path}:`, ''))
}

await test('what a new user writes wrong is told with place, field, value and a way out, all of it at once', async t => {
  t.ok(MISTAKES.length >= 40, `${MISTAKES.length} mistakes`)
  const folder = t.testdir({})
  for (const mistake of MISTAKES) t.strictSame(await said(folder, mistake), mistake.errors, mistake.text)
})

await test('most of it comes with a way out', t => {
  const errors = MISTAKES.flatMap(one => one.errors)
  const hinted = errors.filter(line => / Hint: |one of "|such as|is required: /.test(line))
  t.comment(`${hinted.length} of ${errors.length}`)
  t.ok(hinted.length > errors.length * 0.8)
  t.end()
})
