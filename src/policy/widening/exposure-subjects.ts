import type { LabelSelector } from '../../kinds/label-selector.ts'
import { SERVICE_CLASSES } from '../plan.ts'
import { namedTenants, type ExposurePolicies, type ExposureSubject } from '../resolve-exposure.ts'
import type { Plan } from '../plan.ts'
import type { Tenancy } from '../tenancy.ts'
import { appliesToNamespace } from '../applies-to.ts'
import { meaningOf } from './loosening.ts'

/** More label sets, or subjects in all, than this are not gone through. */
const MOST_LABEL_SETS = 4_096
const MOST_SUBJECTS = 20_000

/** One set of policies, as far as subjects differ by it. */
export interface PolicySides {
  readonly plan: Plan
  readonly exposures: ExposurePolicies
}

/** Stands for every tenant that nothing names. */
export const ANY_TENANT = 'any-tenant'

/**
 * Requests of every sort that these sets of policies can tell apart: each tenant that one of them names, one that none does,
 * the platform and nobody known; each class of Services; and labels of namespaces that make each of the selectors match and
 * not match, in every combination that labels can have. undefined: there are too many, more than 4,096 sets of labels or
 * 20,000 subjects.
 */
export function exposureSubjects(sides: readonly PolicySides[]): readonly ExposureSubject[] | undefined {
  const labels = distinctLabels(sides)
  if (labels === undefined) return undefined
  const tenancies = tenanciesOf(sides)
  const classes = [undefined, ...SERVICE_CLASSES]
  if (tenancies.length * classes.length * (labels.length + 1) > MOST_SUBJECTS) return undefined
  return tenancies.flatMap(tenancy =>
    classes.flatMap(serviceClass =>
      [undefined, ...labels].map(namespaceLabels => ({ tenancy, namespaceLabels, serviceClass }))
    )
  )
}

function tenanciesOf(sides: readonly PolicySides[]): readonly Tenancy[] {
  const names = new Set([
    ...sides.flatMap(({ plan }) => [
      ...(plan.tenant === undefined ? [] : [plan.tenant]),
      ...plan.tenancy.tenants.keys()
    ]),
    ...sides.flatMap(({ exposures }) => [...namedTenants(exposures.policies)]),
    freeName(sides)
  ])
  const tenants = [...names].map((name): Tenancy => ({ kind: 'tenant', name }))
  return [...tenants, { kind: 'platform' }, { kind: 'unmapped' }]
}

/** A tenant's name that is none of those that are named. */
function freeName(sides: readonly PolicySides[]): string {
  const taken = new Set([
    ...sides.flatMap(({ exposures }) => [...namedTenants(exposures.policies)]),
    ...sides.flatMap(({ plan }) => [...plan.tenancy.tenants.keys()])
  ])
  return taken.has(ANY_TENANT) ? freeNameAfter(taken) : ANY_TENANT
}

function freeNameAfter(taken: ReadonlySet<string>): string {
  for (let i = 2; ; i++) if (!taken.has(`${ANY_TENANT}-${i}`)) return `${ANY_TENANT}-${i}`
}

/** Sets of labels, no two of which the same selectors match. */
function distinctLabels(sides: readonly PolicySides[]): readonly ReadonlyMap<string, string>[] | undefined {
  const scopes = sides
    .flatMap(({ exposures }) => exposures.policies.map(({ appliesTo }) => appliesTo))
    .filter(({ namespaceSelector }) => namespaceSelector !== undefined)
  const distinct = new Map(scopes.map(scope => [meaningOf(scope.namespaceSelector), scope]))
  const all = labelSets([...distinct.values()].flatMap(({ namespaceSelector }) => namespaceSelector ?? []))
  if (all === undefined) return undefined
  const byMatches = new Map<string, ReadonlyMap<string, string>>()
  for (const labels of all) {
    const matches = [...distinct.values()].map(scope => Number(appliesToNamespace(scope, labels))).join('')
    if (!byMatches.has(matches)) byMatches.set(matches, labels)
  }
  return [...byMatches.values()]
}

/** Every combination of the values that selectors name of each key, of another value, and of none. */
function labelSets(selectors: readonly LabelSelector[]): readonly ReadonlyMap<string, string>[] | undefined {
  const values = new Map<string, Set<string>>()
  const add = (key: string, ...some: readonly string[]) => {
    const known = values.get(key) ?? new Set()
    for (const value of some) known.add(value)
    values.set(key, known)
  }
  for (const { matchLabels, matchExpressions } of selectors) {
    for (const [key, value] of matchLabels) add(key, value)
    for (const requirement of matchExpressions) add(requirement.key, ...requirement.values)
  }
  const size = [...values.values()].reduce((product, some) => product * (some.size + 2), 1)
  if (size > MOST_LABEL_SETS) return undefined
  return [...values].reduce<readonly ReadonlyMap<string, string>[]>(
    (sets, [key, some]) =>
      sets.flatMap(set => [set, ...[...some, otherThan(some)].map(value => new Map([...set, [key, value]]))]),
    [new Map()]
  )
}

function otherThan(values: ReadonlySet<string>): string {
  let other = 'other'
  while (values.has(other)) other += '-x'
  return other
}
