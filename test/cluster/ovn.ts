import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { requireCommand, runCommand } from './command.ts'
import { program } from './locations.ts'
import { freePort } from './ports.ts'
import { debianProgram } from './prerequisites.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'

/** One of OVN's two databases. `address` is for OVN programs: tcp:127.0.0.1:PORT. */
export type OvnDatabase = { readonly address: string; readonly process: RunningProcess }

/**
 * Creates and serves the northbound (`nb`) or southbound (`sb`) database, from the schema in Kube-OVN's own module:
 * the one in Debian's OVN lacks columns that Kube-OVN 1.15 asks for.
 */
export async function startOvnDatabase(directory: string, which: 'nb' | 'sb'): Promise<OvnDatabase> {
  const folder = join(directory, `ovn-${which}`)
  mkdirSync(folder)
  const schema = join(folder, 'schema.json')
  const database = join(folder, 'database.db')
  writeFileSync(schema, await requireCommand(program('ovn-schema'), [which]))
  await requireCommand(debianProgram('ovsdb-tool'), ['create', database, schema])
  const port = await freePort()
  const options = {
    name: `ovsdb-server-${which}`,
    command: debianProgram('ovsdb-server'),
    args: [
      `--remote=ptcp:${port}:127.0.0.1`,
      `--unixctl=${join(folder, 'control')}`,
      '--no-chdir',
      '--disable-file-column-diff',
      database
    ],
    logFile: join(directory, `logs/ovsdb-server-${which}.log`)
  }
  const address = `tcp:127.0.0.1:${port}`
  return { address, process: await startReady(options, () => answers(address, which)) }
}

/** `init` makes the one row of the top table, without which nothing can be stored; it changes nothing later. */
async function answers(address: string, which: 'nb' | 'sb'): Promise<boolean> {
  const control = debianProgram(`ovn-${which}ctl`)
  const result = await runCommand(control, [`--db=${address}`, '--timeout=2', 'init'])
  return result.code === 0
}
