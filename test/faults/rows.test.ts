import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ROWS } from './rows.ts'

/** The rows that tests are named after, by file under test/. */
function testedRows(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.test.ts')
  )
  const byFile = files.map(path => {
    const text = readFileSync(join('test', path), 'utf8')
    return [
      path,
      new Set([...text.matchAll(/test\(\s*['`]row (\d\d): /g)].map(match => match[1] ?? ''))
    ] as const
  })
  return new Map(byFile.filter(([, rows]) => rows.size > 0))
}

await test('each of the 60 rows of the fault matrix stands once, and is tested where it says', async t => {
  const ids = Array.from({ length: 60 }, (_, i) => String(i + 1).padStart(2, '0'))
  t.strictSame(
    ROWS.map(({ id }) => id),
    ids
  )
  const tested = testedRows()
  for (const { id, where } of ROWS) {
    t.ok(tested.get(where)?.has(id), `row ${id} is tested in ${where}`)
  }
  const index = new Map(ROWS.map(({ id, where }) => [id, where]))
  for (const [file, rows] of tested) {
    for (const id of rows) t.equal(index.get(id), file, `row ${id} is in the index`)
  }
})
