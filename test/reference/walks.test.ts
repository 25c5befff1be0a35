import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'

const PAGES = ['docs/first-policy.md', 'docs/policy-afternoon.md']
const STEP =
  /<!-- file (\S+) -->\n```yaml(?: wrong)?\n(.*?)^```$|<!-- run ?(\d?) -->\n```\n(.*?)^```\n<!-- end -->/gms

/** What a command prints; `> FILE` writes what comes on standard output there. undefined: whatever it ends with. */
async function printed(command: string, code: number | undefined): Promise<string> {
  const [words = '', file] = command.split(' > ')
  let [text, kept] = ['', '']
  const collect = (chunk: string) => void (text += chunk)
  const keep = (chunk: string) => void (kept += chunk)
  const stdout = file === undefined ? collect : keep
  const io = { stdout, stderr: collect, isTerminal: false, stdin: async () => '' }
  const got = await run(words.split(' ').slice(1), io)
  if (code !== undefined && got !== code) throw new Error(`${command}: exit code ${got}: ${text}`)
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, kept)
  }
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** Goes through the page in the working directory: writes its files, runs its commands, and puts in what they print. */
async function walk(page: string): Promise<{ written: string; commands: number }> {
  let written = page
  let commands = 0
  for (const [whole, file, content = '', code, transcript = ''] of page.matchAll(STEP)) {
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      continue
    }
    const lines = transcript.split('\n').filter(one => one.startsWith('$ '))
    let text = ''
    for (const [i, line] of lines.entries()) {
      commands++
      text += `${line}\n${await printed(line.slice(2), i === lines.length - 1 ? Number(code) : undefined)}`
    }
    written = written.replace(whole, () => whole.replace(transcript, () => text))
  }
  return { written, commands }
}

for (const name of PAGES) {
  const path = join(process.cwd(), name)
  await test(`${name}: every command prints what stands there; POOLGUARD_WRITE_DOCS=1 writes it anew`, async t => {
    const page = readFileSync(path, 'utf8')
    const before = process.cwd()
    process.chdir(t.testdir({}))
    t.teardown(() => process.chdir(before))
    const { written, commands } = await walk(page)
    t.ok(commands >= 10, `${commands} commands`)
    if (process.env['POOLGUARD_WRITE_DOCS'] === undefined) t.equal(page, written)
    else writeFileSync(path, written)
  })
}
