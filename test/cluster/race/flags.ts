import { parseArgs } from 'node:util'

import { CONTESTS, type ContestName } from './contests.ts'
import type { Fault } from './round.ts'

export const usage = `npm run race -- [--quick] [--json] [--replicas 2] [--rounds 20] [--writers 32] [--kinds pools]
                [--kill] [--pause-watch] [--metallb] [--cost] [--seed N]

Creates so many objects that all take one address at once, round after round, against a real API server with so many replicas of
poolguard behind one address, and counts what is stored. Prints one line of JSON last; with --json nothing else goes to stdout.
Exit code 1 when anything came out as it must not: two of one round stored, none without a replica that was killed, a claim left.

--quick        5 rounds
--kinds        of pools, subnets (provider Subnets against pools) and eips (OvnEips that ask for one static address), by commas;
               so many rounds of each
--kill         kills one replica in the middle of a round; then, once, right after its claim, and waits until it is void: two minutes
--pause-watch  one replica hears nothing of what is stored during a round; both: in turn, and every third round is left alone
--metallb      the same rounds of pools against MetalLB's own webhook
--cost         what poolguard adds to a write, webhooks on and off in turn
--seed         which replica is killed, and when; printed`

export type Flags = {
  readonly isJson: boolean
  readonly replicas: number
  readonly rounds: number
  readonly writers: number
  readonly kinds: readonly ContestName[]
  /** By turns. */
  readonly faults: readonly Fault[]
  readonly withMetalLB: boolean
  readonly withCost: boolean
  readonly seed: number
}

/** What the flags say; a text says what is wrong with them, each on a line, or 'help'. */
export function readFlags(args: readonly string[]): Flags | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      replicas: { type: 'string', default: '2' },
      rounds: { type: 'string' },
      writers: { type: 'string', default: '32' },
      kinds: { type: 'string', default: 'pools' },
      kill: { type: 'boolean', default: false },
      'pause-watch': { type: 'boolean', default: false },
      metallb: { type: 'boolean', default: false },
      cost: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) return 'help'
  const errors: string[] = []
  const whole = (flag: string, text: string, most: number): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      errors.push(`--${flag}: "${text}" is no whole number from 1 to ${most}`)
    return value
  }
  const kinds = values.kinds.split(',').flatMap(name => {
    const kind = CONTESTS.find(one => one === name)
    if (kind === undefined) errors.push(`--kinds: no "${name}"; there are ${CONTESTS.join(', ')}`)
    return kind ?? []
  })
  const flags = {
    isJson: values.json,
    replicas: whole('replicas', values.replicas, 9),
    // more have no addresses of their own (contests.ts)
    rounds: whole('rounds', values.rounds ?? (values.quick ? '5' : '20'), 240),
    writers: whole('writers', values.writers, 256),
    kinds,
    faults: faultsOf(values.kill, values['pause-watch']),
    withMetalLB: values.metallb,
    withCost: values.cost,
    seed: whole('seed', values.seed, 2 ** 31)
  }
  return errors.length === 0 ? flags : errors.join('\n')
}

function faultsOf(isKilling: boolean, isPausing: boolean): readonly Fault[] {
  if (isKilling && isPausing) return ['kill', 'pause', 'none']
  if (isKilling) return ['kill']
  return isPausing ? ['pause'] : ['none']
}
