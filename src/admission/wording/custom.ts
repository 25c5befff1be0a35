import { MOST_MESSAGE_CHARACTERS } from '../../policy/custom-rule-schema.ts'
import type { CustomFinding } from '../../rules/findings/custom.ts'
import { shown } from '../show.ts'

/** Why an expression failed names keys of the object, which can be as long as somebody likes. */
const FAILURE_CHARACTERS = 200

/** The author's own words, whoever reads them; or that the expression failed, which counts as a violation. */
export function customWords({ outcome, text }: CustomFinding): string {
  return outcome === 'refused'
    ? shown(text, MOST_MESSAGE_CHARACTERS)
    : `the rule could not be evaluated on this object: ${shown(text, FAILURE_CHARACTERS)}.`
}
