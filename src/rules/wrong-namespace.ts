import type { Meta } from '../kinds/meta.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'

/** An object of MetalLB's that is not in the namespace the plan names; none or one finding. */
export function wrongNamespace({ namespace }: Meta, { metallb }: Plan): Finding[] {
  const expected = metallb.namespace
  if (namespace === expected) return []
  return [{ code: 'wrong-namespace', field: 'metadata.namespace', value: namespace, expected, restsOn: [] }]
}
