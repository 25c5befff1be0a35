import { rmSync } from 'node:fs'

/**
 * What must not outlive this process: running programs, state folders, and the orderly way to end them. One register
 * for the whole process, because signals and exit are its own.
 */
const pids = new Set<number>()
const directories = new Set<string>()
const stoppers = new Set<() => Promise<void>>()
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
let installed = false
let stopping = false

export function trackPid(pid: number): void {
  install()
  pids.add(pid)
}

export function forgetPid(pid: number): void {
  pids.delete(pid)
}

export function trackDirectory(directory: string): void {
  install()
  directories.add(directory)
}

/** Removes a state folder now; without effect on one that is gone. */
export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  directories.delete(directory)
}

/** `stop` is awaited when a signal ends this process. Returns the function that takes it off the register. */
export function onShutdown(stop: () => Promise<void>): () => void {
  install()
  stoppers.add(stop)
  return () => stoppers.delete(stop)
}

/** Whether a signal is ending this process: programs that end now were stopped. */
export function isShuttingDown(): boolean {
  return stopping
}

function install(): void {
  if (installed) return
  installed = true
  process.once('exit', endEverythingNow)
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void shutdown(128 + signalNumbers[signal]))
  }
}

/** A second signal does not wait for the programs: `exit` kills what is left. */
async function shutdown(exitCode: number): Promise<void> {
  if (stopping) process.exit(exitCode)
  stopping = true
  await Promise.allSettled([...stoppers].map(stop => stop()))
  process.exit(exitCode)
}

/** Runs inside the `exit` event, where nothing asynchronous is possible; also after an uncaught error. */
function endEverythingNow(): void {
  for (const pid of pids) {
    try {
      // each leads a process group of its own, with whatever it has started in it
      process.kill(-pid, 'SIGKILL')
    } catch {
      // it ended by itself, and its exit event has not been delivered yet
    }
  }
  for (const directory of directories) removeDirectory(directory)
}
