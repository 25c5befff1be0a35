import { spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'

import { forgetPid, trackPid } from './cleanup.ts'

export type ProcessOptions = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** stdout and stderr are appended here. */
  readonly logFile: string
  /** Added to (and overriding) the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A long-running program of the cluster. */
export type RunningProcess = {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Settles once the program has ended, with words such as `exit code 1`; never rejects. */
  readonly ended: Promise<string>
  isRunning(): boolean
  /** Everything it has written so far, without what an earlier process left in the same file. */
  log(): string
  /** SIGTERM, then SIGKILL after `graceMs` (5,000 by default); settles once the program has ended. */
  stop(graceMs?: number): Promise<void>
}

/** Linux only (util-linux): asks the kernel to kill the program should this process be killed without warning. */
const setpriv = '/usr/bin/setpriv'

/**
 * Starts a program in a process group of its own, so that a Ctrl-C at the terminal reaches only this process, which
 * then stops the programs in order. Throws when it cannot be started at all.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const [command, args] = dyingWithParent(options.command, options.args)
  const output = openSync(options.logFile, 'a')
  const logStart = fstatSync(output).size
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: options.cwd,
    env: { ...process.env, ...options.env }
  })
  closeSync(output)
  const started = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  let running = true
  const ended = new Promise<string>(resolve => {
    child.once('exit', (code, signal) => {
      running = false
      if (child.pid !== undefined) forgetPid(child.pid)
      resolve(signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`)
    })
  })
  await started
  const pid = child.pid
  if (pid === undefined) throw new Error(`${options.name} has no process id`)
  if (running) trackPid(pid)
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    ended,
    isRunning: () => running,
    log: () => readFileSync(options.logFile).subarray(logStart).toString('utf8'),
    stop: async (graceMs = 5_000) => {
      if (!running) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
    }
  }
}

/**
 * Starts a program and waits until `isReady` says so (see waitUntil). When that fails the program is stopped again, and
 * the error quotes the end of its log.
 */
export async function startReady(
  options: ProcessOptions,
  isReady: (started: RunningProcess) => Promise<boolean>,
  timeoutMs?: number
): Promise<RunningProcess> {
  const started = await startProcess(options)
  try {
    const limit = timeoutMs === undefined ? {} : { timeoutMs }
    await waitUntil(options.name, () => isReady(started), { processes: [started], ...limit })
    return started
  } catch (error) {
    await started.stop()
    throw error
  }
}

function dyingWithParent(command: string, args: readonly string[]): [string, string[]] {
  if (!existsSync(setpriv)) return [command, [...args]]
  return [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]]
}

export type WaitOptions = {
  readonly timeoutMs?: number
  /** Watched while waiting: should one of them end, waiting is over. */
  readonly processes?: readonly RunningProcess[]
}

/**
 * Asks `probe` every 100 ms until it gives something other than undefined or false, and returns that. Throws after
 * `timeoutMs` (30,000 by default) or when a watched process ends, quoting the end of its log. A probe that throws ends
 * the wait too.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  options: WaitOptions = {}
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 30_000)
  const watched = options.processes ?? []
  while (performance.now() < deadline) {
    const answer = await probe()
    if (answer !== undefined && answer !== false) return answer
    const dead = watched.find(one => !one.isRunning())
    if (dead !== undefined) throw new Error(`${dead.name} ended (${await dead.ended})${logTail(dead)}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`timed out waiting for ${what}${watched.map(logTail).join('')}`)
}

function logTail(one: RunningProcess): string {
  const lines = one
    .log()
    .trimEnd()
    .split('\n')
    .slice(-15)
    .map(line => line.slice(0, 400))
  return `\n--- end of ${one.logFile}\n${lines.join('\n')}`
}
