import { KINDS, type KindName } from '../kinds/index.ts'

/** The writes that one webhook is asked about. */
export interface Matched {
  readonly kinds: readonly KindName[]
  readonly operations: readonly string[]
  /** Writes of this subresource; absent: of the objects themselves and, where they have one, of their scale. */
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
      resources: members.flatMap(({ resource, scaled }) => {
        if (subResource !== undefined) return [`${resource}/${subResource}`]
        const isScaled = scaled !== undefined && operations.includes('UPDATE')
        return isScaled ? [resource, `${resource}/scale`] : [resource]
      }),
      scope: '*'
    }
  })
}
