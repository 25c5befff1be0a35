import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { run } from '../../../src/cli/run.ts'
import { loadPolicies, snapshotOf } from '../../../src/cli/policies.ts'
import { freePorts } from '../../cluster/ports.ts'
import { Mount, planText, policyText, type Files } from './policy-sets.ts'

const A: Files = { 'plan.yaml': planText('192.168.1.2-192.168.1.99') }
const B: Files = { ...A, 'more.yaml': policyText('more', '{services: {allowedTypes: [LoadBalancer]}}') }

function digestOf(files: Files): string {
  return snapshotOf(Object.entries(files).map(([path, text]) => ({ path, text }))).digest
}

async function eventually(t: Test, url: string, pattern: RegExp | string): Promise<string> {
  let text = ''
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(url).catch(() => undefined)
    text = (await response?.text()) ?? ''
    const holds = typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
    if (response?.status === 200 && holds) return text
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  t.match(text, pattern)
  return text
}

await test('the bundled program follows a mounted ConfigMap, keeps the last good set, and stays ready', async t => {
  const dir = t.testdir({})
  const mount = new Mount(join(dir, 'policies'))
  mount.replace(A)
  const [port, adminPort] = await freePorts(2)
  const args = [
    'dist/poolguard.js',
    'serve',
    `--policies=${mount.path}`,
    '--inventory=manifests/examples/inventory',
    `--certs=${dir}`,
    `--listen=127.0.0.1:${port}`,
    `--admin-listen=127.0.0.1:${adminPort}`
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  // What is on the listener already may not have come through the pipe yet.
  const logged = async (pattern: RegExp): Promise<void> => {
    for (let tries = 0; tries < 100 && !pattern.test(stderr); tries++)
      await new Promise(resolve => setTimeout(resolve, 50))
    t.match(stderr, pattern)
  }
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  t.teardown(() => child.kill('SIGKILL'))
  const readyz = `http://127.0.0.1:${adminPort}/readyz?verbose`
  const metrics = `http://127.0.0.1:${adminPort}/metrics`
  await eventually(t, readyz, `[+]policies ${digestOf(A)}\n`)
  t.match(
    await eventually(t, metrics, 'policies_info'),
    'poolguard_policy_reloads_total{outcome="rejected"} 0\n'
  )

  mount.replace(B)
  await eventually(
    t,
    readyz,
    `[+]policies ${digestOf(B)}\n[+]registration apply \`poolguard manifests\` again: `
  )
  await logged(new RegExp(`"policies":"${digestOf(B)}","msg":"policies loaded"`))
  await logged(
    /"webhooks":\["other-services\.poolguard\.io",.*"msg":"these policies need `poolguard manifests` applied/
  )

  mount.replace({ ...A, 'more.yaml': policyText('more', '{services: {allowedTypes: [ClusterIPs]}}') })
  const kept = await eventually(t, readyz, `[+]policies ${digestOf(B)} of `)
  t.match(
    kept,
    /stay in force; the files as they are now are not taken: .*more\.yaml:4:\d+: spec\.services\.allowedTypes\[0\]/
  )
  t.match(kept, /\nok\n$/)
  const told = await eventually(t, metrics, 'poolguard_policies_rejected 1\n')
  t.match(told, 'poolguard_policy_reloads_total{outcome="loaded"} 1\n')
  t.match(told, 'poolguard_policy_reloads_total{outcome="rejected"} 1\n')
  t.match(told, `poolguard_policies_info{digest="${digestOf(B)}"} 1\n`)
  t.match(told, 'poolguard_registration_outdated 1\n')
  await logged(
    /"level":"error",.*"errors":\[".*more\.yaml:4:\d+: .*"count":1,"msg":"the policy files are not taken/
  )

  rmSync(mount.path, { recursive: true })
  await eventually(t, readyz, /\[\+\]policies sha256:.* stay in force; .*ENOENT/)
  const again = new Mount(mount.path)
  again.replace(A)
  await eventually(t, readyz, `[+]policies ${digestOf(A)}\n[+]inventory`)
  const [, seconds] =
    /^poolguard_policies_loaded_timestamp_seconds (\S+)$/m.exec(await eventually(t, metrics, 'info')) ?? []
  t.ok(Math.abs(Date.now() / 1_000 - Number(seconds)) < 60, `${seconds}`)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})

await test('serve starts with the pinned policies alone', async t => {
  const dir = t.testdir({ policies: { ...A } })
  const policies = join(dir, 'policies')
  const { digest } = loadPolicies([policies])
  let stderr = ''
  const start = async (required: string) => {
    stderr = ''
    const io = {
      stdout: () => {},
      stderr: (text: string) => void (stderr += text),
      isTerminal: false,
      stdin: async () => ''
    }
    const args = ['--policies', policies, '--inventory', 'manifests/examples/inventory', '--certs', dir]
    return run(['serve', ...args, '--require-digest', required], io)
  }
  t.equal(await start(`sha256:${'0'.repeat(64)}`), 2)
  t.match(stderr, `poolguard: the policies are ${digest}, and --require-digest asks for sha256:000`)
  for (const typo of [digest.slice(0, -1), digest.slice(7), digest.toUpperCase(), ''])
    t.equal(await start(typo), 2, typo)
  t.match(stderr, 'poolguard: --require-digest "" is no digest: sha256: and 64 hex digits in lower case, ')
  t.throws(() => readFileSync(join(dir, 'tls.crt')), 'nothing was made')
})
