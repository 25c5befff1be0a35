import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { corpusRows } from './corpus-rows.ts'
import { DIFFERENT } from './policy-differences.ts'
import { converted, isRow, ruleOf, type Row } from './policy-rows.ts'

const API_VERSION = 'poolguard.io/v1alpha1'
const NAMESPACE = 'acme'

/** A plan that gives all tenants one pool, and the row's policy for all tenants. */
function policiesOf(row: Row): readonly unknown[] {
  const { spec } = converted(row)
  const plan = { metallb: { namespace: 'metallb-system' }, globalPool: { ipAddressPool: 'corpus' } }
  return [
    { apiVersion: API_VERSION, kind: 'NetworkPlan', metadata: { name: 'corpus' }, spec: plan },
    {
      apiVersion: API_VERSION,
      kind: 'ExposurePolicy',
      metadata: { name: 'corpus' },
      spec: { appliesTo: { tenants: ['*'] }, ...spec }
    }
  ]
}

/** undefined for a policy that is refused: then nothing is admitted. */
function snapshotFor(row: Row): PolicySnapshot | undefined {
  try {
    return snapshotOf(
      policiesOf(row).map((document, i) => ({ path: `${i}.yaml`, text: JSON.stringify(document) }))
    )
  } catch {
    return undefined
  }
}

function inNamespace(object: unknown): unknown {
  const metadata = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {}
  const named = { ...metadata, namespace: NAMESPACE }
  return { apiVersion: 'v1', kind: 'Service', ...(isRecord(object) ? object : {}), metadata: named }
}

function suiteOf(row: Row): unknown {
  const pool = { name: 'corpus', namespace: 'metallb-system' }
  const existing = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: { tenant: 'acme' } } },
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: pool,
      spec: { addresses: converted(row).pool.map(text => (/[-/]/.test(text) ? text : `${text}-${text}`)) }
    },
    ...(row.context ?? []).map(inNamespace)
  ]
  const request = { object: inNamespace(row.object), user: { username: 'alice' } }
  const rule = ruleOf(row)
  const expect =
    row.expect === 'allow'
      ? { allowed: true }
      : { allowed: false, ...(rule && { rules: [rule], exactly: true }) }
  const cases = [{ name: row.id, request, expect }]
  return { apiVersion: API_VERSION, kind: 'PolicyTest', metadata: { name: 'row' }, spec: { existing, cases } }
}

/** Whether the answer is the row's. */
async function agrees(row: Row): Promise<boolean> {
  const snapshot = snapshotFor(row)
  if (snapshot === undefined) return row.expect === 'deny'
  const [document] = readYaml(row.id, JSON.stringify(suiteOf(row))).documents
  const suite = document && decodePolicyTest({ path: row.id, document })
  if (!suite?.ok) throw new Error(`${row.id}: no suite: ${JSON.stringify(suite?.errors)}`)
  const [result] = await runSuite(suite.value, snapshot)
  if (result === undefined) throw new Error(`${row.id}: no case ran`)
  return result.failures.length === 0
}

await test('all policies on Services decide as they do elsewhere, but for the listed differences', async t => {
  const rows = corpusRows('corpus-policies.jsonl', isRow)
  if (rows === undefined) {
    t.pass('NOT RUN: POOLGUARD_CORPUS names no folder with corpus-policies.jsonl')
    return
  }
  t.ok(rows.length >= 138, `${rows.length} rows`)
  let agreeing = 0
  for (const row of rows) {
    const isAgreed = await agrees(row)
    if (isAgreed) agreeing++
    const difference = DIFFERENT.get(row.id)
    if (difference === undefined) t.ok(isAgreed, row.id)
    else t.notOk(isAgreed, `${row.id}: ${difference}`)
  }
  t.comment(`${agreeing} of ${rows.length} rows agree`)
  const ids = new Set(rows.map(({ id }) => id))
  for (const id of DIFFERENT.keys()) t.ok(ids.has(id), `${id} is a row`)
})
