import { test } from 'tap'
import { manifestFiles } from '../../src/cli/manifests.ts'
import { items, member, text, isJsonObject } from '../cluster/json.ts'
import type { JsonObject } from '../cluster/json.ts'

const SILENT = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }

/** Seats of an API server with default flags, and the shares of Kubernetes' own levels (its bootstrap configuration). */
const SEATS = 600
const OTHER_SHARES = 30 + 40 + 10 + 40 + 100 + 20 + 5

/** The largest part of a level that one call may take (priorityLevelMaxSeatsPercent, k8s.io/apiserver pkg/util/flowcontrol). */
const WIDEST_CALL = 0.15

const REPLICAS = 3

async function manifests(namespace: string): Promise<readonly JsonObject[]> {
  const options = { policies: [], namespace, image: 'x', replicas: REPLICAS, only: ['rbac'] as const }
  const files = await manifestFiles(options, SILENT)
  return files.flatMap(({ objects }) => objects.filter(isJsonObject))
}

function spec(objects: readonly JsonObject[], kind: string): JsonObject {
  const [object, ...more] = objects.filter(one => one['kind'] === kind)
  if (object === undefined || more.length > 0) throw new Error(`not one ${kind}`)
  return member(object, 'spec')
}

await test('calls of the ServiceAccount, and no others, go to a priority level of their own', async t => {
  const objects = await manifests('guard')
  const flow = spec(objects, 'FlowSchema')
  const [rule, ...more] = items(flow, 'rules')
  t.same(more, [])
  t.same(rule?.['subjects'], [
    { kind: 'ServiceAccount', serviceAccount: { name: 'poolguard', namespace: 'guard' } }
  ])
  const level = objects.find(({ kind }) => kind === 'PriorityLevelConfiguration') ?? {}
  t.equal(text(member(flow, 'priorityLevelConfiguration'), 'name'), text(member(level, 'metadata'), 'name'))
  const precedence = Number(flow['matchingPrecedence'])
  t.ok(precedence > 900 && precedence < 9000, `${precedence} comes before service-accounts`)
  t.match(flow, { distinguisherMethod: { type: 'ByNamespace' } }, 'the ledger does not queue behind lists')
})

await test('the level has seats for what three replicas ask at once, and lends none of them', async t => {
  const limited = member(spec(await manifests('poolguard'), 'PriorityLevelConfiguration'), 'limited')
  const shares = Number(limited['nominalConcurrencyShares'])
  const seats = Math.ceil((SEATS * shares) / (OTHER_SHARES + shares))
  const list = Math.ceil(seats * WIDEST_CALL)
  t.ok(seats >= REPLICAS * (1 + list + 3), `${seats} seats, ${list} for a page of a list`)
  t.ok(seats <= SEATS / 20, 'and takes little from others')
  t.equal(limited['lendablePercent'], 0)
  t.match(limited, { limitResponse: { type: 'Queue' } })
})
