import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'

const PAGE = join(process.cwd(), 'docs/first-policy.md')
const STEP =
  /<!-- file (\S+) -->\n```yaml(?: wrong)?\n(.*?)^```$|<!-- run ?(\d?) -->\n```\n(.*?)^```\n<!-- end -->/gms

/** What a command prints; `> FILE` writes it there. */
async function printed(command: string, code: number): Promise<string> {
  const [words = '', file] = command.split(' > ')
  let text = ''
  const collect = (chunk: string) => void (text += chunk)
  const io = { stdout: collect, stderr: collect, isTerminal: false, stdin: async () => '' }
  const got = await run(words.split(' ').slice(1), io)
  if (got !== code) throw new Error(`${command}: exit code ${got}: ${text}`)
  if (file === undefined) return text === '' || text.endsWith('\n') ? text : `${text}\n`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return ''
}

await test('docs/first-policy.md: every command prints what stands there; POOLGUARD_WRITE_DOCS=1 writes it anew', async t => {
  const page = readFileSync(PAGE, 'utf8')
  const before = process.cwd()
  process.chdir(t.testdir({}))
  t.teardown(() => process.chdir(before))
  let written = page
  let commands = 0
  for (const [whole, file, content = '', code, transcript = ''] of page.matchAll(STEP)) {
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      continue
    }
    let text = ''
    for (const line of transcript.split('\n').filter(one => one.startsWith('$ '))) {
      commands++
      text += `${line}\n${await printed(line.slice(2), Number(code))}`
    }
    written = written.replace(whole, () => whole.replace(transcript, () => text))
  }
  t.ok(commands >= 10, `${commands} commands`)
  if (process.env['POOLGUARD_WRITE_DOCS'] === undefined) t.equal(page, written)
  else writeFileSync(PAGE, written)
})
