import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import { COLLECT_EVERY_MS, TTL_MS } from '../../src/ledger/limits.ts'
import { Random } from '../histories/random.ts'
import { folderFor, startChild, type Child } from './processes.ts'
import { promises } from './promises.ts'
import { raced, SETS, unreachable } from './race.ts'
import {
  asked,
  createReview,
  LATER,
  MINE,
  objectOf,
  OTHERS,
  outlive,
  replicasOf,
  two,
  type Wish
} from './replicas.ts'
import { storingApiServer, type StoringApiServer } from './storing-api-server.ts'

for (const [name, isWritten] of [
  ['2 s, so that the claim is written after all', true],
  ['10 s, so that the claim is never written', false]
] as const) {
  await test(`row 10: a put of the ledger takes ${name}`, async t => {
    const storing = await storingApiServer(t)
    const [world, healthy] = await two(t, storing)
    const slow = storing.hold('before', ({ isPut, caller }) => isPut && caller === 'replica-0')
    const startedMs = performance.now()
    const answers = await Promise.all([MINE, MINE, MINE, MINE, MINE].map(wish => asked(world, wish)))
    const tookMs = performance.now() - startedMs
    t.ok(tookMs < 4_000, 'all are answered a second before the API server gives up', { tookMs })
    for (const answer of answers) t.match(answer, LATER)
    t.match(answers[0], { message: /^It is not known/ })
    await promises(t, world, 'while it lasts')
    storing.letThrough()
    if (isWritten) slow.open()
    await sleep(100)
    t.strictSame(storing.claimants(), isWritten ? ['mine'] : [], 'what came of it')
    if (isWritten) t.match(await asked(healthy, OTHERS), LATER, 'nobody else has it')
    t.match(await asked(world, MINE), { code: 200 }, 'its own retry passes')
    t.match(await asked(healthy, OTHERS), LATER)
    t.strictSame(storing.claimants(), ['mine'])
    await promises(t, world, 'afterwards')
    await outlive([world, healthy])
    t.strictSame(storing.claimants(), [])
    t.match(await asked(healthy, OTHERS), { code: 200 })
  })
}

await test('row 10: the ledger cannot be read in time', async t => {
  const storing = await storingApiServer(t)
  const [world] = await two(t, storing)
  storing.hold('before', ({ isPut }) => !isPut)
  t.match(await asked(world, MINE), { ...LATER, message: /could not be read/ })
  await promises(t, world, 'while it lasts')
  t.strictSame(storing.claimants(), [])
  storing.letThrough()
  t.match(await asked(world, MINE), { code: 200 })
  await promises(t, world, 'afterwards')
})

await test('row 10: each call is slow, and somebody else is always first', async t => {
  const storing = await storingApiServer(t)
  const [world] = await two(t, storing)
  storing.delay(async () => {
    await sleep(200)
    if (storing.ledger !== undefined) storing.ledger.revision += 1
  })
  const startedMs = performance.now()
  t.match(await asked(world, MINE), { ...LATER, message: /^Many writes/ })
  const tookMs = performance.now() - startedMs
  t.ok(tookMs < 4_000, 'it gives up in time', { tookMs })
  await promises(t, world, 'while it lasts')
})

/** A replica as a process of its own, by token `secret`, with a ledger. */
async function childOf(t: Test, storing: StoringApiServer): Promise<Child> {
  const pathSecret = randomBytes(32).toString('hex')
  return startChild(t, folderFor(t, storing.fake), { flags: ['--ledger=poolguard'], pathSecret })
}

/** Kills the process in the midst of the request, and sees that its caller learns so at once. */
async function killed(t: Test, child: Child, asking: Promise<unknown>): Promise<void> {
  const broken = asking.then(
    () => 'answered',
    () => 'broken'
  )
  const startedMs = performance.now()
  child.process.kill('SIGKILL')
  t.equal(await broken, 'broken')
  const tookMs = performance.now() - startedMs
  t.ok(tookMs < 1_000, 'the caller is told at once', { tookMs })
}

