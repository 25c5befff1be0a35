import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { Loosening } from '../../policy/widening/loosening.ts'
import { checkedObject, type CheckedObject, type CheckFinding, type Place } from '../check-report.ts'
import { listed } from '../show.ts'
import { witnessSuite } from './witness-suite.ts'
import type { Declared, Widening } from './widenings.ts'

/** Reserved id of findings that no rule has: a proposal of policies lets through what its base refuses. */
export const POLICY_WIDENING = {
  id: 'policy-widening',
  summary: 'A proposal of policies refuses everything that the policies it is to replace refuse.',
  why: 'A change that lets more through looks like any other in a review of its text; a name or an address less in a list may be what held others back.',
  fix: 'Take the change back, or say in spec.widenings of the proposal which rules may refuse less, why, who owns that and until when.',
  see: []
} as const

/** A policy document of the proposal. */
export interface PolicyPlace {
  readonly ref: ObjectRef
  readonly place: Place
}

/**
 * Widenings as findings of the policy documents they stand in: denied, or warned of where the proposal declares them. `baseName`
 * is what the base is called. A witness is told once, with the first finding that it shows.
 */
export function wideningObjects(
  widenings: readonly Widening[],
  placeOf: (loosening: Loosening) => PolicyPlace,
  baseName: string
): readonly CheckedObject[] {
  const told = new Set<string>()
  const byDocument = new Map<string, PolicyPlace & { readonly findings: CheckFinding[] }>()
  for (const widening of widenings) {
    const { ref, place } = placeOf(widening.loosening)
    const key = `${place.path} ${ref.kind} ${ref.name}`
    const document = byDocument.get(key) ?? { ref, place, findings: [] }
    byDocument.set(key, document)
    document.findings.push(...findingsOf(widening, place, { told, baseName }))
  }
  return [...byDocument.values()].map(({ ref, place, findings }) => checkedObject(place, ref, findings, {}))
}

/** Whoever is to declare them needs all. */
const MOST_RULES = 100

interface Telling {
  /** Rules whose witness was told. */
  readonly told: Set<string>
  readonly baseName: string
}

function findingsOf(
  { loosening, shown, unshown, accepted, expired }: Widening,
  { position }: Place,
  { told, baseName }: Telling
): readonly CheckFinding[] {
  const { path, text } = loosening
  const at = { rule: POLICY_WIDENING.id, field: path.join('.'), ...position(path) }
  const findings: CheckFinding[] = []
  if (shown.length + unshown.length > 0) {
    const fresh = shown.filter(({ rule }) => !told.has(rule))
    for (const { rule } of fresh) told.add(rule)
    const parts = [
      shown.length === 0
        ? ''
        : `lets through what ${baseName} refuses by ${listed(
            shown.map(({ rule }) => rule),
            MOST_RULES
          )}`,
      unshown.length === 0
        ? ''
        : `may let through what ${baseName} refuses by ${listed(unshown, MOST_RULES)}, which could not be shown`,
      ...expired.map(expiredText)
    ]
    const message = `${text}: ${parts.filter(part => part !== '').join('; ')}`
    const witnesses = fresh.map(({ witness }) => witnessSuite(witness))
    findings.push({ ...at, action: 'deny', message, ...(witnesses.length === 0 ? {} : { witnesses }) })
  }
  if (accepted.length > 0)
    findings.push({ ...at, action: 'warn', message: `${text}: ${acceptedText(accepted)}` })
  return findings
}

function expiredText({ rule, declaration: { owner, expires } }: Declared): string {
  return `what ${owner} declared about ${rule} in spec.widenings ended with ${expires}`
}

/** Each declaration once. */
function acceptedText(accepted: readonly Declared[]): string {
  const declarations = [...new Set(accepted.map(({ declaration }) => declaration))]
  const texts = declarations.map(declaration => {
    const rules = accepted.filter(one => one.declaration === declaration).map(({ rule }) => rule)
    const { reason, owner, expires } = declaration
    return `${listed(rules, MOST_RULES)} may refuse less until ${expires}, says ${owner} in spec.widenings (${reason})`
  })
  return texts.join('; ')
}
