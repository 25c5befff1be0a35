import type { Random } from '../histories/random.ts'

interface Step {
  readonly label: string
  /** The replica that waits for it; undefined: the API server or a client. */
  readonly replica: number | undefined
  run(): void
}

/**
 * Decides what happens next. Each call to a port is a step that waits here; one is run at a time, then everything that follows
 * from it until the next call. A replica that dies loses its steps.
 */
export class Scheduler {
  /** Steps whose label ends so are mostly passed over while there are others. */
  dawdles = 'nothing'
  private readonly trace: string[] | undefined
  private readonly random: Random
  private waiting: Step[] = []

  /** What happens is written to the end of `trace`. */
  constructor(random: Random, trace: string[] | undefined) {
    this.trace = trace
    this.random = random
  }

  get isIdle(): boolean {
    return this.waiting.length === 0
  }

  /** Resolves with what `run` answers, when it is this step's turn. */
  step<T>(replica: number | undefined, label: string, run: () => T): Promise<T> {
    return new Promise(resolve => {
      this.waiting.push({ label, replica, run: () => resolve(run()) })
    })
  }

  note(label: string): void {
    this.trace?.push(label)
  }

  /** Runs one waiting step. */
  async next(): Promise<void> {
    const [step] = this.waiting.splice(this.pick(), 1)
    if (step === undefined) return
    if (this.trace !== undefined)
      this.note(step.replica === undefined ? step.label : `R${step.replica}:${step.label}`)
    step.run()
    await settled()
  }

  private pick(): number {
    const first = this.random.below(this.waiting.length)
    const isSlow = this.waiting[first]?.label.endsWith(this.dawdles) === true
    return isSlow && !this.random.oneIn(4) ? this.random.below(this.waiting.length) : first
  }

  kill(replica: number): void {
    this.waiting = this.waiting.filter(step => step.replica !== replica)
  }
}

/** Resolves once nothing can go on without another step: microtasks come before the next turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
