import { parentPort, workerData } from 'node:worker_threads'
import { isRecord } from '../../src/kinds/decode.ts'
import { reviewOfBytes } from '../server/fixtures.ts'
import { ask } from './world.ts'

/** A thread that sends reviews of `bytes` bytes, `count` of them at once, and tells the statuses; 0 for a broken connection. */
const given: unknown = workerData
if (isRecord(given)) {
  const address = { host: '127.0.0.1', port: Number(given['port']) }
  const body = reviewOfBytes(Number(given['bytes']))
  const outcomes = Array.from({ length: Number(given['count']) }, () =>
    ask({ address }, body, { ca: String(given['ca']) }).then(
      ({ status }) => status,
      () => 0
    )
  )
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
  parentPort?.postMessage(await Promise.all(outcomes))
}
