import { test } from 'tap'
import { PolicyFollower, type FollowerTimings } from '../../../src/cli/reload/policy-follower.ts'
import { readAtStart, type Reading } from '../../../src/cli/reload/reading.ts'
import { FakeClock } from './fake-clock.ts'

/** A follower of files that are whatever `now` is, and what it does. */
class Scene {
  readonly clock = new FakeClock()
  readonly offered: string[] = []
  readonly readAtMs: number[] = []
  unsettled = 0
  renewed = 0
  closed = 0
  /** What the next reading finds. */
  now: () => string
  sign: () => void = () => {}
  readonly follower: PolicyFollower

  constructor(now: () => string, timings: Partial<FollowerTimings> = {}) {
    this.now = now
    const read = (): Reading => {
      this.readAtMs.push(this.clock.nowMs())
      return { stamp: this.now(), files: [] }
    }
    this.follower = new PolicyFollower({
      ports: {
        read,
        watch: changed => {
          this.sign = changed
          return { renew: () => this.renewed++, close: () => this.closed++ }
        },
        clock: this.clock
      },
      first: { stamp: 'a', files: [] },
      offer: ({ stamp }) => this.offered.push(stamp),
      unsettled: () => this.unsettled++,
      timings
    })
  }
}

await test('a change is offered once, 500 ms after its last sign and after two readings that agree', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  t.same(scene.offered, [], 'what is in force already is not offered')
  scene.now = () => 'b'
  scene.sign()
  scene.clock.pass(300)
  scene.sign()
  scene.clock.pass(499)
  t.same(scene.offered, [])
  scene.clock.pass(1)
  t.same(scene.offered, [], 'one reading is not enough')
  scene.clock.pass(100)
  t.same(scene.offered, ['b'])
  t.same(scene.readAtMs.slice(-2), [1_800, 1_900])
  scene.sign()
  scene.clock.pass(60_000)
  t.same(scene.offered, ['b'], 'a state is offered once')
  scene.now = () => 'c'
  scene.sign()
  scene.clock.pass(600)
  t.same(scene.offered, ['b', 'c'], 'and the next one as soon')
})

await test('files that are written one after the other are offered as they are in the end alone', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  for (const state of ['a+b', 'a+b+c', 'b+c']) {
    scene.now = () => state
    scene.sign()
    scene.clock.pass(400)
  }
  scene.clock.pass(1_000)
  t.same(scene.offered, ['b+c'])
})

await test('readings that disagree are read again, and the last two must agree', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  const states = ['torn 1', 'torn 2', 'b']
  scene.now = () => states.shift() ?? 'b'
  scene.sign()
  scene.clock.pass(5_000)
  t.same(scene.offered, ['b'])
})

await test('what is back to what it was when it holds still is not offered', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  const states = ['torn', 'a', 'a']
  scene.now = () => states.shift() ?? 'a'
  scene.sign()
  scene.clock.pass(5_000)
  t.same(scene.offered, [])
})

await test('files that never hold still are given up after 20 readings, told, and looked at again', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  let count = 0
  scene.now = () => `state ${count++}`
  scene.sign()
  scene.clock.pass(500 + 19 * 100)
  t.equal(count, 20)
  t.equal(scene.unsettled, 1)
  t.same(scene.offered, [])
  scene.now = () => 'b'
  scene.clock.pass(9_999)
  t.same(scene.offered, [], 'not before the next look')
  scene.clock.pass(101)
  t.same(scene.offered, ['b'])
})

await test('signs that never end put a look off for 5 s and no longer', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  scene.now = () => 'b'
  for (let i = 0; i < 60; i++) {
    scene.sign()
    scene.clock.pass(100)
  }
  t.same(scene.offered, ['b'])
  t.equal(scene.readAtMs.at(1), 6_000)
})

await test('without any sign there is a look every 10 s, and one right after the start', async t => {
  const scene = new Scene(() => 'changed before the watch began')
  scene.clock.pass(600)
  t.same(scene.offered, ['changed before the watch began'])
  scene.now = () => 'b'
  scene.clock.pass(10_000)
  t.same(scene.offered.length, 1)
  scene.clock.pass(100)
  t.same(scene.offered.at(-1), 'b')
  t.equal(scene.renewed, 2, 'the watch is renewed before each look')
})

await test('after stop() nothing is read or offered', async t => {
  const scene = new Scene(() => 'a')
  scene.clock.pass(1_000)
  scene.now = () => 'b'
  scene.sign()
  scene.clock.pass(550)
  scene.follower.stop()
  scene.sign()
  t.equal(scene.clock.pending, 0)
  t.equal(scene.closed, 1)
  scene.clock.pass(60_000)
  t.same(scene.offered, [])
  const waiting = new Scene(() => 'a')
  waiting.clock.pass(1_000)
  waiting.follower.stop()
  waiting.sign()
  t.equal(waiting.clock.pending, 0)
})

await test('at the start files are read until two readings agree, five times at most', async t => {
  const reader = (...stamps: string[]) => {
    let reads = 0
    return { read: (): Reading => ({ stamp: stamps[reads++] ?? 'last', files: [] }), reads: () => reads }
  }
  const calm = reader('a', 'a', 'b')
  t.equal(readAtStart(calm.read).stamp, 'a')
  t.equal(calm.reads(), 2)
  t.equal(readAtStart(reader('torn', 'a', 'a', 'b').read).stamp, 'a')
  const wild = reader('1', '2', '3', '4', '5', '6')
  t.equal(readAtStart(wild.read).stamp, '5')
  t.equal(wild.reads(), 5)
})
