import type { Occupant } from '../../rules/findings/at.ts'
import { shown, shownRef } from '../show.ts'

/** Who has addresses and what for, to stand after `shares 3 addresses with`. For the platform only. */
export function occupantWords({ use, other, note }: Occupant): string {
  switch (use) {
    case 'pool':
    case 'node':
    case 'external':
      return shownRef(other)
    case 'services':
      return `the Service addresses of ${sourceWords(other, note, 'clusterRanges.services')}`
    case 'pods':
      return `the pod addresses of ${sourceWords(other, note, 'clusterRanges.pods')}`
    case 'provider':
      return `what ${shownRef(other)} gives out`
    case 'reserved':
      return `what the plan reserves as ${shown(note)}`
  }
}

function sourceWords(other: Occupant['other'], note: string, planField: string): string {
  return note === '' ? shownRef(other) : `the plan (${planField} ${shown(note)})`
}
