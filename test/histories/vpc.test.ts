import { test } from 'tap'
import { EVERYBODY, play } from './history.ts'
import { reconcile, subnetsOf } from './kube-ovn.ts'
import { asStored, modelCase, modelFile, modelVerdicts, type ModelCase } from './model.ts'
import { ADMINISTRATOR, historyPolicies, KUBE_OVN, MODELLED, type HistoryPolicy } from './policy.ts'
import { Random } from './random.ts'
import { eipJson, vpcJson, World } from './world.ts'
import type { EipJson, Verdict, VpcJson, Write } from './world.ts'

/** Histories compared with the model, and such without it. */
const COMPARED = 10_000
const PLAYED = 1_500
const LENGTH = 8

/** Histories whose cases go to one run of the model. */
const BATCH = 1_000

const SEED = Number(process.env['POOLGUARD_SEED'] ?? 20261123)

/** Every policy in turn, every other history messy, every other prompt, each with a seed of its own. */
function options(i: number, policies: readonly [HistoryPolicy, ...HistoryPolicy[]]) {
  const policy = policies[i % policies.length] ?? policies[0]
  const turn = Math.floor(i / policies.length)
  const random = new Random(SEED + i)
  return { policy, random, length: LENGTH, users: EVERYBODY, isMessy: turn % 2 === 0, isPrompt: turn % 4 < 2 }
}

interface Compared {
  readonly verdict: Verdict
  readonly asked: ModelCase
}

await test('decisions in random histories agree with the reference model', async t => {
  const file = modelFile()
  if (file === undefined) {
    t.pass('NOT RUN: POOLGUARD_MODELS names no folder with vpc_rules.py')
    return
  }
  const policies = historyPolicies()
  const counts = { decisions: 0, denied: 0, ratchet: 0 }
  for (let first = 0; first < COMPARED; first += BATCH) {
    const all: Compared[] = []
    for (let i = first; i < first + BATCH; i++) {
      const given = options(i, policies)
      await play({ ...given, users: [...EVERYBODY, KUBE_OVN] }, decision => {
        all.push({ verdict: decision.verdict, asked: modelCase(decision, given.policy.model) })
      })
    }
    const unexplained = compare(file, all, counts)
    if (unexplained.length > 0)
      t.fail(`seed ${SEED}, histories from ${first}: ${JSON.stringify(unexplained[0])}`)
  }
  t.comment(`seed ${SEED}: ${COMPARED} histories, ${JSON.stringify(counts)}`)
  t.ok(
    counts.denied > counts.decisions / 10 && counts.denied < (counts.decisions * 9) / 10,
    'both verdicts occur'
  )
})

/** The cases in which poolguard and the model differ and the ratchet is not why. */
function compare(
  file: string,
  all: readonly Compared[],
  counts: { decisions: number; denied: number; ratchet: number }
): readonly unknown[] {
  const verdicts = modelVerdicts(
    file,
    all.map(({ asked }) => asked)
  )
  counts.decisions += all.length
  counts.denied += verdicts.filter(({ allowed }) => !allowed).length
  const different = all.flatMap(({ verdict, asked }, i) => {
    const model = verdicts[i]
    const rule = MODELLED[model?.reason ?? '']?.[asked.object.kind]
    const agree =
      model?.allowed === verdict.allowed && (verdict.allowed || verdict.denied.includes(rule ?? ''))
    return agree ? [] : [{ asked, verdict, model }]
  })
  const excusable = different.flatMap(one => {
    const stored = one.verdict.allowed ? asStored(one.asked) : undefined
    return stored === undefined ? [] : [{ ...one, stored }]
  })
  const asStoredVerdicts =
    excusable.length === 0
      ? []
      : modelVerdicts(
          file,
          excusable.map(({ stored }) => stored)
        )
  const excused = new Set(
    excusable
      .filter(
        ({ model }, i) => model?.reason !== 'ForeignPool' && asStoredVerdicts[i]?.reason === model?.reason
      )
      .map(({ asked }) => asked)
  )
  counts.ratchet += excused.size
  return different.filter(({ asked }) => !excused.has(asked))
}

/** Whether the write's Vpc, as stored, is a router that the OVN bug breaks for a tenant's pool. */
function isBroken(world: World, { model }: HistoryPolicy): boolean {
  return world.objects.some(object => {
    if (object.kind !== 'Vpc') return false
    const subnets = subnetsOf(world, object, model.defaultExternalSubnet)
    return subnets.size >= 2 && [...subnets].some(name => !model.globalPools.includes(name))
  })
}

