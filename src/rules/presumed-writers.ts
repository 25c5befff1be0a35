import type { View } from '../inventory/view.ts'
import { KINDS, type AnyObject } from '../kinds/index.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { Service } from '../kinds/service.ts'
import type { ControllerName, Plan } from '../policy/plan.ts'
import {
  ownerInNamespace,
  possibleOwners,
  requesterOf,
  type Requester,
  type Tenancy
} from '../policy/tenancy.ts'
import { askedSubnets } from './gateway-ports.ts'
import { serviceClassOf } from './service-class.ts'

/** Somebody who may have written a stored object, and whose the object is then. */
export interface Writer {
  readonly requester: Requester
  readonly tenancy: Tenancy
}

/**
 * Everybody who may have written this stored object, as far as verdicts can differ by it; one where it is known or makes no
 * difference. The platform's administrator stands for all who are nobody in particular. An object in a namespace is its
 * tenant's whoever wrote it, though some controllers may take from other pools; see `possibleOwners` for the others.
 */
export function presumedWriters(
  object: AnyObject,
  { view, plan }: { readonly view: View; readonly plan: Plan }
): readonly Writer[] {
  const administrator: Requester = {
    username: '',
    groups: plan.platform.groups,
    role: 'platform',
    controller: undefined
  }
  const { labels, namespace } = object.meta
  if (KINDS[object.kind].namespaced) {
    const requesters =
      object.kind === 'Service' ? serviceWriters(object, administrator, { view, plan }) : [administrator]
    return requesters.map(requester => ({
      requester,
      tenancy: ownerInNamespace(plan, view, { requester, labels, namespace })
    }))
  }
  if (object.kind === 'OvnEip' && object.type === 'lrp') {
    const kubeOvn = controllersOf(plan, ['kubeOvn'])
    const writers =
      isRouterPort(object, plan, view) && kubeOvn.length > 0 ? kubeOvn : [administrator, ...kubeOvn]
    return writers.map(requester => ({ requester, tenancy: PLATFORM }))
  }
  const owners = isGatewayNode(object, view) ? [PLATFORM] : possibleOwners(plan, labels)
  return owners.map(tenancy => ({ requester: administrator, tenancy }))
}

const PLATFORM: Tenancy = { kind: 'platform' }

/** Controllers whose Services are of a class of their own. */
const SERVICE_WRITERS: readonly ControllerName[] = ['kamaji', 'ccm']

/**
 * The Service of a live control plane is Kamaji's; what only its label tells of may be anybody's, or that of an account that
 * acts for the tenant of a label.
 */
function serviceWriters(
  service: Service,
  administrator: Requester,
  { view, plan }: { readonly view: View; readonly plan: Plan }
): readonly Requester[] {
  const classOf = (requester: Requester) =>
    serviceClassOf(service, { requester, view, oldService: undefined })
  const writers = controllersOf(plan, SERVICE_WRITERS)
  const kamaji = writers.filter(requester => classOf(requester) === 'controlPlane')
  if (kamaji.length > 0) return kamaji
  const mapped = plan.tenancy.serviceOwners.flatMap(({ user, owner }) => {
    const label = 'tenantFromLabel' in owner ? owner.tenantFromLabel : undefined
    const other = 'namespaceFromLabel' in owner ? owner.namespaceFromLabel : label
    const isNamed = other !== undefined && service.meta.labels.has(other)
    return isNamed ? [requesterOf(plan, { username: user, groups: [] })] : []
  })
  return [administrator, ...writers.filter(requester => classOf(requester) !== 'direct'), ...mapped]
}

/** One account of each of these controllers that the plan names. */
function controllersOf(plan: Plan, names: readonly ControllerName[]): readonly Requester[] {
  return names.flatMap(name => {
    const [username] = plan.controllers.get(name) ?? []
    return username === undefined ? [] : [requesterOf(plan, { username, groups: [] })]
  })
}

/** Whether the OvnEip is the port that Kube-OVN would make for a Vpc just as it stands. It is named VPC-SUBNET. */
function isRouterPort({ meta, externalSubnet }: OvnEip, plan: Plan, view: View): boolean {
  const end = `-${externalSubnet}`
  const vpc = meta.name.endsWith(end) ? view.get('Vpc', '', meta.name.slice(0, -end.length)) : undefined
  return vpc !== undefined && askedSubnets(vpc, plan).has(externalSubnet)
}

/** Whether it is an OvnEip of a gateway node, as the platform makes them. */
function isGatewayNode(object: AnyObject, view: View): boolean {
  return (
    object.kind === 'OvnEip' && object.type === 'lsp' && view.get('Node', '', object.meta.name) !== undefined
  )
}
