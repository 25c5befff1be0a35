import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { corpusRows } from './corpus-rows.ts'
import { DIFFERENT, RULE_OF_REASON, RULE_OF_ROW } from './ovn-rows.ts'

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
  /** Absent in the rows that are about Kube-OVN's own checks. */
  readonly policy?: Policy
  readonly expect: 'allow' | 'deny'
  readonly reason?: string
}

/** `any` where the pool model makes no difference. */
interface Policy {
  readonly mode: 'global' | 'perTenant' | 'any'
  readonly globalPools: readonly string[]
  readonly tenantPools?: Readonly<Record<string, readonly string[]>>
  readonly vlanTenants?: readonly string[]
  readonly defaultExternalSubnet: string
  readonly multiDgp: 'blocked' | 'assumeFixed'
}

/** All Subnets of the rows that state no policy. */
const ANY_SUBNET: Policy = {
  mode: 'global',
  globalPools: ['external204', 'extra', 'extdual', 'tiny'],
  defaultExternalSubnet: 'external204',
  multiDgp: 'blocked'
}

/** The corpus is our own data, so one field tells. */
function isRow(value: unknown): value is Row {
  return isRecord(value) && typeof value['basis'] === 'string'
}

const ADMINISTRATOR = 'platform-admin'

function planOf({ policy = ANY_SUBNET, tenant }: Row): unknown {
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
      poolModel: policy.mode === 'perTenant' ? 'perTenant' : 'global',
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
  const rule = RULE_OF_REASON[row.reason ?? '']?.[object.kind] ?? RULE_OF_ROW[row.id]
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
            user: { username: user ?? tenant ?? ADMINISTRATOR },
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

await test('all rows are decided as the corpus says, but for the listed differences', async t => {
  const rows = corpusRows('corpus-ovn.jsonl', isRow)
  if (rows === undefined) {
    t.pass('NOT RUN: POOLGUARD_CORPUS names no folder with corpus-ovn.jsonl')
    return
  }
  t.ok(rows.length >= 124, `${rows.length} rows`)
  for (const row of rows) {
    const failures = await failuresOf(row)
    const difference = DIFFERENT.get(row.id)
    if (difference === undefined) t.same(failures, [], row.id)
    else t.not(failures.length, 0, `${row.id}: ${difference}`)
    const isExplained = row.reason !== undefined || RULE_OF_ROW[row.id] !== undefined
    t.ok(
      row.expect === 'allow' || isExplained || difference !== undefined,
      `${row.id} says which rule denies it`
    )
  }
  const ids = new Set(rows.map(({ id }) => id))
  for (const id of [...DIFFERENT.keys(), ...Object.keys(RULE_OF_ROW)]) t.ok(ids.has(id), `${id} is a row`)
})