await test('no history leads to a router with a per-tenant port among several, while that is blocked', async t => {
  for (const version of ['1.15', '1.13']) {
    const policies = historyPolicies(version)
    const counts = { decisions: 0, denied: 0, attached: 0 }
    for (let i = 0; i < PLAYED; i++) {
      const given = options(i, policies)
      if (given.policy.model.multiDgp !== 'blocked') continue
      await play({ ...given, isMessy: false }, ({ write, verdict }, world) => {
        counts.decisions++
        if (!verdict.allowed) counts.denied++
        if (world.objects.some(({ kind }) => kind === 'Vpc')) counts.attached++
        if (isBroken(world, given.policy)) {
          t.fail(`seed ${SEED}, history ${i}: ${JSON.stringify({ write, stored: world.objects })}`)
        }
      })
    }
    t.comment(`${version}: ${JSON.stringify(counts)}`)
    t.ok(counts.denied > counts.decisions / 10, 'some are denied')
    t.ok(counts.attached > counts.decisions / 10, 'some are stored')
  }
})

await test('the verdict on a Vpc rests on the Vpc alone, and on the ports it has', async t => {
  const policies = historyPolicies()
  let compared = 0
  for (let i = 0; i < PLAYED; i++) {
    const given = options(i, policies)
    await play(given, async ({ write, before, verdict }) => {
      if (write.object.kind !== 'Vpc') return
      const { name } = write.object.metadata
      const own = before.filter(
        ({ kind, metadata }) => kind === 'OvnEip' && metadata.name.startsWith(`${name}-`)
      )
      const alone = new World(given.policy.snapshot, [...own, ...(write.oldObject ? [write.oldObject] : [])])
      compared++
      const again = await alone.judge(write)
      if (JSON.stringify(again) !== JSON.stringify(verdict)) {
        t.fail(`seed ${SEED}, history ${i}: ${JSON.stringify({ write, verdict, again })}`)
      }
    })
  }
  t.ok(compared > PLAYED, `${compared} writes of Vpcs`)
})

/** A router on the shared Subnet, on another, its moves to a tenant's, and an OvnEip of that. */
const MANIFESTS: readonly (VpcJson | EipJson)[] = [
  vpcJson('c', { enableExternal: true }),
  vpcJson('c', { enableExternal: true, extraExternalSubnets: ['ext2'] }),
  vpcJson('c', { enableExternal: true, extraExternalSubnets: ['acme-ext'] }),
  vpcJson('c', { enableExternal: true, extraExternalSubnets: ['ext', 'acme-ext'] }),
  eipJson('e1', { externalSubnet: 'acme-ext', type: 'nat' })
]

await test('the order of writes does not matter: none ends in a router that the OVN bug breaks', async t => {
  const policies = historyPolicies().filter(({ model }) => model.multiDgp === 'blocked')
  const runs = policies.flatMap(policy =>
    permutations(MANIFESTS).flatMap(order => [true, false].map(isPrompt => ({ policy, order, isPrompt })))
  )
  for (const { policy, order, isPrompt } of runs) {
    const world = await applied(policy, order, isPrompt)
    if (isBroken(world, policy)) t.fail(JSON.stringify(order))
  }
  t.ok(runs.length >= 4 * 120 * 2, `${runs.length} runs`)
})

/** What is left of manifests that are applied in this order; the controller acts after each write, or at the end only. */
async function applied(policy: HistoryPolicy, order: typeof MANIFESTS, isPrompt: boolean): Promise<World> {
  const world = new World(policy.snapshot)
  for (const object of order) {
    const oldObject = object.kind === 'Vpc' ? world.vpc(object.metadata.name) : undefined
    const op = oldObject === undefined ? 'CREATE' : 'UPDATE'
    const write: Write = { op, user: ADMINISTRATOR, object, oldObject }
    if ((await world.judge(write)).allowed) world.apply(write)
    if (isPrompt) reconcile(world, 'c', 'ext')
  }
  reconcile(world, 'c', 'ext')
  return world
}

function permutations<T>(of: readonly T[]): T[][] {
  return of.length === 0
    ? [[]]
    : of.flatMap((first, i) => permutations(of.toSpliced(i, 1)).map(rest => [first, ...rest]))
}
