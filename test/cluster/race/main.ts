import { parseArgs } from 'node:util'

import { isShuttingDown } from '../cleanup.ts'
import { startCluster } from '../cluster.ts'
import { isJsonObject, items, member, text } from '../json.ts'
import { startPoolguard } from '../poolguard.ts'
import { connectRest, type Rest } from '../rest.ts'
import { metallbNamespace } from '../users.ts'

const usage = `npm run race -- [--quick] [--json] [--replicas 2] [--rounds 20] [--writes 32]

Creates so many overlapping pools at once, round after round, against a real API server with so many replicas of poolguard, and
counts what is stored. --quick is 5 rounds. Prints one line of JSON last; with --json nothing else goes to stdout. Exit code 1 when two
of one round were stored, or none.`

const POOLS = `/apis/metallb.io/v1beta1/namespaces/${metallbNamespace}/ipaddresspools`

/** One attempt to create a pool. */
interface Attempt {
  readonly status: number
  /** Why it was refused; '' when it was not. */
  readonly message: string
  readonly tookMs: number
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      replicas: { type: 'string', default: '2' },
      rounds: { type: 'string' },
      writes: { type: 'string', default: '32' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  const rounds = Number(values.rounds ?? (values.quick ? 5 : 20))
  const [replicas, writes] = [Number(values.replicas), Number(values.writes)]
  if (values.help === true || !(rounds > 0 && replicas > 0 && writes > 0)) {
    console.log(usage)
    return values.help === true ? 0 : 2
  }
  const cluster = await startCluster({ report: say })
  try {
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: metallbNamespace } }])
    const poolguard = await startPoolguard(cluster, { replicas })
    say(`${rounds} rounds of ${writes} overlapping pools at once, ${replicas} replicas`)
    const rest = connectRest({
      url: cluster.server,
      ca: cluster.ca,
      token: cluster.credentials.token('admin')
    })
    const raced = await race(rest, rounds, writes)
    rest.close()
    await poolguard.stop()
    console.log(JSON.stringify({ replicas, rounds, ...raced }))
    return raced.wronglyStored + raced.empty > 0 ? 1 : 0
  } finally {
    await cluster.stop()
  }
}

/** What came of all rounds; `empty` counts those in which nothing was stored, `answers` HTTP statuses. */
interface Raced {
  readonly admitted: number
  readonly wronglyStored: number
  readonly empty: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly answers: Readonly<Record<string, number>>
}

async function race(rest: Rest, rounds: number, writes: number): Promise<Raced> {
  const attempts: Attempt[] = []
  let [admitted, wronglyStored, empty] = [0, 0, 0]
  for (let round = 1; round <= rounds; round++) {
    const made = await Promise.all(Array.from({ length: writes }, (_, i) => create(rest, round, i)))
    attempts.push(...made)
    const stored = await storedPools(rest)
    admitted += stored.length
    wronglyStored += Math.max(0, stored.length - 1)
    empty += Number(stored.length === 0)
    for (const name of stored) await rest.send({ method: 'DELETE', path: `${POOLS}/${name}` })
  }
  const [surprise] = attempts.filter(({ status }) => ![201, 403, 429].includes(status))
  if (surprise !== undefined) say(`answered ${surprise.status}: ${surprise.message}`)
  const answers: Record<string, number> = {}
  for (const { status } of attempts) answers[status] = (answers[status] ?? 0) + 1
  const took = attempts.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  const at = (share: number) =>
    Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0)
  return { admitted, wronglyStored, empty, p50Ms: at(0.5), p99Ms: at(0.99), answers }
}

/** Ranges of one round all hold 192.168.1.130, and those of another round other addresses: nobody waits for the round before. */
async function create(rest: Rest, round: number, i: number): Promise<Attempt> {
  const base = 110 + ((round - 1) % 12) * 10
  const addresses = [`192.168.1.${base + (i % 4)}-192.168.1.${base + 5 + (i % 4)}`]
  const body = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: `race-${round}-${i}`, namespace: metallbNamespace },
    spec: { addresses }
  }
  const startedMs = performance.now()
  const { status, json } = await rest.send({ method: 'POST', path: POOLS, body })
  const message = isJsonObject(json) && status !== 201 ? text(json, 'message') : ''
  return { status, message, tookMs: performance.now() - startedMs }
}

async function storedPools(rest: Rest): Promise<readonly string[]> {
  const { json } = await rest.send({ path: POOLS })
  if (!isJsonObject(json)) throw new Error('the list of pools is no JSON object')
  return items(json, 'items')
    .map(object => text(member(object, 'metadata'), 'name'))
    .filter(name => name.startsWith('race-'))
}

function say(line: string): void {
  console.error(line)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!isShuttingDown()) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
