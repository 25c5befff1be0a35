import { LEDGER_NAME } from '../../cluster/ledger-store.ts'
import { KIND_NAMES, KINDS, type KindName } from '../../kinds/index.ts'
import type { Manifest } from '../../admission/registration.ts'
import type { AnyRule } from '../../rules/rule.ts'

/** Kinds read besides those that rules name: whose a namespace is, and what a free range must avoid. */
const ALWAYS_READ: readonly KindName[] = ['Namespace', 'Node', 'ServiceCIDR', 'Subnet']

/** The kinds `serve` lists and watches: those that rules judge or read, and those in `ALWAYS_READ`. */
export function watchedKinds(rules: readonly AnyRule[]): readonly KindName[] {
  const needed = new Set([...ALWAYS_READ, ...rules.flatMap(rule => [...rule.on, ...rule.reads])])
  return KIND_NAMES.filter(kind => needed.has(kind))
}

/** Beside the ledger, the only write there is: Events about what was found. They are never read, changed or deleted. */
const WRITES = [{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] }]

/** The ledger alone, in poolguard's own namespace; a name cannot be asked of what is created. */
const LEDGER_RULES = [
  { apiGroups: [''], resources: ['configmaps'], resourceNames: [LEDGER_NAME], verbs: ['get', 'patch'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }
]

/**
 * The ClusterRole and its binding: get, list and watch of exactly the watched kinds, and `WRITES`; the Role and its binding for
 * the ledger.
 */
export function rbac(
  rules: readonly AnyRule[],
  namespace: string
): readonly [Manifest, Manifest, Manifest, Manifest] {
  const kinds = watchedKinds(rules)
  const groups = [...new Set(kinds.map(kind => KINDS[kind].group))]
  const labels = { 'app.kubernetes.io/name': 'poolguard' }
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'poolguard', labels },
    rules: [
      ...groups.map(group => ({
        apiGroups: [group],
        resources: kinds.filter(kind => KINDS[kind].group === group).map(kind => KINDS[kind].resource),
        verbs: ['get', 'list', 'watch']
      })),
      ...WRITES
    ]
  }
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'poolguard', labels },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'poolguard' },
    subjects: [{ kind: 'ServiceAccount', name: 'poolguard', namespace }]
  }
  const inNamespace = { name: 'poolguard', namespace, labels }
  const ledgerRole = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: inNamespace,
    rules: LEDGER_RULES
  }
  const ledgerBinding = {
    ...binding,
    kind: 'RoleBinding',
    metadata: inNamespace,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'poolguard' }
  }
  return [role, binding, ledgerRole, ledgerBinding]
}
