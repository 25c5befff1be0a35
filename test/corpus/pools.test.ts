import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { judge } from '../../src/admission/judge.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { parseReview } from '../../src/admission/review.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { kindOf } from '../../src/kinds/index.ts'
import { DIFFERENCES } from './differences.ts'

/** A folder with corpus-pools.jsonl: MetalLB's own verdicts. Not part of this repository. */
const FOLDER = process.env['POOLGUARD_CORPUS'] ?? ''
const FILE = join(FOLDER, 'corpus-pools.jsonl')

interface Row {
  readonly id: string
  readonly op: 'CREATE' | 'UPDATE'
  readonly kind: string
  readonly kind_of_check: string
  readonly expect: 'allow' | 'deny'
  readonly existing: readonly unknown[]
  readonly object: unknown
  readonly oldObject?: unknown
}

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: corpus}
spec: {metallb: {namespace: metallb-system}}
`

/** The rules that say what MetalLB's own webhook says about a pool. */
const COMPARED = ['pool-syntax', 'pool-overlap']
const all = snapshotOf([{ path: 'plan.yaml', text: PLAN }])
const snapshot = { ...all, rules: all.rules.filter(({ id }) => COMPARED.includes(id)) }

function rows(): readonly Row[] {
  const lines = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter(line => line !== '')
  return lines
    .map((line): Row => JSON.parse(line))
    .filter(row => row.kind === 'IPAddressPool' && ['parse', 'overlap'].includes(row.kind_of_check))
}

function inventoryOf(row: Row): Inventory {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const json of row.existing) {
    const object = rawObject(json)
    const kind = object === undefined ? undefined : kindOf(object.group, object.ref.kind)
    if (kind !== undefined) inventory.putJson(kind, json)
  }
  return inventory
}

/** The stored object of an UPDATE: the row's, or the existing one of that name. */
function storedOf(row: Row): unknown {
  if (row.op === 'CREATE') return undefined
  const name = rawObject(row.object)?.ref.name
  return row.oldObject ?? row.existing.find(json => isRecord(json) && rawObject(json)?.ref.name === name)
}

async function verdict(row: Row): Promise<'allow' | 'deny'> {
  const body = admissionReview({
    uid: row.id,
    operation: row.op,
    subResource: '',
    dryRun: false,
    user: { username: 'admin', groups: ['system:masters'] },
    object: rawObject(row.object),
    oldObject: rawObject(storedOf(row))
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(`${row.id}: ${parsed.reason}`)
  const view = inventoryOf(row)
  const { findings, fieldErrors } = await judge(parsed.review, {
    snapshot: () => snapshot,
    view,
    confirm: async () => [],
    now: () => 0
  })
  return findings.length + fieldErrors.length > 0 ? 'deny' : 'allow'
}

if (existsSync(FILE)) {
  await test("pools: the verdict is MetalLB's, but for the listed differences", async t => {
    const seen = new Set<string>()
    for (const row of rows()) {
      const difference = DIFFERENCES.get(row.id)
      if (difference !== undefined) seen.add(row.id)
      t.equal(await verdict(row), difference?.poolguard ?? row.expect, row.id)
      if (difference !== undefined) t.not(difference.poolguard, row.expect, `${row.id} is a difference`)
    }
    t.same([...seen].toSorted(), [...DIFFERENCES.keys()].toSorted(), 'every listed difference was met')
  })
} else {
  await test('without POOLGUARD_CORPUS there is no corpus to compare with', async t => {
    t.comment("set POOLGUARD_CORPUS to the folder of corpus-pools.jsonl to compare with MetalLB's verdicts")
    for (const { why } of DIFFERENCES.values()) t.match(why, /\S/)
  })
}
