import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadPolicies } from '../../src/cli/policies.ts'
import { run } from '../../src/cli/run.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { RULES } from '../../src/rules/index.ts'

const BASELINE = 'policies/library/baseline'
const GUIDE = 'manifests/examples/guide'

/** What stays refused on a first day; the header of the profile argues each. */
const REFUSED = [
  'pool-syntax',
  'pool-overlap',
  'pool-node-address',
  'advertisement-syntax',
  'eip-outside-subnet'
]

await test('the baseline turns every denial into a warning, but for those that its header argues', t => {
  const { exposures } = loadPolicies([BASELINE])
  const actions = exposures.policies.find(({ name }) => name === 'baseline')?.actions ?? new Map()
  const denying = RULES.filter(({ defaultAction }) => defaultAction === 'deny').map(({ id }) => id)
  t.same([...actions.keys()], denying.filter(id => !REFUSED.includes(id)).toSorted(byOrderIn(actions)))
  t.same([...new Set(actions.values())], ['warn'])
  const header = readFileSync(join(BASELINE, 'exposure.yaml'), 'utf8').split('apiVersion')[0] ?? ''
  for (const id of REFUSED) t.match(header, new RegExp(`^#   ${id} +\\S`, 'm'), id)
  t.end()
})

/** The order of the file, so that only a rule that is missing or unknown makes a difference. */
function byOrderIn(actions: ReadonlyMap<string, unknown>): (a: string, b: string) => number {
  const order = [...actions.keys()]
  return (a, b) => order.indexOf(a) - order.indexOf(b)
}

async function check(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  const io = {
    stdout: (chunk: string) => void (text += chunk),
    stderr: (chunk: string) => void (text += chunk)
  }
  const code = await run(['check', '--policies', BASELINE, ...args], {
    ...io,
    isTerminal: false,
    stdin: async () => ''
  })
  return { code, text }
}

/** The three notations of the guide overlap when they are taken together, which MetalLB refuses as well: one at a time. */
function notations(text: string): readonly string[] {
  const [document] = readYaml('values.yaml', text).documents
  const metallb = isRecord(document?.value) ? document.value['metallb'] : undefined
  const pools: unknown = isRecord(metallb) ? metallb['pools'] : undefined
  return Array.isArray(pools)
    ? pools.map((pool: unknown) => JSON.stringify({ metallb: { pools: [pool] } }))
    : []
}

/** Each notation is a cluster's only pool. */
const WITHOUT_POOLS = ['nodes.yaml', 'namespaces.yaml', 'service-cidr.yaml'].flatMap(name => [
  '--inventory',
  join('manifests/examples/inventory', name)
])

await test('the baseline denies none of the examples of the guide', async t => {
  const files = readdirSync(GUIDE).toSorted()
  t.ok(files.length >= 5)
  for (const name of files.filter(one => !one.includes('variations'))) {
    const { code, text } = await check('--inventory', 'manifests/examples/inventory', join(GUIDE, name))
    t.match({ code, text }, { code: 0, text: ' 0 denied' }, name)
  }
  const variations = notations(readFileSync(join(GUIDE, 'kmetal-values-variations.yaml'), 'utf8'))
  t.equal(variations.length, 3)
  for (const values of variations) {
    const path = join(t.testdir({ 'values.yaml': values }), 'values.yaml')
    const { code, text } = await check(...WITHOUT_POOLS, path)
    t.match({ code, text }, { code: 0, text: ' 0 denied' }, values)
  }
})
