import { isRecord } from '../kinds/decode.ts'
import { defaultPool } from '../policy/grants.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import { serviceClassOf } from '../rules/service-class.ts'
import { isOn, type Change, type RuleContext } from '../rules/rule.ts'
import { changeOf } from './change.ts'
import { defaultOvnEip } from './default-ovn-eip.ts'
import { defaultService } from './default-service.ts'
import { ruleContext } from './judge.ts'
import { namespacesOf } from './owner-namespaces.ts'
import { patchOf, type PatchOperation } from './patch.ts'
import type { Ports } from './ports.ts'
import type { Review } from './review.ts'

/**
 * The patch that fills in what the platform decides where the user did not: a tenant's pool, an OvnEip's subnet. Empty
 * when there is nothing to do, and when the object does not decode: the validating path then says what is wrong.
 * Applying it and asking again gives an empty patch.
 */
export async function mutate(review: Review, ports: Ports): Promise<readonly PatchOperation[]> {
  const { kind, object: raw } = review
  if (kind === undefined || review.operation === 'DELETE' || review.subResource !== '' || !isRecord(raw))
    return []
  const decoded = changeOf({ ...review, kind })
  if (!decoded.ok) return []
  const context = await confirmedContext(review, decoded.change, ports)
  const changed = defaulted(raw, decoded.change, context)
  return changed === undefined ? [] : patchOf(raw, changed)
}

/** What a namespace is taken for may only be so because its Namespace or its Tenant is not seen yet: they are read then. */
async function confirmedContext(review: Review, change: Change, ports: Ports): Promise<RuleContext> {
  const context = ruleContext(review, change, ports.snapshot(), ports)
  const { kind } = context.tenancy
  if (change.kind !== 'Service' || kind === 'tenant' || kind === 'platform') return context
  const namespaces = namespacesOf(review, change, ports.snapshot())
  await ports.confirm(namespaces.flatMap(name => tenancyRestsOn(ports.view, name)))
  return ruleContext(review, change, ports.snapshot(), ports)
}

function defaulted(
  raw: Record<string, unknown>,
  change: Change,
  context: RuleContext
): Record<string, unknown> | undefined {
  const { plan, tenancy, requester, view, exposure } = context
  const { operation } = change
  if (isOn(['Service'], change) && change.object !== undefined) {
    const pool = defaultPool(
      context,
      serviceClassOf(change.object, { requester, view, oldService: change.oldObject })
    )
    return defaultService(raw, {
      service: change.object,
      oldService: change.oldObject,
      operation,
      pool,
      plan,
      view
    })
  }
  if (isOn(['OvnEip'], change) && change.object !== undefined) {
    return defaultOvnEip(raw, {
      eip: change.object,
      oldEip: change.oldObject,
      operation,
      requester,
      plan,
      tenancy,
      exposure,
      view
    })
  }
  return undefined
}
