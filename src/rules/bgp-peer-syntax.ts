import type { View } from '../inventory/view.ts'
import type { BGPPeer } from '../kinds/bgp-peer.ts'
import { echoOverIPv6 } from './bfd-echo.ts'
import { peerConflicts } from './bgp-peer-conflicts.ts'
import { mistakes, notNativeFindings } from './bgp-peer-mistakes.ts'
import { timerFindings } from './bgp-peer-timers.ts'
import type { Finding } from './finding.ts'
import type { CheckContext } from './rule.ts'
import { selectorFindings } from './selector-syntax.ts'
import { unknownNames } from './unknown-names.ts'

/** What MetalLB refuses of a BGPPeer, by itself (peerFromCR) and beside others; its BFDProfile may come later. */
export function peerFindings(object: BGPPeer, context: CheckContext): Finding[] {
  const { plan, view } = context
  const own = [
    ...mistakes(object),
    ...timerFindings(object),
    ...selectorFindings('spec.nodeSelectors', object.nodeSelectors),
    ...(plan.metallb.bgpType === 'native' ? notNativeFindings(object) : [])
  ]
  if (object.meta.namespace !== plan.metallb.namespace) return own
  const profile = view.get('BFDProfile', object.meta.namespace, object.bfdProfile)
  const echoing = profile?.echoMode === true ? [[object.meta.name, { peer: object, profile }] as const] : []
  return [
    ...own,
    ...unknownProfile(object, view),
    ...peerConflicts(object, context),
    ...echoOverIPv6(object, new Map(echoing), view)
  ]
}

function unknownProfile({ meta, bfdProfile }: BGPPeer, view: View): Finding[] {
  const named = bfdProfile === '' ? [] : [{ field: 'spec.bfdProfile', value: bfdProfile }]
  return unknownNames('BFDProfile', meta.namespace, named, view).map(name => {
    return { ...name, code: 'unknown-bfd-profile' }
  })
}
