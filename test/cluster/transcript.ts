import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Client } from './client.ts'
import { root } from './locations.ts'

/** The exit code, and what a terminal shows: warnings and results in their order. */
export type Said = { readonly code: number; readonly output: string }

/** What a person sees who types commands, in named parts, for the documentation. */
export type Transcript = {
  /** Writes a file for later commands and shows it as `cat` would; not in any part when that is undefined. */
  file(part: string | undefined, name: string, text: string): void
  /** Runs `kubectl ARGS`, words parted by single blanks, in the folder of the files, and shows it; as `by` instead of who types. */
  kubectl(part: string, args: string, by?: string): Promise<Said>
  /** The text of one part as it stands between the markers of a document. */
  part(name: string): string
  readonly parts: readonly string[]
}

/** `user`, by key of `users`, is who types. */
export function startTranscript(client: Client, user = 'platform'): Transcript {
  const folder = join(client.directory, 'transcript')
  mkdirSync(folder)
  const lines = new Map<string, string[]>()
  const show = (part: string, command: string, output: string): void => {
    const shown = [`$ ${command}`, ...(output.trim() === '' ? [] : [output.trimEnd()])]
    lines.set(part, [...(lines.get(part) ?? []), ...shown])
  }
  return {
    file: (part, name, text) => {
      writeFileSync(join(folder, name), text)
      if (part !== undefined) show(part, `cat ${name}`, text)
    },
    kubectl: async (part, args, by = user) => {
      const calling = { user: by, cwd: folder, isTerminal: true }
      const { code, stdout: output } = await client.kubectl(args.split(' '), calling)
      show(part, `kubectl ${args}`, output)
      return { code, output }
    },
    part: name => ['```', ...(lines.get(name) ?? []), '```', ''].join('\n'),
    get parts() {
      return [...lines.keys()]
    }
  }
}

/** Set to anything, the parts of documents are written instead of compared. */
const isWriting = process.env['POOLGUARD_WRITE_DOCS'] !== undefined

/**
 * What stands between the markers `<!-- NAME:begin -->` and `<!-- NAME:end -->` of a document; '' when they are not
 * there. With POOLGUARD_WRITE_DOCS in the environment `text` is put there first.
 */
export function documentPart(path: string, name: string, text: string): string {
  const file = join(root, path)
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`]
  const document = readFileSync(file, 'utf8')
  const [before, rest] = splitOnce(document, begin)
  const [stands, after] = splitOnce(rest, end)
  if (rest === '' || !isWriting) return stands
  writeFileSync(file, `${before}${begin}${text}${end}${after}`)
  return text
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
