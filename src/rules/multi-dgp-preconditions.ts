import type { View } from '../inventory/view.ts'
import { isBefore } from '../policy/kube-ovn-version.ts'
import type { Plan } from '../policy/plan.ts'
import type { UnmetPrecondition } from './findings/vpc.ts'

/** OVN 25.03, which Kube-OVN carries since 1.15, chooses the gateway port by the address (ovn 264c8310, kube-ovn#5537). */
const PORT_BY_ADDRESS_SINCE_MINOR = 15

/** From 1.17 on Kube-OVN orders the chassis of all gateway ports alike (kube-ovn 0a30fdc46), so that they stay together. */
const CHASSIS_ORDERED_SINCE_MINOR = 17

/** The label by which Kube-OVN chooses gateway nodes (pkg/util/const.go, pkg/controller/external_gw.go). */
const GATEWAY_NODE = 'ovn.kubernetes.io/external-gw'

/**
 * What `multiDGP: assumeFixed` presumes and the plan or the cluster contradicts; empty when several gateway ports work as
 * far as is known. `view` is asked for Nodes, O(Nodes); Nodes that cannot be read are a precondition not known to hold.
 */
export function unmetPreconditions(plan: Plan, view: View): readonly UnmetPrecondition[] {
  const { version } = plan.kubeOvn
  const unmet: UnmetPrecondition[] = []
  if (isBefore(version, PORT_BY_ADDRESS_SINCE_MINOR)) unmet.push({ by: 'version', version })
  if (!isBefore(version, CHASSIS_ORDERED_SINCE_MINOR)) return unmet
  const nodes = view.known('Node') ? gatewayNodes(view) : undefined
  if (nodes !== 1) unmet.push({ by: 'gateway-nodes', nodes })
  return unmet
}

function gatewayNodes(view: View): number {
  return [...view.list('Node')].filter(({ meta }) => meta.labels.get(GATEWAY_NODE) === 'true').length
}
