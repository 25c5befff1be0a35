import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { loadPolicies } from '../src/cli/policies.ts'
import { run } from '../src/cli/run.ts'
import { isRecord } from '../src/kinds/decode.ts'
import { Mount } from './cli/reload/policy-sets.ts'

const guide = readFileSync('docs/gitops.md', 'utf8')
const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)

async function output(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = ''
  const stdio = { stdout: (text: string) => void (stdout += text), stderr: () => {} }
  const code = await run(args, { ...stdio, isTerminal: false, stdin: async () => '' })
  return { code, stdout }
}

await test('every example of docs/gitops.md is YAML of an object', t => {
  t.equal(blocks.length, 5)
  for (const text of blocks) {
    for (const document of parseAllDocuments(text)) {
      t.same(document.errors, [], text)
      const value: unknown = document.toJS()
      t.match(value, { apiVersion: String }, text)
      t.ok(isRecord(value) && ('kind' in value || value['apiVersion'] === 'v2'), text)
    }
  }
  t.end()
})

await test('the commands of docs/gitops.md run', async t => {
  const commands = [...guide.matchAll(/^ {4}poolguard (.*)$/gm)].map(([, line = '']) => line.split(' '))
  t.equal(commands.length, 7)
  for (const args of commands) {
    const { code, stdout } = await output(args)
    t.equal(code, 0, args.join(' '))
    t.not(stdout, '', args.join(' '))
  }
})

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0

await test(
  'what kustomize makes of the example mounts the policies that it pins',
  { skip: !hasKubectl && 'no kubectl' },
  async t => {
    const dir = t.testdir({ poolguard: {}, mounted: {} })
    const root = join(dir, 'poolguard')
    await output(['manifests', '--only', 'deployment', 'rbac', 'webhooks', '--output', root])
    cpSync('policies/dc1.yaml', join(root, 'policies/dc1.yaml'))
    const pinned = (blocks[0] ?? '').replace('sha256:DIGEST', loadPolicies(['policies']).digest)
    writeFileSync(join(root, 'kustomization.yaml'), pinned)
    const objects = parseAllDocuments(execFileSync('kubectl', ['kustomize', root], { encoding: 'utf8' })).map(
      document => document.toJS() as Record<string, unknown>
    )
    const configMap = objects.find(one => one['kind'] === 'ConfigMap' && one['data'] !== undefined)
    const { name } = (configMap?.['metadata'] ?? {}) as { name?: string }
    t.match(name, /^poolguard-policies-\w{10}$/)
    const mount = new Mount(join(dir, 'mounted'))
    mount.replace(configMap?.['data'] as Record<string, string>)
    const { digest } = loadPolicies([mount.path])
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'))
    t.match(deployment, `"configMap":{"name":"${name}"}`)
    t.match(deployment, `"--require-digest=${digest}"`)
  }
)
