import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'

/** A policy as the reference model takes it. */
export interface ModelPolicy {
  readonly mode: 'global' | 'perTenant'
  readonly globalPools: readonly string[]
  readonly tenantPools: Readonly<Record<string, readonly string[]>>
  readonly vlanTenants: readonly string[]
  readonly defaultExternalSubnet: string
  readonly multiDgp: 'blocked' | 'assumeFixed'
}

/** Small name spaces, so that names collide: port `a-b-ext` may be of Vpc a on Subnet b-ext or of Vpc a-b on Subnet ext. */
export const VPCS = ['a', 'a-b', 'c'] as const
export const SUBNETS = ['ext', 'ext2', 'b-ext', 'acme-ext', 'beta-ext', 'stray'] as const
export const EIPS = ['e1', 'e2', 'a-b-ext', 'c-ext', 'node-1'] as const

export const TENANTS = ['acme', 'beta', 'gamma', 'vera'] as const
export const ADMINISTRATOR = 'platform-admin'
export const NOBODY = 'nobody'
export const KUBE_OVN = 'system:serviceaccount:kube-system:ovn'

/** The rules that the model is about; all others are switched off. */
export const MODELLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MultiDgpTenantPool: { Vpc: 'vpc-multi-dgp', OvnEip: 'eip-per-tenant' },
  PoolNotValidated: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  ForeignPool: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  OutsideTenantPool: { OvnEip: 'eip-per-tenant' },
  SystemType: { OvnEip: 'eip-type' },
  OvnGatewayNotApplicable: { Vpc: 'eip-vlan-mode', OvnEip: 'eip-vlan-mode' }
}

export interface HistoryPolicy {
  readonly model: ModelPolicy
  readonly snapshot: PolicySnapshot
}

/** Every combination of pool model, topology and VLAN tenants. */
export function historyPolicies(version = '1.15'): readonly [HistoryPolicy, ...HistoryPolicy[]] {
  const [first, ...others] = (['perTenant', 'global'] as const).flatMap(mode =>
    (['blocked', 'assumeFixed'] as const).flatMap(multiDgp =>
      [[], ['vera']].map(vlanTenants => policy({ mode, multiDgp, vlanTenants, version }))
    )
  )
  if (first === undefined) throw new Error('no policy')
  return [first, ...others]
}

type Choice = Pick<ModelPolicy, 'mode' | 'multiDgp' | 'vlanTenants'> & { readonly version: string }

function policy({ mode, multiDgp, vlanTenants, version }: Choice): HistoryPolicy {
  const model: ModelPolicy = {
    mode,
    multiDgp,
    vlanTenants,
    globalPools: ['ext', 'ext2'],
    tenantPools: { acme: ['acme-ext', 'b-ext'], beta: ['beta-ext'] },
    defaultExternalSubnet: 'ext'
  }
  const own = Object.entries(model.tenantPools).map(([name, externalSubnets]) => ({ name, externalSubnets }))
  const plan = {
    poolModel: mode,
    kubeOvn: { multiDGP: multiDgp, version },
    globalPool: { externalSubnets: model.globalPools, defaultExternalSubnet: 'ext' },
    platform: { users: [ADMINISTRATOR] },
    tenancy: {
      unmappedOvnEips: 'deny',
      ovnEipOwners: TENANTS.map(tenant => ({ user: tenant, tenant })),
      tenants: [...own, ...vlanTenants.map(name => ({ name, networkingMode: 'vlan' }))]
    }
  }
  const modelled = new Set(Object.values(MODELLED).flatMap(rules => Object.values(rules)))
  const off = [...RULE_ACTIONS.keys()].filter(id => !modelled.has(id)).map(id => [id, 'off'])
  const documents = [
    { kind: 'NetworkPlan', metadata: { name: 'plan' }, spec: plan },
    { kind: 'ExposurePolicy', metadata: { name: 'off' }, spec: { actions: Object.fromEntries(off) } }
  ]
  const files = documents.map(document => ({
    path: `${document.kind}.yaml`,
    text: JSON.stringify({ apiVersion: 'poolguard.io/v1alpha1', ...document })
  }))
  return { model, snapshot: snapshotOf(files) }
}