await test('row 38: kill -9 before there is a claim', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  const child = await childOf(t, storing)
  const reading = storing.hold('before', ({ caller, isPut }) => caller === 'secret' && !isPut)
  const asking = child.ask(createReview(objectOf(MINE), MINE.name))
  await reading.reached
  await killed(t, child, asking)
  await promises(t, a, 'on another replica')
  reading.open()
  t.strictSame(storing.claimants(), [])
  t.match(await asked(b, OTHERS), { code: 200 }, 'nobody waits for it')
  await promises(t, b, 'afterwards')
})

await test('row 38: kill -9 while the claim is on its way, which comes to be stored all the same', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  const child = await childOf(t, storing)
  const writing = storing.hold('before', ({ caller, isPut }) => caller === 'secret' && isPut)
  const asking = child.ask(createReview(objectOf(MINE), MINE.name))
  await writing.reached
  await killed(t, child, asking)
  writing.open()
  await sleep(50)
  t.strictSame(storing.claimants(), ['mine'])
  t.match(await asked(b, OTHERS), LATER)
  await promises(t, a, 'while the claim is left')
  await outlive([a, b])
  t.strictSame(storing.claimants(), [], 'its time is up')
  t.match(await asked(b, OTHERS), { code: 200 })
  await promises(t, b, 'afterwards')
})

await test('row 39: kill -9 between claim and answer', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  const child = await childOf(t, storing)
  const answering = storing.hold('after', ({ caller, isPut }) => caller === 'secret' && isPut)
  const asking = child.ask(createReview(objectOf(MINE), MINE.name))
  await answering.reached
  await killed(t, child, asking)
  answering.open()
  t.strictSame(storing.claimants(), ['mine'])
  await promises(t, a, 'while the claim is left')
  t.match(await asked(b, OTHERS), LATER, 'it holds the addresses')
  const retried = objectOf(MINE)
  t.match(await asked(a, MINE, retried), { code: 200 }, 'its own retry passes at once')
  t.match(await asked(b, OTHERS), LATER)
  t.equal(storing.create(retried), 201)
  t.match(await asked(b, OTHERS), { code: 403 }, 'by what is stored')
  await outlive([a, b])
  t.strictSame(storing.claimants(), [])
  t.match(await asked(b, OTHERS), { code: 403 })
  await promises(t, b, 'afterwards')
})

await test('row 43: allowed, then rejected by another webhook or a quota, then tried again', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  t.match(await asked(a, MINE), { code: 200 })
  await promises(t, b, 'after it was rejected')
  t.match(await asked(b, MINE), { code: 200 }, 'the same owner at once, whoever answers')
  for (const world of [a, b]) t.match(await asked(world, OTHERS), LATER, 'others wait')
  for (const { ledger } of [a, b]) {
    await ledger.collector.collect()
    // The rounds of this test take less than a second.
    ledger.advance(TTL_MS - 2_000)
    await ledger.collector.collect()
  }
  t.match(await asked(b, OTHERS), LATER, 'until its time is up')
  a.ledger.advance(2_000 + COLLECT_EVERY_MS)
  await a.ledger.collector.collect()
  t.strictSame(storing.claimants(), [], 'one collector is enough')
  const other = objectOf(OTHERS)
  t.match(await asked(b, OTHERS, other), { code: 200 })
  t.match(await asked(a, MINE), LATER, 'the first one comes too late now')
  t.equal(storing.create(other), 201)
  t.match(await asked(a, MINE), { code: 403 })
  await b.ledger.collector.collect()
  t.strictSame(storing.claimants(), [], 'what is stored needs no claim')
  await promises(t, a, 'afterwards')
})

