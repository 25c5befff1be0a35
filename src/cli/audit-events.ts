import type { AuditTally, DeniedObject } from '../admission/audit-tally.ts'
import type { EventFacts } from '../cluster/event.ts'
import { isKindName, KINDS } from '../kinds/index.ts'
import { eventName } from './event-name.ts'

/** What is to be told of the objects that an audit found, each of its own object. */
export function auditEvents({ denied }: Pick<AuditTally, 'denied'>): readonly EventFacts[] {
  return denied.map(eventOf)
}

function eventOf({ ref, uid, rules, note }: DeniedObject): EventFacts {
  return {
    // The rules, so that another violation of the same object is told too.
    name: eventName(ref.name, ['audit', ref.kind, uid, ...rules]),
    regarding: {
      apiVersion: apiVersionOf(ref.kind),
      kind: ref.kind,
      namespace: ref.namespace,
      name: ref.name,
      uid
    },
    reason: 'PolicyViolation',
    action: 'Audit',
    note
  }
}

function apiVersionOf(kind: string): string {
  if (!isKindName(kind)) return ''
  const { group, versions } = KINDS[kind]
  return group === '' ? versions[0] : `${group}/${versions[0]}`
}
