import type { View } from '../inventory/view.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { Plan } from '../policy/plan.ts'
import { ownerOfEip } from './eip-owner.ts'
import type { QuotaReads } from './quota.ts'

/** A tenant's OvnEip. */
export interface CountedEip {
  readonly eip: OvnEip
  readonly tenant: string
  /** What says whose it is, besides the OvnEip itself. */
  readonly owners: readonly ObjectRef[]
}

/** Whether the OvnEip is one that users ask for: those of type lrp and lsp are the ports of routers and gateway nodes. */
export function isUsers({ type }: OvnEip): boolean {
  return type === '' || type === 'nat'
}

/** Every stored OvnEip that is some tenant's by what is stored (`ownerOfEip`), those under deletion included. O(OvnEips). */
export function* countedEips(plan: Plan, view: View): Generator<CountedEip> {
  for (const eip of view.list('OvnEip')) {
    const owner = isUsers(eip) ? ownerOfEip(eip, plan, view) : undefined
    if (owner === undefined || owner.tenant === '') continue
    yield { eip, tenant: owner.tenant, owners: owner.restsOn.filter(({ kind }) => kind !== 'OvnEip') }
  }
}

/** Objects that say whose OvnEips are, read live before a denial: as many as leave room for other rules' (admission/judge.ts). */
const MOST_OWNERS = 32

/** One list of all OvnEips, which are in no namespace, and the first of what says that these are the tenant's. */
export function eipReads(counted: readonly CountedEip[]): QuotaReads {
  const owners = new Map(counted.flatMap(one => one.owners).map(ref => [refKey(ref), ref]))
  return {
    lists: [{ kind: 'OvnEip', namespace: '', name: '' }],
    owners: [...owners.values()].slice(0, MOST_OWNERS)
  }
}
