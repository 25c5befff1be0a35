import { test } from 'tap'
import { rbac } from '../../src/cli/install/rbac.ts'
import { RULES } from '../../src/rules/index.ts'

/** `VERB GROUP/RESOURCE` of all that a role allows. */
function allowed(rules: unknown): readonly string[] {
  if (!Array.isArray(rules)) return []
  return rules.flatMap(({ apiGroups, resources, verbs }: Record<string, string[]>) =>
    (apiGroups ?? []).flatMap(group =>
      (resources ?? []).flatMap(resource => (verbs ?? []).map(verb => `${verb} ${group}/${resource}`))
    )
  )
}

void test('rbac() allows reading, and of all writes to create Events alone', t => {
  const [role, binding] = rbac(RULES, 'guard')
  const all = allowed(role['rules'])
  const isRead = (one: string) => /^(get|list|watch) /.test(one)
  t.same(
    all.filter(one => !isRead(one)),
    ['create events.k8s.io/events']
  )
  t.ok(all.includes('watch /nodes') && all.includes('watch metallb.io/ipaddresspools'))
  t.notMatch(all.join('\n'), /secrets|configmaps|\*/)
  t.match(binding, { subjects: [{ kind: 'ServiceAccount', name: 'poolguard', namespace: 'guard' }] })
  t.end()
})
