import { spawn } from 'node:child_process'

import { forgetPid, trackPid } from './cleanup.ts'

/** How a command ended. `code` is 128 when a signal ended it. */
export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type CommandOptions = {
  /** Given on stdin; absent: stdin is empty. */
  readonly input?: string
  readonly cwd?: string
  /** Added to (and overriding) the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end. A non-zero exit code is a result; throws only when it cannot be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {}
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env }
    const child = spawn(command, args, { cwd: options.cwd, env, detached: true })
    const { pid } = child
    if (pid !== undefined) trackPid(pid)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // a command may end without reading its input
    child.stdin.on('error', () => undefined)
    child.once('error', reject)
    child.once('close', code => {
      if (pid !== undefined) forgetPid(pid)
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8')
      })
    })
    child.stdin.end(options.input ?? '')
  })
}

/** Runs a command and returns its stdout; throws, quoting stderr, when it fails. */
export async function requireCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {}
): Promise<string> {
  const result = await runCommand(command, args, options)
  if (result.code === 0) return result.stdout
  throw new Error(`${command} ${args.join(' ')}: exit code ${result.code}\n${result.stderr}${result.stdout}`)
}
