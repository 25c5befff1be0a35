import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { run } from '../../src/cli/run.ts'
import { loadSuites } from '../../src/cli/suites.ts'

const EXAMPLE = 'manifests/examples/tenant-cluster'
const GUIDE = 'docs/tenant-cluster.md'

await test("the example of a tenant's own cluster decides as its suite says", async t => {
  const suites = loadSuites([`${EXAMPLE}/tests`], [])
  t.equal(suites.length, 1)
  for (const { suite, snapshot } of suites) {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], name)
  }
})

await test('docs/tenant-cluster.md shows the plan of the example', async t => {
  const plan = `\`\`\`yaml\n${readFileSync(`${EXAMPLE}/plan.yaml`, 'utf8')}\`\`\`\n`
  const guide = readFileSync(GUIDE, 'utf8')
  const shown = /(?<=<!-- plan:begin -->\n).*?(?=<!-- plan:end -->)/s
  if (process.env['POOLGUARD_WRITE_DOCS'] !== undefined)
    writeFileSync(
      GUIDE,
      guide.replace(shown, () => plan)
    )
  else t.equal(shown.exec(guide)?.[0], plan)
})

async function printed(...args: readonly string[]): Promise<string> {
  let stdout = ''
  const io = { stdout: (text: string) => void (stdout += text), stderr: () => {} }
  const code = await run(args, { ...io, isTerminal: false, stdin: async () => '' })
  return code === 0 ? stdout : `exit code ${code}`
}

await test('manifests say that poolguard in the cluster of a tenant is no security boundary', async t => {
  const boundary = /^# Written by .*\n# .*a convenience and no security boundary/
  t.match(await printed('manifests', '--policies', EXAMPLE), boundary)
  t.notMatch(await printed('manifests'), /boundary/)
})
