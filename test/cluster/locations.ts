import { join } from 'node:path'

/** The repository's root: the harness is started from there, bundled (`npm run cluster`) or through tap. */
export const root = process.cwd()

/** The Go modules that pin every program of the cluster, one folder each. */
export const goDirectory = join(root, 'test/cluster/go')

/** Where the built programs go; git-ignored, kept between runs. */
export const binDirectory = join(root, '.cluster/bin')

/** Absolute path of a built program, e.g. `kubectl`. */
export function program(name: string): string {
  return join(binDirectory, name)
}
