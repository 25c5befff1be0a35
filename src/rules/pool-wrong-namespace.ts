import { defineRule } from './rule.ts'
import { wrongNamespace } from './wrong-namespace.ts'

/** Pools are where MetalLB looks for them. */
export const poolWrongNamespace = defineRule<'IPAddressPool'>({
  id: 'pool-wrong-namespace',
  summary: "A pool is in MetalLB's own namespace, which the plan names (metallb.namespace).",
  why: 'MetalLB reads pools of its own namespace only: elsewhere one is stored, looks right and never hands out an address.',
  fix: "Create the pool in MetalLB's namespace.",
  example: 'metadata: {name: default-pool, namespace: default}',
  see: ['https://metallb.io/configuration/', 'https://metallb.io/apis/#metallb.io/v1beta1.IPAddressPool'],
  on: ['IPAddressPool'],
  reads: [],
  defaultAction: 'deny',
  check: ({ object }, { plan }) => wrongNamespace(object.meta, plan)
})
