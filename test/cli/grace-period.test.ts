import { test } from 'tap'
import { manifestFiles } from '../../src/cli/manifests.ts'
import { DRAIN_TIMEOUT_MS } from '../../src/server/listen.ts'

const SILENT = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }

/** What ends after the last answer: the ledger's round, whose calls may take a second and whose lists two, and watches. */
const LEAST_SLACK_SECONDS = 5

await test('a Pod is given the time that a stop takes at most, and some more', async t => {
  const options = { policies: [], namespace: 'poolguard', image: 'x', replicas: 3 }
  const text = JSON.stringify(await manifestFiles(options, SILENT))
  const numbers = (pattern: RegExp): readonly number[] =>
    [...text.matchAll(pattern)].map(match => Number(match[1]))
  const [graceSeconds = 0] = numbers(/"terminationGracePeriodSeconds":(\d+)/g)
  const [shutdownSeconds = 0] = numbers(/--shutdown-delay=(\d+)/g)
  t.ok(shutdownSeconds >= 10, 'API servers and kube-proxy need as long to go elsewhere')
  const longest = shutdownSeconds + DRAIN_TIMEOUT_MS / 1_000
  t.ok(graceSeconds >= longest + LEAST_SLACK_SECONDS, `${graceSeconds} s for ${longest} s of stopping`)
  const waits = numbers(/"timeoutSeconds":(\d+)/g)
  t.ok(waits.length > 3)
  for (const seconds of waits) t.ok(seconds * 1_000 <= DRAIN_TIMEOUT_MS, 'no answer is cut off')
})
