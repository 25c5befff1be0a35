import { setImmediate as others } from 'node:timers/promises'

/** Work in small steps, with a result at the end. */
export type Steps<T> = Generator<undefined, T, undefined>

/** How long the event loop is kept before reviews get their turn. */
const SLICE_MS = 5

/**
 * Takes the steps in slices of 5 ms and lets others have their turn in between: those that wait already, unless `rest` takes
 * longer. Rejects with what a step throws.
 */
export async function inSlices<T>(steps: Steps<T>, rest: () => Promise<unknown> = others): Promise<T> {
  let began = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() - began < SLICE_MS) continue
    await rest()
    began = performance.now()
  }
}
