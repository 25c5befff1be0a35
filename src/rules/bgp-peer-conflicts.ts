import type { View } from '../inventory/view.ts'
import type { BGPPeer } from '../kinds/bgp-peer.ts'
import { refOf } from '../kinds/index.ts'
import { byName } from './by-name.ts'
import type { Finding } from './finding.ts'
import { selectedNodes } from './node-membership.ts'
import type { CheckContext } from './rule.ts'

/** Other peers that are told of: an answer carries no more. */
const MOST_TOLD = 16

/**
 * Other peers for the same node that one FRR cannot have beside this one: the same session again, another routerID, another
 * myASN in the same VRF. As long as no Node is known, all peers count as on the same one. MetalLB 0.15 refuses such peers on
 * different nodes too, from 0.16 on it does not.
 */
export function peerConflicts(object: BGPPeer, { plan, view }: CheckContext): Finding[] {
  if (!['frr', 'frr-k8s'].includes(plan.metallb.bgpType)) return []
  const shareNode = nodeSharing(object, view)
  const found: Finding[] = []
  for (const other of [...view.list('BGPPeer')].toSorted(byName)) {
    if (found.length >= MOST_TOLD) break
    if (other.meta.namespace !== object.meta.namespace || other.meta.name === object.meta.name) continue
    const conflicts = conflictsWith(object, other)
    if (conflicts.length > 0 && shareNode(other)) found.push(...conflicts)
  }
  return found
}

function conflictsWith(object: BGPPeer, other: BGPPeer): readonly Finding[] {
  const ref = refOf(other)
  const at = { code: 'peer-conflict', other: ref, restsOn: [ref] } as const
  const found: Finding[] = []
  if (sessionOf(object) === sessionOf(other)) {
    const field = object.peerAddress === '' ? 'interface' : 'peerAddress'
    const value = object[field]
    found.push({ ...at, about: 'session', field: `spec.${field}`, value, otherValue: value })
  }
  if (object.routerID !== other.routerID) {
    const { routerID } = object
    found.push({
      ...at,
      about: 'routerID',
      field: 'spec.routerID',
      value: routerID,
      otherValue: other.routerID
    })
  }
  if (object.vrf === other.vrf && object.myASN !== other.myASN) {
    const [value, otherValue] = [String(object.myASN), String(other.myASN)]
    found.push({ ...at, about: 'myASN', field: 'spec.myASN', value, otherValue })
  }
  return found
}

/** What tells one session from another: where it goes, and from which VRF. */
function sessionOf({ peerAddress, interface: name, vrf }: BGPPeer): string {
  return JSON.stringify([peerAddress === '' ? name : peerAddress, vrf])
}

/** Whether a node speaks to both; the nodes of the first are worked out once, when first asked for. */
function nodeSharing(object: BGPPeer, view: View): (other: BGPPeer) => boolean {
  let own: ReadonlySet<string> | undefined
  return ({ nodeSelectors }) => {
    const [anyNode] = view.list('Node')
    if (anyNode === undefined) return true
    own ??= namesOf(object.nodeSelectors, view)
    for (const name of namesOf(nodeSelectors, view)) if (own.has(name)) return true
    return false
  }
}

function namesOf(selectors: BGPPeer['nodeSelectors'], view: View): ReadonlySet<string> {
  return new Set(selectedNodes(selectors, view).map(({ meta }) => meta.name))
}
