import { statSync, watch, type FSWatcher, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { PolicyWatch } from './policy-follower.ts'

/**
 * Watches the folders that these paths are, or lie in: a watch on a file ends with its first replacement, and one on a folder
 * sees the link `..data` turn that a mounted ConfigMap is replaced by. What cannot be watched is left to the poll.
 */
export function watchPolicies(paths: readonly string[], changed: () => void): PolicyWatch {
  const watches = new Map<string, FolderWatch>()
  const renew = () => {
    for (const path of paths) {
      const folder = statsOf(path)?.isDirectory() === true ? path : dirname(path)
      const identity = identityOf(folder)
      const known = watches.get(path)
      if (known?.identity === identity && !known.isOver) continue
      known?.close()
      watches.set(path, new FolderWatch(folder, identity, changed))
    }
  }
  renew()
  return {
    renew,
    close() {
      for (const one of watches.values()) one.close()
    }
  }
}

/** What the path leads to: another folder of the same name is another one. '' when there is none. */
function identityOf(folder: string): string {
  const stats = statsOf(folder)
  return stats === undefined ? '' : `${folder} ${stats.dev}:${stats.ino}`
}

/** undefined when nothing can be said of it. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

class FolderWatch {
  readonly identity: string
  isOver = false
  private readonly watcher: FSWatcher | undefined

  constructor(folder: string, identity: string, changed: () => void) {
    this.identity = identity
    this.watcher = watching(folder, changed)
    this.isOver = this.watcher === undefined
    this.watcher?.on('error', () => (this.isOver = true))
  }

  close(): void {
    this.watcher?.close()
  }
}

/** undefined when the system has no watch left, or there is no such folder. */
function watching(folder: string, changed: () => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, changed)
  } catch {
    return undefined
  }
}
