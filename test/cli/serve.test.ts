import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { test } from 'tap'
import { freePorts } from '../cluster/ports.ts'

const OVERLAP = 'manifests/examples/review-overlap.json'

const EXPIRED = `apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: over}
spec:
  exemptions:
  - {rules: [pool-reserved-range], users: [alice], reason: lab, owner: platform, expires: 2020-01-31}
`

async function ready(url: string): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.status === 200) return response.text()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${url} never answered`)
}

function post(
  url: string,
  ca: string,
  body: string,
  type = 'application/json'
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', ca, headers: { 'content-type': type } }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

await test('the bundled program serves, survives bad input, and stops without a word lost', async t => {
  const certs = t.testdir({ 'over.yaml': EXPIRED })
  const [port, adminPort] = await freePorts(2)
  const args = [
    'dist/poolguard.js',
    'serve',
    '--inventory=manifests/examples/inventory',
    '--policies=policies',
    `--policies=${certs}/over.yaml`,
    `--certs=${certs}`,
    `--listen=127.0.0.1:${port}`,
    `--admin-listen=127.0.0.1:${adminPort}`
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  t.teardown(() => child.kill('SIGKILL'))
  const admin = `http://127.0.0.1:${adminPort}`
  t.match(
    await ready(`${admin}/readyz?verbose`),
    /\[\+\]policies sha256:[0-9a-f]{64}\n\[\+\]inventory read once/
  )
  const url = `https://127.0.0.1:${port}`
  const ca = readFileSync(join(certs, 'ca.crt'), 'utf8')

  const review = readFileSync(OVERLAP, 'utf8')
  const denied = await post(`${url}/validate`, ca, review)
  t.match(JSON.parse(denied.text), { response: { allowed: false, status: { message: /\[pool-overlap\]/ } } })

  const noUid = review.replace(/"uid": *"[^"]*",?/, '')
  const cases: readonly (readonly [string, string, string, number])[] = [
    ['/validate', '{bad', 'application/json', 400],
    ['/validate', '', 'application/json', 400],
    ['/validate', noUid, 'application/json', 400],
    ['/validate', review, 'text/plain', 415],
    ['/validate', 'x'.repeat(7 * 1024 * 1024 + 1), 'application/json', 413],
    ['/nowhere', review, 'application/json', 404]
  ]
  for (const [path, body, type, status] of cases) {
    t.equal(
      (await post(`${url}${path}`, ca, body, type)).status,
      status,
      `${path} ${type} ${body.slice(0, 10)}`
    )
  }
  t.equal((await post(`${url}/validate`, ca, review)).status, 200, 'the process lives')

  const metrics = await ready(`${admin}/metrics`)
  t.match(
    metrics,
    /poolguard_decisions_total\{kind="IPAddressPool",operation="CREATE",verdict="denied",path="validate",dry_run="false"\} 2/
  )
  t.match(metrics, /poolguard_inventory_objects\{kind="IPAddressPool"\} 1/)
  t.match(metrics, /poolguard_policies_info\{digest="sha256:[0-9a-f]{64}"\} 1/)
  t.match(metrics, 'poolguard_pool_addresses{pool="default-pool",state="free"} 101\n')
  t.match(metrics, 'poolguard_pool_used_ratio{pool="default-pool"} 0\n')
  t.match(
    metrics,
    'poolguard_allocation_addresses{allocation="192.168.1.100-192.168.1.250",state="unpooled"} 50\n'
  )

  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.equal(stdout, '', 'stdout carries results alone')
  t.match(stderr, /review --server .*manifests\/examples\/review-overlap\.json/)
  t.match(stderr, /"msg":"stopped"/)
  t.match(
    stderr,
    /"level":"warn",.*"exemption":".*over\.yaml:6:\d+: spec\.exemptions\[0\]\.expires: .*has expired.*","msg":"expired"/
  )
})

await test('the bundled program answers proven callers alone, and never shows the secret', async t => {
  const secret = 'ab'.repeat(32)
  const dir = t.testdir({ 'path-secret': `${secret}\n` })
  const [port, adminPort] = await freePorts(2)
  const args = [
    'dist/poolguard.js',
    'serve',
    '--inventory=manifests/examples/inventory',
    `--certs=${dir}`,
    `--path-secret-file=${join(dir, 'path-secret')}`,
    `--listen=127.0.0.1:${port}`,
    `--admin-listen=127.0.0.1:${adminPort}`,
    '--log-level=debug'
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  t.teardown(() => child.kill('SIGKILL'))
  await ready(`http://127.0.0.1:${adminPort}/readyz`)
  const ca = readFileSync(join(dir, 'ca.crt'), 'utf8')
  const url = `https://127.0.0.1:${port}`
  const review = readFileSync(OVERLAP, 'utf8')
  t.match(await post(`${url}/${secret}/validate`, ca, review), { status: 200, text: /pool-overlap/ })
  for (const path of ['/validate', `/${secret.slice(2)}/validate`]) {
    t.match(await post(`${url}${path}`, ca, review), { status: 404, text: /^\{"error":"no such path"/ })
  }
  const metrics = await ready(`http://127.0.0.1:${adminPort}/metrics`)
  t.match(metrics, /poolguard_unproven_requests_total 2/)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.match(stderr, /"msg":"denied"/)
  t.notMatch(metrics + stderr, secret)
})
