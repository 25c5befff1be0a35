import * as fc from 'fast-check'
import { test } from 'tap'
import { decide, worldOf } from '../../src/admission/widening/decision.ts'
import { loosenings } from '../../src/policy/widening/loosenings.ts'
import { EXISTING, KNOWN, loaded, pairs, requests } from './arbitraries.ts'

/** `POOLGUARD_WIDENING_MS=600000` looks longer; the same requests are tried on every pair. */
const MILLISECONDS = Number(process.env['POOLGUARD_WIDENING_MS'] ?? 10_000)
const REQUESTS = 60
const NOW = Date.parse('2026-11-25')

await test(
  'whatever a random proposal lets through that its base refuses is suspected',
  { timeout: MILLISECONDS * 3 + 60_000 },
  async t => {
    const world = worldOf(EXISTING)
    const counts = { runs: 0, pairs: 0, unsuspected: 0, refused: 0 }
    const seed = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 2 ** 31)
    const all = fc.sample(requests, { numRuns: 1_000, seed })
    const property = fc.asyncProperty(pairs, fc.nat(), async ([one, other], from) => {
      counts.runs++
      const [base, proposal] = [loaded(one), loaded(other)]
      if (base === undefined || proposal === undefined) return
      counts.pairs++
      const found = loosenings(base, proposal, { knownRules: KNOWN, nowMs: NOW })
      if (found.length > 0) return
      counts.unsuspected++
      for (const nowMs of [NOW, Date.parse('2027-02-15')]) {
        for (let i = 0; i < REQUESTS; i++) {
          const request = all[(from + i) % all.length]
          const before = request && (await decide(request, world, { snapshot: base, nowMs }))
          if (request === undefined || before === undefined || before.allowed) continue
          counts.refused++
          const after = await decide(request, world, { snapshot: proposal, nowMs })
          if (after?.allowed === true)
            throw new Error(`${before.rules.join(',')}: ${JSON.stringify(request)} ${nowMs}`)
        }
      }
    })
    const started = Date.now()
    const result = await fc.check(property, {
      numRuns: 1_000_000,
      interruptAfterTimeLimit: MILLISECONDS,
      seed,
      endOnFailure: process.env['POOLGUARD_SHRINK'] === undefined
    })
    t.comment(`${JSON.stringify(counts)} in ${Date.now() - started} ms, seed ${result.seed}`)
    if (result.failed && result.counterexample !== null) {
      const [[base, proposal]] = result.counterexample
      t.fail(
        `${String(result.errorInstance)}\nBASE ${JSON.stringify(base)}\nPROPOSAL ${JSON.stringify(proposal)}`
      )
    }
    t.ok(counts.unsuspected > 3, 'pairs without a suspicion')
  }
)
