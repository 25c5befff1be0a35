import { test } from 'tap'
import { judge } from '../../src/admission/judge.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { parseReview, type Review } from '../../src/admission/review.ts'
import { validatingResponse } from '../../src/admission/response.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'
import { defineRule } from '../../src/rules/rule.ts'

const ALL: ObjectRef = { kind: 'Vpc', namespace: '', name: '' }

/** At most one Vpc; one that is not seen yet would count too. */
const oneVpc = defineRule<'Vpc'>({
  id: 'one-vpc',
  summary: '',
  why: '',
  fix: '',
  example: '',
  see: [],
  on: ['Vpc'],
  reads: ['Vpc'],
  defaultAction: 'deny',
  check({ object }, { view }) {
    const others = [...view.list('Vpc')].filter(({ meta }) => meta.name !== object.meta.name)
    if (others.length === 0) return [{ code: 'doubt', restsOn: [ALL] }]
    return [{ code: 'no-such-node', field: 'metadata.name', value: object.meta.name, restsOn: [ALL] }]
  }
})

function reviewOf(name: string): Review {
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: 'kubeovn.io', version: 'v1', kind: 'Vpc' },
      resource: { group: 'kubeovn.io', version: 'v1', resource: 'vpcs' },
      operation: 'CREATE',
      name,
      userInfo: { username: 'x', groups: ['system:masters'] },
      object: { metadata: { name } }
    }
  })
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.review
}

interface Asked {
  readonly allowed: boolean
  readonly code: number | undefined
  readonly reads: readonly string[]
}

/** What is answered when a live read brings these Vpcs to light, or fails. */
async function ask(action: 'deny' | 'warn', live: readonly string[] | 'unreadable'): Promise<Asked> {
  const view = new Inventory()
  view.setAllKnown()
  const reads: string[] = []
  const snapshot = { ...loadPolicies(['policies']), rules: [{ ...oneVpc, defaultAction: action }] }
  const confirm: Ports['confirm'] = async refs => {
    reads.push(...refs.map(({ kind, name }) => `${kind} ${name}`))
    if (live === 'unreadable') return refs
    for (const name of live) view.putJson('Vpc', { metadata: { name } })
    return []
  }
  const review = reviewOf('mine')
  const judgement = await judge(review, { snapshot: () => snapshot, view, confirm, now: () => 0 })
  const response = validatingResponse(review, judgement, 'fail')
  return { allowed: response.allowed, code: response.status?.code, reads }
}

await test('what a rule doubts is read live once before the write is allowed', async t => {
  t.same(await ask('deny', []), { allowed: true, code: undefined, reads: ['Vpc '] })
})

await test('what the read brings to light is judged', async t => {
  t.same(await ask('deny', ['other']), { allowed: false, code: 403, reads: ['Vpc '] })
})

await test('a doubt that cannot be settled refuses the write for now', async t => {
  t.same(await ask('deny', 'unreadable'), { allowed: false, code: 503, reads: ['Vpc '] })
})

await test('a rule that denies nothing reads nothing', async t => {
  t.same(await ask('warn', ['other']), { allowed: true, code: undefined, reads: [] })
})
