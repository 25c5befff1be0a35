import { METALLB_ASKS } from '../kinds/service.ts'
import { SOURCE_RANGES_ANNOTATION } from '../kinds/service-source-ranges.ts'
import { RULES } from '../rules/index.ts'

/** A way in which a Service asks for an address, or opens something at one. */
export interface Door {
  /** What is written, as Markdown. */
  readonly write: string
  /** What it does. */
  readonly does: string
  /** The rules that judge it, by id. */
  readonly rules: readonly string[]
  /** The keys of an ExposurePolicy that limit it; empty for none. */
  readonly keys: readonly string[]
}

const [POOL, ADDRESSES, SHARING] = METALLB_ASKS.map(name => `\`metallb.io/${name}\``)

/** Every door there is, in the order in which somebody meets them. */
export const DOORS: readonly Door[] = [
  {
    write: '`spec.type`',
    does: 'LoadBalancer takes an address, NodePort opens a port on every node',
    rules: ['service-type', 'service-quota', 'service-pool-not-granted', 'service-pool-exhausted'],
    keys: ['services.allowedTypes', 'services.quota', 'pools.allowed']
  },
  {
    write: '`spec.loadBalancerClass`',
    does: 'chooses who gives the address',
    rules: ['service-class'],
    keys: ['services.loadBalancerClasses']
  },
  {
    write: `${POOL}`,
    does: 'chooses the pool; without it the default pool is filled in',
    rules: ['service-pool-not-granted', 'service-address-conflict', 'service-pool-exhausted'],
    keys: ['pools.allowed']
  },
  {
    write: `\`spec.loadBalancerIP\`, ${ADDRESSES}`,
    does: 'asks for certain addresses',
    rules: [
      'service-address-conflict',
      'service-address-not-granted',
      'service-pool-not-granted',
      'service-address-in-use'
    ],
    keys: ['services.addressRequests', 'pools.allowed']
  },
  {
    write: `${SHARING}`,
    does: 'shares the address with Services that have the same key',
    rules: ['service-shared-address', 'service-address-in-use'],
    keys: ['services.sharedAddresses']
  },
  {
    write: '`spec.ipFamilies`, `spec.ipFamilyPolicy`',
    does: 'one address of each family, all of one pool',
    rules: ['service-address-conflict', 'service-source-ranges', 'service-pool-exhausted'],
    keys: []
  },
  {
    write: '`spec.externalIPs`',
    does: 'every node takes traffic for these addresses to the Service',
    rules: ['service-external-ips'],
    keys: ['services.externalIPs']
  },
  {
    write: `\`spec.loadBalancerSourceRanges\`, \`${SOURCE_RANGES_ANNOTATION}\``,
    does: 'from where a LoadBalancer may be reached',
    rules: ['service-source-ranges'],
    keys: ['services.loadBalancerSourceRanges']
  },
  {
    write: '`spec.ports[].port`, `spec.ports[].nodePort`',
    does: 'opens ports at the address, and on the nodes',
    rules: ['service-port'],
    keys: ['services.ports', 'services.nodePorts']
  },
  {
    write: '`status.loadBalancer.ingress`, and annotations through the status',
    does: 'gives the Service an address without anybody being asked',
    rules: ['service-status'],
    keys: []
  }
]

/** What a tenant may ask for and how, as Markdown: the doors, then what each of their rules requires. */
export function doorTables(): string {
  const doors = DOORS.map(({ write, does, keys, rules }) =>
    row([write, does, rules.map(code).join(', '), keys.length === 0 ? 'none' : keys.map(code).join(', ')])
  )
  const named = new Set(DOORS.flatMap(({ rules }) => rules))
  const required = RULES.filter(({ id }) => named.has(id)).map(({ id, defaultAction, summary, fix }) =>
    row([code(id), defaultAction, summary, fix])
  )
  return [
    row(['you write', 'which', 'judged by', 'limited by']),
    row(['---', '---', '---', '---']),
    ...doors,
    '',
    row(['rule', 'default', 'what is required', 'otherwise']),
    row(['---', '---', '---', '---']),
    ...required
  ].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
