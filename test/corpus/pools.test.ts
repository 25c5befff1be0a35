import { test } from 'tap'
import { isRecord } from '../../src/kinds/decode.ts'
import { corpusRows } from './corpus-rows.ts'
import { DIFFERENCES } from './differences.ts'
import { verdictOf, type BGPType, type Verdict, type Write } from './verdict.ts'

interface Row extends Write {
  readonly id: string
  readonly kind: string
  /** METALLB_BGP_TYPE; `unset-...` for MetalLB's own tests, which check nothing that depends on it. */
  readonly bgp_type: string
  /** What MetalLB's webhook answers. */
  readonly expect: 'allow' | 'deny'
  /** It admits the object, and MetalLB then refuses its whole configuration. */
  readonly gap?: boolean
}

/** The corpus is our own data, so one field tells. */
function isRow(value: unknown): value is Row {
  return isRecord(value) && typeof value['bgp_type'] === 'string'
}

/** MetalLB's own verdicts. */
const ROWS = corpusRows('corpus-pools.jsonl', isRow)

function bgpTypeOf({ bgp_type: type }: Row): BGPType {
  return type === 'native' || type === 'frr-k8s' ? type : 'frr-k8s-external'
}

/** Kinds on which poolguard only warns: there a warning is what a denial of MetalLB's is. */
const ADVISED = ['BGPPeer', 'BFDProfile']

function answerOf({ kind }: Row, { allowed, warned }: Verdict): 'allow' | 'deny' {
  const isFine = ADVISED.includes(kind) ? allowed && warned.length === 0 : allowed
  return isFine ? 'allow' : 'deny'
}

if (ROWS !== undefined) {
  const verdicts = await Promise.all(
    ROWS.map(async row => ({ row, verdict: await verdictOf(row, bgpTypeOf(row)) }))
  )

  await test("the verdict is MetalLB's, but for the listed differences", async t => {
    t.ok(verdicts.length >= 332, `${verdicts.length} rows`)
    const seen = new Set<string>()
    for (const { row, verdict } of verdicts) {
      const difference = DIFFERENCES.get(row.id)
      if (difference !== undefined) seen.add(row.id)
      t.equal(answerOf(row, verdict), difference?.poolguard ?? row.expect, `${row.id}: ${verdict.denied[0]}`)
      if (difference !== undefined) t.not(difference.poolguard, row.expect, `${row.id} is a difference`)
    }
    t.same([...seen].toSorted(), [...DIFFERENCES.keys()].toSorted(), 'every listed difference was met')
  })

  await test('nothing that breaks MetalLB is admitted without a word', async t => {
    const gaps = verdicts.filter(({ row }) => row.gap === true)
    t.ok(gaps.length >= 19, `${gaps.length} rows`)
    for (const { row, verdict } of gaps) t.not(verdict.denied.length + verdict.warned.length, 0, row.id)
  })

  await test('where poolguard only advises, it denies nothing', async t => {
    for (const { row, verdict } of verdicts.filter(each => ADVISED.includes(each.row.kind)))
      t.ok(verdict.allowed, row.id)
  })
} else {
  await test('without POOLGUARD_CORPUS there is no corpus to compare with', async t => {
    t.comment("set POOLGUARD_CORPUS to the folder of corpus-pools.jsonl to compare with MetalLB's verdicts")
    for (const { why } of DIFFERENCES.values()) t.match(why, /\S/)
  })
}
