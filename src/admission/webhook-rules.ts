import { KINDS, type KindName } from '../kinds/index.ts'

/** The writes that one webhook is asked about. */
export interface Matched {
  readonly kinds: readonly KindName[]
  readonly operations: readonly string[]
  /** Writes of this subresource; absent: of the objects themselves and of what else amounts to that. */
  readonly subResource?: 'status'
}

/** `rules[]` of a webhook (admissionregistration.k8s.io/v1, RuleWithOperations). */
export interface WebhookRule {
  readonly apiGroups: readonly string[]
  readonly apiVersions: readonly string[]
  readonly operations: readonly string[]
  readonly resources: readonly string[]
  readonly scope: '*'
}

/** One rule per API group: exact groups and resources, never `*`. matchPolicy Equivalent covers other versions. */
export function webhookRules({ kinds, operations, subResource }: Matched): readonly WebhookRule[] {
  const groups = [...new Set(kinds.map(kind => KINDS[kind].group))]
  return groups.map(group => {
    const members = kinds.map(kind => KINDS[kind]).filter(definition => definition.group === group)
    return {
      apiGroups: [group],
      apiVersions: [...new Set(members.flatMap(definition => definition.versions))],
      operations,
      resources: members.flatMap(({ resource, scaled, writtenThrough = [] }) => {
        if (subResource !== undefined) return [`${resource}/${subResource}`]
        const others = operations.includes('UPDATE') ? [...(scaled ? ['scale'] : []), ...writtenThrough] : []
        return [resource, ...others.map(other => `${resource}/${other}`)]
      }),
      scope: '*'
    }
  })
}
