import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { guardEventLoop } from '../../src/server/event-loop.ts'

function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

await test('guardEventLoop() bears one stall, and not two in a row', async t => {
  const guard = guardEventLoop(300)
  t.teardown(guard.stop)
  await sleep(250)
  block(700)
  await sleep(1)
  t.ok(guard.keepsUp(), 'one long review is no overload')
  const worst = guard.takeWorstLagMs()
  t.ok(worst > 400 && worst < 3_000, 'it is measured', { worst })
  block(700)
  await sleep(1)
  t.notOk(guard.keepsUp(), 'the second in a row')
  await sleep(450)
  t.ok(guard.keepsUp(), 'and over as soon as one turn was in time')
  guard.takeWorstLagMs()
  t.ok(guard.takeWorstLagMs() < 300, 'counted anew')
})