for (const [name, paused] of [
  ['', undefined],
  [', the watch of one being paused', 'replica-0']
] as const) {
  await test(`row 42: of 3 replicas with 24 creates at once, one of each overlapping set is stored${name}`, async t => {
    const storing = await storingApiServer(t)
    const worlds = await replicasOf(t, storing, 3)
    const seed = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 1_000_000)
    t.comment(`POOLGUARD_SEED=${seed}`)
    const random = new Random(seed)
    storing.delay(() => sleep(random.below(4)))
    for (let round = 0; round < 4; round++) {
      storing.paused = paused
      const { stored, codes } = await raced(storing, worlds, random)
      for (const set of SETS) {
        t.equal(stored.filter(create => create.set === set).length, 1, `round ${round}, set ${set}`)
      }
      t.strictSame(
        codes.filter(code => ![201, 403, 429].includes(code)),
        []
      )
      for (const { ledger } of worlds) await ledger.collector.collect()
      t.strictSame(storing.claimants(), [], 'all are stored')
      for (const set of SETS) {
        for (const world of worlds) {
          t.match(
            await asked(world, { name: 'late', first: set, last: set }),
            { code: 403 },
            'who comes late'
          )
        }
      }
      if (round === 0) await promises(t, worlds[0] ?? unreachable(), 'while it lasts')
      storing.paused = undefined
      for (const { wish } of stored) storing.delete(wish.name)
    }
    await promises(t, worlds[1] ?? unreachable(), 'afterwards')
  })
}

await test('row 44: two that write the ledger at once, a collector and a replica that answers', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  const mine = objectOf(MINE)
  t.match(await asked(a, MINE, mine), { code: 200 })
  storing.create(mine)
  const collecting = storing.hold('before', ({ isPut, caller }) => isPut && caller === 'replica-0')
  const collected = a.ledger.collector.collect()
  await collecting.reached
  const beside: Wish = { name: 'beside', first: 240, last: 242 }
  t.match(await asked(b, beside), { code: 200 })
  t.match(await b.ledger.collector.collect(), { stored: 1, inFlight: 1 })
  await promises(t, b, 'while one is behind')
  collecting.open()
  t.match(await collected, { stored: 0, expired: 0 }, 'who comes second has done nothing')
  t.strictSame(storing.claimants(), ['beside'], 'and no claim is lost')
  await promises(t, a, 'afterwards')
})

await test('row 44: two replicas that have both found the addresses free', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  const claiming = storing.hold('before', ({ isPut, caller }) => isPut && caller === 'replica-0')
  const first = asked(a, MINE)
  await claiming.reached
  t.match(await asked(b, OTHERS), { code: 200 })
  await promises(t, b, 'while one is behind')
  claiming.open()
  t.match(await first, LATER, 'it looks again')
  t.strictSame(storing.claimants(), ['others'])
  await promises(t, a, 'afterwards')
})

await test('row 44: two replicas that both make a lost ledger anew', async t => {
  const storing = await storingApiServer(t)
  const [a, b] = await two(t, storing)
  t.match(await asked(a, MINE), { code: 200 })
  storing.ledger = undefined
  for (const { ledger } of [a, b]) await ledger.collector.collect()
  for (const world of [a, b]) t.match(await asked(world, OTHERS), { code: 503 }, 'MINE may yet be stored')
  await promises(t, a, 'while there is none')
  const making = storing.hold('before', ({ isPut, caller }) => isPut && caller === 'replica-0')
  for (const { ledger } of [a, b]) ledger.advance(TTL_MS)
  const made = a.ledger.collector.collect()
  await making.reached
  await b.ledger.collector.collect()
  t.match(await asked(b, OTHERS), { code: 200 }, 'in the new one')
  making.open()
  await made
  t.strictSame(storing.claimants(), ['others'], 'which is not made twice')
  for (const world of [a, b]) t.match(await asked(world, MINE), LATER, 'both go by it')
  await promises(t, b, 'afterwards')
})
