import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import { decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { Collector } from '../../src/ledger/collector.ts'
import { TTL_MS } from '../../src/ledger/limits.ts'

for (const isFirst of [true, false]) {
  await test(`a blank ledger is written into ${isFirst ? 'at once when it is the first' : 'once it may be gone by'}`, async t => {
    let nowMs = 0
    let text: string | undefined
    let puts = 0
    const collector = new Collector({
      store: {
        async read() {
          const read = decodeLedger(text, { version: String(puts), lineage: 'a' })
          return read.ok ? { ...read, isFirst } : read
        },
        async put(ledger) {
          puts += 1
          text = encodeLedger(ledger)
          return 'stored'
        }
      },
      objects: {
        areRevisionsComparable: true,
        view: () => new Inventory(),
        revision: () => 0n,
        timesReplaced: 0,
        list: async () => true,
        stored: async () => new Map()
      },
      clock: { nowMs: () => nowMs, sleep: async () => {}, within: work => work, random: () => 0 },
      newId: () => '',
      observe: () => {}
    })
    const problem = isFirst ? undefined : 'lost'
    t.match(await collector.collect(), { problem, inFlight: 0 })
    t.equal(puts, isFirst ? 1 : 0)
    nowMs = TTL_MS
    for (let round = 0; round < 2; round++) t.match(await collector.collect(), { problem: undefined })
    t.equal(puts, 1, 'once')
  })
}
