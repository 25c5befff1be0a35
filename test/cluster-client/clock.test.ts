import { test } from 'tap'
import { systemClock } from '../../src/cli/clock.ts'
import { within } from '../../src/cluster/clock.ts'

await test('what the work comes to, unless it takes too long', async t => {
  const clock = systemClock()
  t.equal(await within(clock, Promise.resolve('done'), 1_000), 'done')
  await t.rejects(within(clock, Promise.reject(new Error('failed')), 1_000), { message: 'failed' })
  t.equal(await within(clock, new Promise(() => {}), 10), undefined)
  let fail = (_: Error) => {}
  const work = new Promise<string>((_, reject) => (fail = reject))
  t.equal(await within(clock, work, 10), undefined)
  fail(new Error('nobody listens'))
  await new Promise(resolve => setImmediate(resolve))
  t.pass('which ends no process')
})

await test('a timer that is not needed any more does not hold the process', async t => {
  let isCancelled = false
  const clock = { ...systemClock(), after: () => () => void (isCancelled = true) }
  await within(clock, Promise.resolve(), 60_000)
  await new Promise(resolve => setImmediate(resolve))
  t.ok(isCancelled)
})
