import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Running processes whose command line or environment mentions a cluster's state folder, as `PID COMMAND LINE`; empty:
 * nothing of that cluster is left. Reads /proc, so it is Linux only, and sees the processes of the same user.
 */
export function processesOf(directory: string): string[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.flatMap(pid => {
    const commandLine = read(pid, 'cmdline')
    const mentions = commandLine.includes(directory) || read(pid, 'environ').includes(directory)
    return mentions ? [`${pid} ${commandLine.replaceAll('\0', ' ').trim()}`] : []
  })
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8')
  } catch {
    // it has ended since, or is another user's
    return ''
  }
}
