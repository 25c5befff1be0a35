import type { FieldError } from '../../kinds/decode.ts'
import type { Unjudged } from '../../rules/finding.ts'
import { shown } from '../show.ts'

/** Why a rule could not judge, and what to do. */
export function unjudgedWords(reason: Unjudged): string {
  switch (reason.because) {
    case 'kind-unknown':
      return `cannot be judged now: ${reason.kind} objects could not be read`
    case 'plan-silent':
      return `cannot be judged: the NetworkPlan does not give ${reason.planField}`
  }
}

/** A field of the wrong type. */
export function fieldErrorWords({ field, value, expected }: FieldError): string {
  const article = /^[aeio]/.test(expected) ? 'an' : 'a'
  return `${field || 'the object'} ${shown(value)} is not ${article} ${expected}.`
}
