import { subtract } from '../address/range.ts'
import { claimsOf, KINDS, type KindName, type Kinds } from '../kinds/index.ts'
import { sameAsk, type OvnEip } from '../kinds/ovn-eip.ts'
import { ownerInNamespace, ownerOfClusterScoped } from '../policy/tenancy.ts'
import { effectiveSubnet, otherOwner } from './provider-subnets.ts'
import { isOn, type Change, type RuleContext } from './rule.ts'

/**
 * Whether an update that grows by the look of it adds nothing all the same: it takes no further address for an object
 * under deletion, whose finalizers must get done, or it relabels an OvnEip that stays with its owner.
 */
export function addsNothing(change: Change, context: RuleContext): boolean {
  const { kind, object, oldObject } = change
  if (object === undefined || oldObject === undefined) return false
  if (object.meta.deleting && !claimsMore(kind, object, oldObject)) return true
  return isRelabelling(change) && ownerStays(change, context)
}

function claimsMore<K extends KindName>(kind: K, object: Kinds[K], oldObject: Kinds[K]): boolean {
  const before = claimsOf(kind, oldObject)
  const after = claimsOf(kind, object)
  return [...new Set(after.map(({ domain }) => domain))].some(domain => {
    const [wanted, held] = [after, before].map(claims =>
      claims.filter(claim => claim.domain === domain).map(({ range }) => range)
    )
    return subtract(wanted ?? [], held ?? []).length > 0
  })
}

function isRelabelling(change: Change): boolean {
  if (!isOn(EIP, change)) return false
  const { object, oldObject } = change
  return object !== undefined && oldObject !== undefined && sameAsk(object, oldObject)
}

const EIP = ['OvnEip'] as const

/**
 * Whether faults of the stored object excuse the same ones of the new object. An object in a namespace stays with its
 * owner, unless an account writes it whose labels name one. It, and one without namespace, is excused only to the owner that
 * its labels name, before as after; and an OvnEip on another tenant's Subnet is that tenant's, whoever a mapping by user alone
 * takes the requester for.
 */
export function storedExcuses(change: Change, context: RuleContext): boolean {
  return ownerStays(change, context) && !isForeign(change, context)
}

function ownerStays({ kind, oldObject }: Change, { plan, view, requester, tenancy }: RuleContext): boolean {
  if (oldObject === undefined) return true
  const { labels, namespace } = oldObject.meta
  const before = KINDS[kind].namespaced
    ? ownerInNamespace(plan, view, { requester, labels, namespace })
    : ownerOfClusterScoped(plan, requester, labels)
  return before.kind === tenancy.kind && nameOf(before) === nameOf(tenancy)
}

function nameOf(tenancy: RuleContext['tenancy']): string {
  return 'name' in tenancy ? tenancy.name : ''
}

function isForeign(change: Change, { plan, tenancy }: RuleContext): boolean {
  const stored: OvnEip | undefined = isOn(EIP, change) ? change.oldObject : undefined
  const subnet = stored && effectiveSubnet(stored, plan)
  return subnet !== undefined && otherOwner(subnet, plan, tenancy) !== undefined
}
