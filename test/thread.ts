import { Worker } from 'node:worker_threads'

/**
 * A thread of a test, from a TypeScript file: on Node 20 a thread does not take over the loader of its parent, so it is
 * given one of its own. What the file throws is the thread's `error`.
 */
export function startThread(file: URL, workerData: unknown): Worker {
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(file.href)})))`
  return new Worker(code, { eval: true, workerData })
}
