import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Code } from './replica.ts'
import type { Weather } from './weather.ts'

/** A rule of the protocol, and what the code is without it. Each text stands exactly once in its file. */
export interface Mutant {
  readonly name: string
  /** Of the schedules that are tried; all kinds when absent. */
  readonly weather?: Partial<Weather>
  readonly edits: readonly { readonly file: string; readonly text: string; readonly becomes: string }[]
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'objects are listed before the ledger is read',
    edits: [
      {
        file: 'guard.ts',
        text: 'const continued = this.continuity.follow(await store.read())',
        becomes:
          'await objects.list(GUARDED_KINDS); this.early = objects.view(); const continued = this.continuity.follow(await store.read())'
      },
      { file: 'guard.ts', text: 'const view = this.ports.objects.view()', becomes: 'const view = this.early' }
    ]
  },
  {
    name: 'the collector reads objects before the ledger',
    weather: { pass: 14, collect: 22, longestMs: 130_000, relist: 0, isCruel: false },
    edits: [
      {
        file: 'collector.ts',
        text: 'const continued = this.continuity.follow(await store.read())',
        becomes: `const early = await store.read()
    const owners = await objects.stored(early.ok ? early.ledger.claims.map(({ owner }) => owner) : [])
    const continued = this.continuity.follow(await store.read())`
      },
      {
        file: 'collector.ts',
        text: 'const owners = await objects.stored(ledger.claims.map(({ owner }) => owner))',
        becomes: ''
      }
    ]
  },
  {
    name: 'a stale view is used whatever the ledger asks',
    edits: [
      {
        file: 'guard.ts',
        text: 'if (behind.length > 0 && !(await objects.list(behind))) return undefined',
        becomes: ''
      }
    ]
  },
  {
    name: 'claims expire while a write may still be stored',
    weather: { pass: 14 },
    edits: [{ file: 'limits.ts', text: 'TTL_MS = 120_000', becomes: 'TTL_MS = 20_000' }]
  },
  {
    name: 'the ledger is put whoever wrote it in between',
    edits: [
      {
        file: 'guard.ts',
        text: 'const put = await this.ports.store.put(withClaim(ledger, taking, this.ports.newId()))',
        becomes: `const latest = await this.ports.store.read()
    const put = await this.ports.store.put({ ...withClaim(ledger, taking, this.ports.newId()), version: latest.ok ? latest.ledger.version : '' })`
      }
    ]
  },
  {
    name: 'claims of others are not looked at',
    edits: [{ file: 'guard.ts', text: 'others.length === 0 ?', becomes: 'others.length >= 0 ?' }]
  },
  {
    name: 'the put is left out when the owner has claimed it all before',
    edits: [
      {
        file: 'guard.ts',
        text: 'const put = await this.ports.store.put(withClaim(ledger, taking, this.ports.newId()))',
        becomes: `if (ledger.claims.some(claim => claim.owner.name === taking.owner.name)) return 'passed'
    const put = await this.ports.store.put(withClaim(ledger, taking, this.ports.newId()))`
      }
    ]
  },
  {
    name: 'a put of unknown outcome counts as stored',
    edits: [
      { file: 'guard.ts', text: "if (put === 'unknown') return", becomes: "if (put === 'conflict') return" },
      { file: 'guard.ts', text: "return put === 'stored' ?", becomes: "return put !== 'conflict' ?" }
    ]
  },
  {
    name: 'an object of the same name ends the claim of a CREATE',
    weather: { isCruel: false, isUnreliable: false, relist: 0, variety: 1, dawdles: 'commit' },
    edits: [{ file: 'is-over.ts', text: ' || stored.uid !== uid', becomes: '' }]
  },
  {
    name: 'an expired claim does not make views catch up with its object',
    weather: { pass: 14, collect: 22, longestMs: 130_000 },
    edits: [
      {
        file: 'collector.ts',
        text: 'raised(ledger.minRevision, dropped, owners)',
        becomes: "raised(ledger.minRevision, dropped.filter(({ is }) => is === 'stored'), owners)"
      }
    ]
  },
  {
    name: 'claims that are dropped do not make views catch up',
    edits: [{ file: 'collector.ts', text: 'stored.revision > least)', becomes: 'stored.revision < least)' }]
  },
  {
    name: 'an UPDATE is over when its object is stored',
    edits: [{ file: 'is-over.ts', text: 'if (replaces === 0n) return true', becomes: 'return true' }]
  },
  {
    name: 'an UPDATE is over while what it replaces is still stored',
    edits: [
      { file: 'is-over.ts', text: 'stored.revision > replaces', becomes: 'stored.revision >= replaces' }
    ]
  },
  {
    name: 'an attempt of a CREATE takes the place of the one before',
    weather: { isCruel: false, isUnreliable: false, relist: 0, variety: 1, dawdles: 'commit' },
    edits: [
      {
        file: 'growing-write.ts',
        text: 'if (last === undefined) return [latestOne]',
        becomes: 'if (last !== null) return [latestOne]'
      }
    ]
  },
  {
    name: 'other ranges take the place of those that the object has claimed',
    edits: [
      {
        file: 'growing-write.ts',
        text: 'sameRef(claim.owner, owner) && areSame(claim.taken, taken)',
        becomes: 'sameRef(claim.owner, owner)'
      }
    ]
  },
  {
    name: 'an expired claim whose object cannot be read does not have its kind listed',
    weather: { isUnreliable: true, pass: 14, longestMs: 130_000 },
    edits: [{ file: 'collector.ts', text: 'next.delete(owner.kind)', becomes: 'continue' }]
  },
  {
    name: 'a ledger in the place of another is trusted at once',
    weather: { isCruel: true },
    edits: [
      {
        file: 'continuity.ts',
        text: 'if (this.isAnother(ledger, isFirst) && !this.isMissing)',
        becomes: 'if (this.isAnother(ledger, isFirst) && this.isMissing)'
      }
    ]
  },
  {
    name: 'a blank ledger is trusted at first sight, whatever was there before',
    weather: { isCruel: true, harm: 12, relist: 0, pass: 2, dawdles: 'commit' },
    edits: [
      {
        file: 'continuity.ts',
        text: 'if (last === undefined) return isBlank && !isFirst',
        becomes: 'if (last === undefined) return false'
      }
    ]
  },
  {
    name: 'a ledger that is missing is made anew at once',
    weather: {
      isCruel: true,
      harm: 12,
      isUnreliable: false,
      relist: 0,
      pass: 2,
      collect: 22,
      dawdles: 'commit'
    },
    edits: [
      { file: 'collector.ts', text: 'if (continued.isOver)', becomes: "if (continued.problem === 'missing')" }
    ]
  },
  {
    name: 'kinds that the ledger does not ask for are not listed',
    edits: [{ file: 'guard.ts', text: 'least = MOST_REVISION', becomes: 'least = 0n' }]
  }
]

/** The code with the mutant's edits, from a copy of src/ledger in `folder`. */
export async function mutated({ edits }: Mutant, folder: string): Promise<Code> {
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync('src/ledger')) {
    let text = readFileSync(join('src/ledger', file), 'utf8')
    for (const edit of edits.filter(one => one.file === file)) {
      if (text.split(edit.text).length !== 2) throw new Error(`${file} does not hold once: ${edit.text}`)
      text = text.replace(edit.text, () => edit.becomes)
    }
    writeFileSync(join(folder, file), text.replaceAll("from '../", `from '${resolve('src')}/`))
  }
  const names = ['guard', 'collector', 'continuity']
  const contents = names.map(name => `export * from './${name}.ts'`).join('\n')
  const outfile = join(folder, 'mutant.js')
  const stdin = { contents, resolveDir: folder }
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  return (await import(pathToFileURL(outfile).href)) as Code
}
