import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { policyReference } from './policy-reference.ts'

const PAGE = 'docs/policy-reference.md'
const BEGIN = '<!-- reference:begin -->\n'
const END = '<!-- reference:end -->'

await test('docs/policy-reference.md is what the schemas say; POOLGUARD_WRITE_DOCS=1 writes it anew', t => {
  const page = readFileSync(PAGE, 'utf8')
  const [head = '', rest = ''] = page.split(BEGIN)
  const [shown = '', tail = ''] = rest.split(END)
  if (process.env['POOLGUARD_WRITE_DOCS'] !== undefined)
    writeFileSync(PAGE, `${head}${BEGIN}${policyReference()}${END}${tail}`)
  else t.equal(shown, policyReference())
  t.end()
})

await test('most keys of the reference are described', t => {
  const rows = policyReference()
    .split('\n')
    .filter(line => line.startsWith('| `spec.'))
  const bare = rows.filter(line => line.endsWith('|  |'))
  t.comment(`${bare.length} of ${rows.length} without words`)
  t.ok(bare.length < rows.length / 2)
  t.end()
})
