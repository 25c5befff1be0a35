import type { WhatIf } from '../admission/what-if.ts'
import type { CheckFinding } from '../admission/check-report.ts'
import { escapeLine } from './escape.ts'
import { written } from './json.ts'
import { refText } from './ref-text.ts'
import { findingText, painted, placed } from './text.ts'

/**
 * A comparison of two sets of policies as text, one line a finding: what would newly be refused, and what would be freed, each
 * object's together; and the numbers last.
 */
export function whatIfText({ objects, summary }: WhatIf, colour: boolean): string {
  const lines = objects.flatMap(({ source, ref, refused, freed }) => {
    // An object of a cluster is named by its place already.
    const about = source.line === 0 ? '' : `${refText(ref)}: `
    const line = (word: string) => (finding: CheckFinding) =>
      `${placed(source.path, finding)} ${painted(word, colour)} ${escapeLine(`${about}${findingText(finding)}`)}`
    return [...refused.map(line('REFUSED')), ...freed.map(line('FREED'))]
  })
  return [...lines, whatIfSummary(summary), ''].join('\n')
}

/** `1 object newly refused, 2 freed, 9 as before`. */
export function whatIfSummary({ refused, freed, same }: WhatIf['summary']): string {
  return `${refused} ${refused === 1 ? 'object' : 'objects'} newly refused, ${freed} freed, ${same} as before`
}

/** The same as one JSON object: `summary`, and `objects` with `refused` and `freed` findings. */
export function whatIfJson(comparison: WhatIf): string {
  return written(comparison)
}
