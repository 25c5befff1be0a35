import { anySelectorMatches, selectorText, type LabelSelector } from '../kinds/label-selector.ts'
import { defineRule } from './rule.ts'

/** A pool for certain namespaces is not one for all of them, which it is while its selectors match none. */
export const poolOpenSelector = defineRule<'IPAddressPool'>({
  id: 'pool-open-selector',
  summary:
    'The namespaceSelectors of a pool match a namespace, unless its serviceAllocation.namespaces names one.',
  why: "MetalLB compares a Service's namespace with those that were matched, and with none at all when none was: until a namespace matches, the pool is open to every namespace.",
  fix: 'Label the namespace before the pool is written, or name it in spec.serviceAllocation.namespaces, which holds also for a namespace that does not exist yet.',
  example:
    'spec: {serviceAllocation: {namespaceSelectors: [{matchLabels: {team: web}}]}} # no namespace has it',
  see: [
    'https://metallb.io/configuration/_advanced_ipaddresspool_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (isPoolCompatibleWithService)',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (addressPoolServiceAllocationsFromCR)'
  ],
  on: ['IPAddressPool'],
  reads: ['Namespace'],
  defaultAction: 'warn',
  check({ object }, { view, plan }) {
    const { meta, serviceAllocation } = object
    if (meta.namespace !== plan.metallb.namespace || serviceAllocation === undefined) return []
    const { namespaces, namespaceSelectors, serviceSelectors } = serviceAllocation
    if (namespaces.length > 0 || namespaceSelectors.length === 0) return []
    if (conditionsIn(namespaceSelectors) > MOST_CONDITIONS) return []
    for (const namespace of view.list('Namespace')) {
      if (anySelectorMatches(namespaceSelectors, namespace.meta.labels)) return []
    }
    if (!view.known('Namespace')) return []
    return [
      {
        code: 'open-selector',
        field: 'spec.serviceAllocation.namespaceSelectors',
        // With the selectors, so that one that was corrected in vain is told of again.
        value: namespaceSelectors.map(selectorText).join(' or '),
        hasServiceSelectors: serviceSelectors.length > 0,
        restsOn: [{ kind: 'Namespace', namespace: '', name: '' }]
      }
    ]
  }
})

/** Labels and values in all selectors together; each is compared with every namespace. A pool with more is not judged. */
const MOST_CONDITIONS = 1_000

function conditionsIn(selectors: readonly LabelSelector[]): number {
  return selectors.reduce((sum, { matchLabels, matchExpressions }) => {
    const values = matchExpressions.reduce((count, expression) => count + 1 + expression.values.length, 0)
    return sum + 1 + matchLabels.size + values
  }, 0)
}
