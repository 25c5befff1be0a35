import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readPolicies } from '../../../src/cli/reload/reading.ts'
import { watchPolicies } from '../../../src/cli/reload/watch-policies.ts'
import { Mount } from './policy-sets.ts'

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Whether a sign comes within 2 s of doing this. */
async function signs(signed: () => number, act: () => void): Promise<boolean> {
  await sleep(20)
  const before = signed()
  act()
  for (let i = 0; i < 200 && signed() === before; i++) await sleep(10)
  return signed() > before
}

await test('a mounted ConfigMap is read through its links, and each replacement is another reading', async t => {
  const mount = new Mount(join(t.testdir({}), 'mounted'))
  mount.replace({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
  const first = readPolicies([mount.path])
  t.same(first.files, [
    { path: join(mount.path, 'a.yaml'), text: 'a: 1\n' },
    { path: join(mount.path, 'b.yaml'), text: 'b: 1\n' }
  ])
  t.equal(readPolicies([mount.path]).stamp, first.stamp, 'nothing happened')
  mount.replace({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
  const second = readPolicies([mount.path])
  t.same(second.files, first.files)
  t.not(second.stamp, first.stamp, 'the same texts in other files: what lay between is not known')
})

await test('a file that is written, replaced, added or taken away makes another reading', async t => {
  const dir = t.testdir({ 'a.yaml': 'a: 1\n' })
  const stamps = new Set([readPolicies([dir]).stamp])
  const after = async (act: () => void) => {
    // The kernel marks files with the time of its last tick, 1 to 10 ms apart.
    await sleep(20)
    act()
    stamps.add(readPolicies([dir]).stamp)
  }
  await after(() => writeFileSync(join(dir, 'a.yaml'), 'a: 1\n'))
  await after(() => writeFileSync(join(dir, 'b.yaml'), 'b: 1\n'))
  await after(() => renameSync(join(dir, 'b.yaml'), join(dir, 'a.yaml')))
  await after(() => rmSync(join(dir, 'a.yaml')))
  await after(() => rmSync(dir, { recursive: true }))
  t.equal(stamps.size, 6)
  t.match(readPolicies([dir]).files, { message: /^cannot read policies \(--policies\): ENOENT/ })
  mkdirSync(dir)
  t.match(readPolicies([dir]).files, { message: `cannot read policies (--policies): no *.yaml in ${dir}` })
})

await test('a watch sees every replacement of a mounted ConfigMap, also of one file in it', async t => {
  const mount = new Mount(join(t.testdir({}), 'mounted'))
  mount.replace({ 'a.yaml': '1' })
  for (const path of [mount.path, join(mount.path, 'a.yaml')]) {
    let count = 0
    const watch = watchPolicies([path], () => count++)
    t.teardown(() => watch.close())
    for (let i = 0; i < 5; i++) {
      t.ok(
        await signs(
          () => count,
          () => mount.replace({ 'a.yaml': `${i}` })
        ),
        `${path} ${i}`
      )
    }
    watch.close()
  }
})

await test('renew() finds a folder that was deleted and made again, or that a link leads to now', async t => {
  const root = t.testdir({ old: { 'a.yaml': '1' }, other: { 'a.yaml': '1' } })
  const link = join(root, 'link')
  symlinkSync('old', link)
  let count = 0
  const watch = watchPolicies([link], () => count++)
  t.teardown(() => watch.close())
  symlinkSync('other', `${link}2`)
  renameSync(`${link}2`, link)
  watch.renew()
  t.ok(
    await signs(
      () => count,
      () => writeFileSync(join(root, 'other/a.yaml'), '2')
    ),
    'of the new target'
  )
  const before = count
  writeFileSync(join(root, 'old/a.yaml'), '2')
  await sleep(100)
  t.equal(count, before, 'the folder that was is watched no more')
  rmSync(join(root, 'other'), { recursive: true })
  await sleep(20)
  watch.renew()
  mkdirSync(join(root, 'other'))
  watch.renew()
  t.ok(
    await signs(
      () => count,
      () => writeFileSync(join(root, 'other/a.yaml'), '3')
    ),
    'of the new folder'
  )
  rmSync(link)
  t.doesNotThrow(() => watch.renew())
})
