import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { run } from '../src/cli/run.ts'

const GUIDE = 'docs/ci.md'
const TRANSCRIPT = /(<!-- run:begin -->\n```\n\$ (.*)\n)([^`]*)(```\n<!-- run:end -->)/

async function output(command: string): Promise<string> {
  let stdout = ''
  const [, ...args] = command.split(' ')
  const io = {
    stdout: (text: string) => void (stdout += text),
    stderr: () => {},
    isTerminal: false,
    stdin: async () => ''
  }
  await run(args, io)
  return stdout
}

await test('docs/ci.md shows what its command prints', async t => {
  const guide = readFileSync(GUIDE, 'utf8')
  const [, head = '', command = '', printed, tail = ''] = TRANSCRIPT.exec(guide) ?? []
  const now = await output(command)
  if (process.env['POOLGUARD_WRITE_DOCS'] === '1')
    writeFileSync(
      GUIDE,
      guide.replace(TRANSCRIPT, () => `${head}${now}${tail}`)
    )
  else t.equal(printed, now)
})

await test('docs/ci.md names flags and hooks that exist', async t => {
  const guide = readFileSync(GUIDE, 'utf8')
  const hooks = readFileSync('.pre-commit-hooks.yaml', 'utf8')
  for (const [, id = ''] of guide.matchAll(/- id: ([\w-]+)/g)) t.match(hooks, `- id: ${id}\n`)
  for (const verb of ['check', 'test', 'audit']) {
    let help = ''
    const collect = (text: string) => void (help += text)
    await run([verb, '--help'], {
      stdout: collect,
      stderr: collect,
      isTerminal: false,
      stdin: async () => ''
    })
    const lines = guide.split('\n').filter(line => line.startsWith(`    poolguard ${verb} `))
    t.ok(lines.length > 0, verb)
    for (const [flag] of lines.join('\n').matchAll(/--[a-z-]+/g)) t.match(help, flag)
  }
})
