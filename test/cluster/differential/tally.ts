import { breaksWhole, REASONS, reasonOf } from './differences.ts'
import type { Step } from './walk.ts'

/** What a walk came to. */
export type Tally = {
  readonly agreed: { readonly allowed: number; readonly denied: number }
  /** Differences by the name of their reason; every reason is in it. */
  readonly explained: ReadonlyMap<string, number>
  readonly unexplained: readonly Step[]
  /** What MetalLB's webhook and poolguard both let pass without a word, though the speakers refuse it. */
  readonly silent: readonly Step[]
}

export async function tally(steps: AsyncIterable<Step>): Promise<Tally> {
  const agreed = { allowed: 0, denied: 0 }
  const explained = new Map(REASONS.map(({ name }) => [name, 0]))
  const unexplained: Step[] = []
  const silent: Step[] = []
  for await (const step of steps) {
    const { metallb, poolguard } = step.one
    if (breaksWhole(step.one) && poolguard.messages.length === 0) silent.push(step)
    if (metallb.allowed !== poolguard.objects) agreed[metallb.allowed ? 'allowed' : 'denied']++
    else {
      const reason = reasonOf(step.one)
      if (reason === undefined) unexplained.push(step)
      else explained.set(reason.name, (explained.get(reason.name) ?? 0) + 1)
    }
  }
  return { agreed, explained, unexplained, silent }
}

/** All there is to see the difference by, and how to have it again. */
export function shownStep({ seed, step, one }: Step): string {
  const { operation, object, oldObject, stored, metallb, mess, speakers, poolguard } = one
  return [
    `POOLGUARD_SEED=${seed} POOLGUARD_ROUNDS=1, step ${step}: ${operation} ${bare(object)}`,
    ...(oldObject === undefined ? [] : [`  instead of ${bare(oldObject)}`]),
    `  MetalLB: ${orFine(metallb.message)}`,
    ...(mess === undefined ? [] : [`  MetalLB on what is stored: ${orFine(mess.stored.message)}`]),
    ...(mess === undefined ? [] : [`  MetalLB on the others: ${orFine(mess.others.message)}`]),
    `  MetalLB's speakers: ${orFine(speakers.before)}, then ${orFine(speakers.after)}`,
    `  poolguard ${poolguard.allowed ? 'allows' : 'denies'}: ${poolguard.messages.join(' | ')}`,
    ...stored.map(other => `  stored: ${bare(other)}`)
  ].join('\n')
}

function orFine(message: string): string {
  return message === '' ? 'fine' : message
}

/** Without what the API server adds most of. */
function bare(object: object): string {
  return JSON.stringify(object, (key, value: unknown) => (key === 'managedFields' ? undefined : value))
}
