import type { Random } from './random.ts'

/** Entries of a pool from one /24 and one /120, so small that two of them often meet. */
export function randomEntry(random: Random): string {
  const roll = random.int(100)
  if (roll < 33) return `${ipv4(random)}/${random.pick([32, 32, 31, 30, 29, 28, 28, 27, 26, 24])}`
  if (roll < 66) return dash(random, at => `10.0.0.${at}`)
  if (roll < 74) return `${ipv6(random.int(256))}/${random.pick([128, 128, 127, 126, 124, 120])}`
  if (roll < 80) return dash(random, ipv6)
  return mapped(random)
}

/** Read by one parser or the other, or by none; or so large that it meets everything. */
export function unusualEntry(random: Random): string {
  return random.pick(UNUSUAL)
}

const UNUSUAL = [
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/8',
  'fd00::/8',
  '10.0.0.7',
  'fd00::7',
  '10.0.0.9-10.0.0.3',
  '10.0.0.300/32',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0.0/+24',
  '10.0.0.0/0032',
  '10.0.0.0/ 32',
  ' 10.0.0.0/32',
  '10.0.0.1 - 10.0.0.9',
  '10.0.0.1-10.0.0.2-10.0.0.3',
  '10.0.0.1..10.0.0.9',
  '10.0.0.01/32',
  '10.0.0/24',
  '10.0.0.1-',
  'fd00::1-10.0.0.9',
  'fd00::%eth0/128',
  'fd00::1-fd00::G',
  'FD00::A/128',
  'fd00:0:0:0:0:0:0:b/128',
  'fd00::0.0.0.12/128',
  'ten/8',
  '-',
  ' ',
  ''
] as const

/** IPv4-mapped IPv6 (RFC 4291, 2.5.5.2) in both of its spellings, and ranges from one family into the other. */
function mapped(random: Random): string {
  const at = random.int(256)
  const dotted = `::ffff:10.0.0.${at}`
  return random.pick([
    `${dotted}/${random.pick([128, 126, 120, 96, 95, 24])}`,
    `::ffff:a00:${at.toString(16)}/128`,
    `${dotted}-10.0.0.${Math.min(255, at + 9)}`,
    `10.0.0.${at}-fd00::${at}`,
    `10.0.0.${at}-::ffff:10.0.0.${Math.min(255, at + 9)}`,
    `${dotted}-::ffff:10.0.0.${Math.min(255, at + 9)}`
  ])
}

function ipv4(random: Random): string {
  return `10.0.0.${random.int(256)}`
}

function ipv6(at: number): string {
  return `fd00::${at.toString(16)}`
}

function dash(random: Random, address: (at: number) => string): string {
  const first = random.int(256)
  return `${address(first)}-${address(Math.min(255, first + random.int(24)))}`
}
