import { isJsonObject, items, member, text } from '../json.ts'
import { COLLECTIONS } from '../race/contests.ts'
import type { Rest } from '../rest.ts'
import { LIFE_SUBNET } from './plan.ts'

/** How the OvnEips of the Subnet stand. */
export type Standing = {
  readonly live: number
  /** Names of those that Kube-OVN never gave an address. */
  readonly stuck: readonly string[]
  /** Names of those that Kube-OVN gave an address and whose status it then emptied again (its cache lags). */
  readonly emptied: readonly string[]
  /** Addresses that more than one has. */
  readonly shared: readonly string[]
}

/** Reads all OvnEips. */
async function standingOf(rest: Rest): Promise<Standing> {
  const { json, status: code } = await rest.send({ path: COLLECTIONS.OvnEip })
  if (code !== 200) throw new Error(`the list of OvnEips: HTTP ${code}`)
  const eips = items(isJsonObject(json) ? json : {}, 'items').filter(
    eip =>
      text(member(eip, 'spec'), 'externalSubnet') === LIFE_SUBNET &&
      !('deletionTimestamp' in member(eip, 'metadata'))
  )
  const of = eips.map(eip => {
    const metadata = member(eip, 'metadata')
    const given = text(member(metadata, 'labels'), 'ovn.kubernetes.io/eip_v4_ip')
    return { name: text(metadata, 'name'), given, status: text(member(eip, 'status'), 'v4Ip') }
  })
  const holders = new Map<string, number>()
  for (const { status, given } of of) {
    for (const address of new Set([status, given].filter(one => one !== '')))
      holders.set(address, (holders.get(address) ?? 0) + 1)
  }
  return {
    live: of.length,
    stuck: of.filter(({ status, given }) => status === '' && given === '').map(({ name }) => name),
    emptied: of.filter(({ status, given }) => status === '' && given !== '').map(({ name }) => name),
    shared: [...holders].filter(([, count]) => count > 1).map(([address]) => address)
  }
}

/** Kube-OVN must get on with at least one OvnEip in this time, or what is left waits for ever. */
const PATIENCE_MS = 60_000

/** How things stand once nobody waits any more, or nothing moves. */
export async function settled(rest: Rest, say: (line: string) => void): Promise<Standing> {
  let least = Infinity
  let changedMs = Date.now()
  for (;;) {
    const standing = await standingOf(rest)
    const { length } = standing.stuck
    if (length < least) changedMs = Date.now()
    least = Math.min(least, length)
    if (length === 0 || Date.now() - changedMs > PATIENCE_MS) return standing
    say(`${length} of ${standing.live} wait for an address`)
    await new Promise(resolve => setTimeout(resolve, 2_000))
  }
}
