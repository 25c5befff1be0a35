import { parseArgs } from 'node:util'

export const usage = `npm run soak -- [--minutes 5] [--faults 0] [--replicas 3] [--tenants 200] [--eips 2000] [--rate 60] [--seed N]

Mixed writes to a real cluster with Kube-OVN's own controller, through as many replicas of poolguard behind one address, at random:
OvnEips and NAT rules of many tenants, pools and provider Subnets that come, grow, shrink and go, Vips, Services, attempts that must
be refused, and several at once that take the same addresses. Lasts that long after the first OvnEips are there. Prints one line of
JSON last. Exit code 1 when anything came out as it must not: two that hold an address, a call lost, an answer that no rule and no
outage explains, an OvnEip that never gets an address, memory that grows, a claim that is left.

--faults    harm every so many seconds on average, each kind in its turn: SIGKILL of a replica, which is started again up to three
            seconds later; SIGTERM of one; watches of the last one that are silent for up to ten seconds; a restart of the API
            server. The first replica is never killed. Calls may fail for half a second around SIGKILL, where the API server was
            asking that replica, and from the end of the API server until two seconds after it is ready; nothing else excuses one.
            The long form is --minutes 30 --faults 30
--replicas  of poolguard; with one, none is killed
--rate      writes a second
--seed      of what is written and harmed; printed. Times are not of it`

export type Flags = {
  readonly minutes: number
  readonly tenants: number
  readonly eips: number
  readonly rate: number
  readonly replicas: number
  /** 0: none. */
  readonly faultSeconds: number
  readonly seed: number
}

/** What the flags say; a text says what is wrong with them, or 'help'. */
export function readFlags(args: readonly string[]): Flags | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      tenants: { type: 'string', default: '200' },
      eips: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '60' },
      replicas: { type: 'string', default: '3' },
      faults: { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) return 'help'
  const flags = {
    minutes: Number(values.minutes),
    tenants: Number(values.tenants),
    eips: Number(values.eips),
    rate: Number(values.rate),
    replicas: Number(values.replicas),
    faultSeconds: Number(values.faults),
    seed: Number(values.seed)
  }
  const positive = ['minutes', 'tenants', 'eips', 'rate', 'replicas'] as const
  const wrong = positive.filter(name => !(flags[name] > 0))
  if (wrong.length > 0) return `not above 0: ${wrong.join(', ')}`
  if (!(flags.faultSeconds >= 0) || Number.isNaN(flags.seed))
    return '--faults and --seed take numbers from 0 on'
  return flags
}
