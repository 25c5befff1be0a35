import { test } from 'tap'
import { readinessOf } from '../../src/cli/readiness.ts'
import type { WatchStatus } from '../../src/cluster/watch-health.ts'
import type { Watcher } from '../../src/cluster/watcher.ts'

const STATUS: WatchStatus = {
  kind: 'Node',
  state: 'synced',
  objects: 3,
  lastError: undefined,
  lastEventAgeMs: 12_400,
  restarts: 0,
  relists: 0,
  garbageLines: 0
}
const UNREAD: WatchStatus = {
  ...STATUS,
  kind: 'Vpc',
  state: 'failing',
  objects: 0,
  lastError: 'conversion webhook failed',
  lastEventAgeMs: undefined
}

const POLICIES = () => [{ name: 'policies', ok: true, detail: 'f' }]

function watcherOf(statuses: readonly WatchStatus[], synced: Promise<boolean>): Watcher {
  return {
    synced: () => synced,
    status: () => statuses,
    unreadable: () => [],
    watched: () => undefined,
    stop: async () => {}
  }
}

function inventory(statuses: readonly WatchStatus[], atMs: number): string {
  let nowMs = 0
  const ready = readinessOf({ watcher: watcherOf(statuses, new Promise(() => {})) }, POLICIES, () => nowMs)
  nowMs = atMs
  const check = ready().find(({ name }) => name === 'inventory')
  return `${check?.ok ? '+' : '-'} ${check?.detail}`
}

await test('readinessOf() waits for the first list, a minute for some kinds, for ever for all', async t => {
  t.equal(inventory([STATUS, UNREAD], 59_000), '- not read yet: Vpc')
  t.equal(inventory([STATUS, UNREAD], 61_000), '+ not read yet, and not waited for: Vpc')
  t.equal(inventory([UNREAD, { ...UNREAD, kind: 'Node' }], 3_600_000), '- not read yet: Vpc, Node')
  const forbidden = { ...UNREAD, kind: 'Node', state: 'forbidden' } as const
  t.equal(
    inventory([forbidden, UNREAD], 61_000),
    '+ not read yet, and not waited for: Vpc',
    'a refusal is an answer'
  )
  const ready = readinessOf({ watcher: watcherOf([STATUS], Promise.resolve(true)) }, POLICIES, () => 0)
  await Promise.resolve()
  t.strictSame(ready(), [
    { name: 'policies', ok: true, detail: 'f' },
    { name: 'inventory', ok: true, detail: 'read once' },
    { name: 'inventory/Node', ok: true, detail: 'synced, 3 objects, heard 12 s ago' }
  ])
  t.ok(
    readinessOf({ watcher: undefined }, POLICIES, () => 0)().every(({ ok }) => ok),
    'files are read already'
  )
})
