import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse } from 'yaml'
import { run } from '../src/cli/run.ts'
import { isRecord } from '../src/kinds/decode.ts'
import { MOST_CLAIMS, MOST_IN_FLIGHT, TTL_MS } from '../src/ledger/limits.ts'
import { RULES } from '../src/rules/index.ts'
import { addAuditMetrics } from '../src/server/audit-metrics.ts'
import { addFindingMetrics } from '../src/server/finding-metrics.ts'
import { addInventoryMetrics } from '../src/server/inventory-metrics.ts'
import { addLedgerMetrics } from '../src/server/ledger-metrics.ts'
import { addPolicyMetrics } from '../src/server/policy-metrics.ts'
import { capacityMetrics } from '../src/server/capacity-metrics.ts'
import { createMetrics } from '../src/server/metrics.ts'

const guide = readFileSync('docs/production.md', 'utf8')
const gitops = readFileSync('docs/gitops.md', 'utf8')
const alerts = readFileSync('manifests/examples/prometheus/rules.yaml', 'utf8')

async function output(command: string): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = ''
  const [, ...args] = command.trim().split(/ +/)
  const stdio = { stdout: (text: string) => void (stdout += text), stderr: () => {} }
  const code = await run(args, { ...stdio, isTerminal: false, stdin: async () => '' })
  return { code, stdout }
}

await test('docs/production.md shows what its commands print', async t => {
  const shown = [...guide.matchAll(/<!-- run:begin -->\n```\n\$ (.*)\n([^`]*)```\n<!-- run:end -->/g)]
  t.equal(shown.length, 1)
  for (const [, command = '', printed] of shown) t.equal((await output(command)).stdout, printed, command)
})

await test('the commands of docs/production.md run, and what they take out of the JSON is there', async t => {
  const commands = [...guide.matchAll(/^ {4}(poolguard .*)$/gm)].map(([, line = '']) => line.split(' | jq '))
  t.equal(commands.length, 3)
  for (const [command = '', filter] of commands) {
    const { code, stdout } = await output(command)
    t.equal(code, 0, command)
    if (filter !== undefined) t.same(missing(stdout, filter), [], filter)
  }
})

/** What a filter of jq such as `.capacity.pools[] | {pool, size}` asks for and some element lacks. */
function missing(json: string, filter: string): readonly string[] {
  const [, section = '', names = ''] = /^'\.capacity\.(\w+)\[\] \| \{([\w, ]+)\}'$/.exec(filter) ?? []
  const report: unknown = JSON.parse(json)
  const capacity = isRecord(report) ? report['capacity'] : undefined
  const rows: unknown = isRecord(capacity) ? capacity[section] : undefined
  if (!isRecord(capacity) || !Array.isArray(capacity['unknown'])) return ['unknown']
  if (!Array.isArray(rows) || rows.length === 0 || names === '') return [section]
  return names.split(', ').filter(name => !rows.every(row => isRecord(row) && Object.hasOwn(row, name)))
}

await test('the documents name rules and metrics that exist', async t => {
  const ids = new Set(RULES.map(({ id }) => id))
  const named = [...guide.matchAll(/`((?:pool|advertisement|service)-[a-z-]+)`/g)].map(([, id = '']) => id)
  t.ok(named.length > 5)
  for (const id of named) t.ok(ids.has(id), id)
  const metrics = await metricNames()
  const used = `${guide}\n${gitops}\n${alerts}`.match(/\bpoolguard_\w+/g) ?? []
  t.ok(used.length > 10)
  for (const name of used) t.ok(metrics.has(name), name)
})

await test('docs/production.md has every metric of poolguard in its table, and no other', async t => {
  const [, table = ''] = /^\| metric \|.*\n((?:\|.*\n)+)/m.exec(guide) ?? []
  const rows = table.split('\n').map(line => line.split('|')[1] ?? '')
  const named = rows.flatMap(cell => cell.match(/\bpoolguard_\w+/g) ?? [])
  const own = [...(await metricNames())].filter(name => name.startsWith('poolguard_'))
  t.same(named.toSorted(), own.toSorted())
})

await test('SECURITY.md tells the limits of claims as they are', t => {
  const security = readFileSync('SECURITY.md', 'utf8').replaceAll(/\s+/g, ' ')
  t.match(security, 'is void two minutes after the last such review')
  t.equal(TTL_MS, 2 * 60_000)
  t.match(security, `at most ${MOST_IN_FLIGHT} for each user name and ${MOST_CLAIMS} in all`)
  t.end()
})

await test('every name of a metric in the source is one that these tests know', async t => {
  const sources = readdirSync('src/server').map(name => readFileSync(join('src/server', name), 'utf8'))
  const written = sources.flatMap(source => source.match(/(?<=')poolguard_\w+(?=')/g) ?? [])
  const own = [...(await metricNames())].filter(name => name.startsWith('poolguard_'))
  t.same([...new Set(written)].toSorted(), own.toSorted())
})

await test('a start of poolguard alerts nobody, and a ledger that stays away does', t => {
  const [, rule = ''] = /- alert: LedgerUnusable\n((?: {8}.*\n)+)/.exec(alerts) ?? []
  t.match(rule, 'min by (instance) (poolguard_ledger_usable) == 0')
  const [, minutes = '0'] = /for: (\d+)m\n/.exec(rule) ?? []
  // A replica that finds no ledger makes another after the time of a claim.
  t.ok(Number(minutes) * 60_000 >= 2 * TTL_MS, `${minutes} min`)
  t.end()
})

/** Every metric that serve has, by its TYPE line. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const { registry, measureEventLoop } = createMetrics({ kinds: [], now: () => new Date() })
  measureEventLoop(() => 0)
  addInventoryMetrics(registry, () => [])
  addPolicyMetrics(registry, () => {
    return { digest: 'sha256:', loadedMs: 0, isRejecting: false, isRegistrationOutdated: false }
  })
  addFindingMetrics(registry, () => new Map())
  addAuditMetrics(registry, () => undefined)
  addLedgerMetrics(registry)
  const counts = { size: 1, used: 0, free: 1, unusable: 0 }
  const pools = [{ pool: 'p', ...counts, usedPercent: 0, level: 'ok' as const, families: [] }]
  const announcement = 'l2' as const
  const allocations = [{ allocation: 'a', purpose: '', announcement, ...counts, pooled: 1, unpooled: 0 }]
  const capacity = await capacityMetrics(function* () {
    yield
    return { unknown: [], pools, allocations }
  })()
  const types = `${await registry.metrics()}\n${capacity}`.matchAll(/^# TYPE (\S+)/gm)
  return new Set([...types].map(([, name = '']) => name))
}

await test('the alerts are in the shape Prometheus reads', async t => {
  const file: unknown = parse(alerts)
  const groups: unknown = isRecord(file) ? file['groups'] : undefined
  t.ok(Array.isArray(groups) && groups.length === 3)
  const rules = (Array.isArray(groups) ? groups : []).flatMap((group: unknown) => {
    t.match(group, { name: String, rules: Array })
    return isRecord(group) && Array.isArray(group['rules']) ? (group['rules'] as unknown[]) : []
  })
  t.ok(rules.length >= 8)
  for (const rule of rules) {
    t.match(rule, {
      alert: /^[A-Z]\w+$/,
      expr: String,
      for: /^\d+[mh]$/,
      labels: { severity: /^(warning|critical)$/ },
      annotations: { summary: String }
    })
  }
})
