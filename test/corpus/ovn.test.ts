import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'

/** One decision about a Kube-OVN object, as the corpus states it. */
interface Row {
  readonly id: string
  readonly basis: string
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly object: { readonly kind: string }
  readonly oldObject?: unknown
  readonly existing: readonly unknown[]
  readonly user?: string
  readonly tenant?: string
  readonly policy: {
    readonly mode: 'global' | 'perTenant'
    readonly globalPools: readonly string[]
    readonly tenantPools?: Readonly<Record<string, readonly string[]>>
    readonly vlanTenants?: readonly string[]
    readonly defaultExternalSubnet: string
    readonly multiDgp: 'blocked' | 'assumeFixed'
  }
  readonly expect: 'allow' | 'deny'
  readonly reason?: string
}

/** The corpus is our own data, so one field tells. */
function isGuideRow(value: unknown): value is Row {
  return isRecord(value) && value['basis'] === 'kMetal guide'
}

/** The rule that gives each of the corpus's reasons, by kind. */
const RULES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MultiDgpTenantPool: { Vpc: 'vpc-multi-dgp', OvnEip: 'eip-per-tenant' },
  PoolNotValidated: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  ForeignPool: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  OutsideTenantPool: { OvnEip: 'eip-per-tenant' },
  SystemType: { OvnEip: 'eip-type' },
  OvnGatewayNotApplicable: { Vpc: 'eip-vlan-mode', OvnEip: 'eip-vlan-mode' }
}

const ADMINISTRATOR = 'platform-admin'

function planOf({ policy, tenant }: Row): unknown {
  const { globalPools, tenantPools = {}, vlanTenants = [] } = policy
  // A plan names a Subnet either for all tenants or for one.
  const own = Object.entries(tenantPools).map(([name, pools]) => ({
    name,
    externalSubnets: pools.filter(pool => !globalPools.includes(pool))
  }))
  return {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'NetworkPlan',
    metadata: { name: 'corpus' },
    spec: {
      poolModel: policy.mode,
      kubeOvn: { multiDGP: policy.multiDgp },
      globalPool: { externalSubnets: globalPools, defaultExternalSubnet: policy.defaultExternalSubnet },
      platform: { users: [ADMINISTRATOR] },
      tenancy: {
        ovnEipOwners: tenant === undefined ? [] : [{ user: tenant, tenant }],
        tenants: [...own, ...vlanTenants.map(name => ({ name, networkingMode: 'vlan' }))]
      }
    }
  }
}

function suiteOf(row: Row): unknown {
  const { op, object, oldObject, existing, user, tenant } = row
  const rule = RULES[row.reason ?? '']?.[object.kind]
  const cites = row.reason === 'MultiDgpTenantPool' ? { message: 'kube-ovn#3329, ovn-org/ovn#222' } : {}
  return {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'PolicyTest',
    metadata: { name: row.id },
    spec: {
      existing,
      cases: [
        {
          name: row.id,
          request: {
            operation: op,
            user: { username: user ?? tenant },
            ...(op === 'DELETE' ? { oldObject: object } : { object, oldObject })
          },
          expect: { allowed: row.expect === 'allow', ...(rule && { rules: [rule] }), ...cites }
        }
      ]
    }
  }
}

async function failuresOf(row: Row): Promise<readonly string[]> {
  const [document] = readYaml(row.id, JSON.stringify(suiteOf(row))).documents
  const suite = document && decodePolicyTest({ path: row.id, document })
  if (!suite?.ok) return [`no suite: ${JSON.stringify(suite?.errors)}`]
  const snapshot = snapshotOf([{ path: 'plan.yaml', text: JSON.stringify(planOf(row)) }])
  const [result] = await runSuite(suite.value, snapshot)
  return result?.failures ?? ['no case ran']
}

const folder = process.env['POOLGUARD_CORPUS'] ?? ''
const file = join(folder, 'corpus-ovn.jsonl')

await test('gateway ports and provider Subnets are decided as the corpus says', async t => {
  if (folder === '' || !existsSync(file)) {
    t.pass('NOT RUN: POOLGUARD_CORPUS names no folder with corpus-ovn.jsonl')
    return
  }
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map((line): unknown => JSON.parse(line))
    .filter(isGuideRow)
  t.ok(rows.length >= 32, `${rows.length} rows`)
  for (const row of rows) {
    t.same(await failuresOf(row), [], row.id)
  }
})
