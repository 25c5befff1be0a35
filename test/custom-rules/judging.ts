import { judge } from '../../src/admission/judge.ts'
import type { Review } from '../../src/admission/review.ts'
import { parseReview } from '../../src/admission/review.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { snapshotFrom } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { compile } from '../../src/policy/cel/compile.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'
import type { Pair, Verdict } from './compatibility.ts'

const PLAN = {
  apiVersion: 'poolguard.io/v1alpha1',
  kind: 'NetworkPlan',
  metadata: { name: 'dc1' },
  spec: {
    globalPool: {
      ipAddressPool: 'default-pool',
      externalSubnets: ['external'],
      defaultExternalSubnet: 'external'
    }
  }
}

const NAMESPACE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', labels: { 'kubernetes.io/metadata.name': 'default' } }
}

/** What poolguard makes of an expression on an object that is made, by an administrator. */
export async function verdictOf(expression: string, object: unknown): Promise<Verdict> {
  if (!compile(expression, 'bool').ok) return 'invalid'
  const rule = { id: 'own-rule', kinds: ['Service', 'IPAddressPool'], expression }
  const policy = {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'ExposurePolicy',
    metadata: { name: 'own' },
    spec: { customRules: [rule] }
  }
  const files = [PLAN, policy].map((json, i) => ({ path: `${i}.json`, text: JSON.stringify(json) }))
  const snapshot = snapshotFrom(parsePolicies(files, RULE_ACTIONS))
  const view = new Inventory()
  view.setAllKnown()
  view.putJson('Namespace', NAMESPACE)
  const ports = { snapshot: () => snapshot, view, confirm: async () => [], now: () => 0 }
  const { findings } = await judge(reviewOf(object), ports)
  const found = findings.flatMap(({ finding }) => (finding.code === 'custom-rule' ? [finding] : []))[0]
  if (found === undefined) return 'true'
  return found.outcome === 'failed' ? 'error' : 'false'
}

function reviewOf(object: unknown): Review {
  const user = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
  const body = admissionReview({
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    dryRun: true,
    user,
    object: rawObject(object),
    oldObject: undefined
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.review
}

/** The API server's verdict, where it is another. */
export function kubernetesVerdict({ is, kubernetes }: Pair): Verdict {
  return kubernetes ?? is
}
