import type { ParseProblem } from '../../address/parse.ts'
import { shown } from '../show.ts'

/** Why a text is no address or range, as the rest of a sentence that began with the field and the value. */
export function problemWords(problem: ParseProblem): string {
  switch (problem.problem) {
    case 'empty':
      return 'is empty'
    case 'too-long':
      return `is ${problem.length} characters long; no address needs more than ${problem.max}`
    case 'blank':
      return 'has blanks where none may be'
    case 'zone':
      return `has a zone in "${shown(problem.part)}"; addresses handed out are never link-local`
    case 'leading-zero':
      return `has a leading zero in "${shown(problem.part)}", which some programs read as octal`
    case 'not-an-address':
      return `is no range: "${shown(problem.part)}" is not an IP address`
    case 'prefix-length':
      return `has the prefix length "${shown(problem.part)}", which is not a number from 0 to ${problem.max}`
    case 'mapped-prefix':
      return `maps IPv4 with the prefix length ${problem.prefix}; below ${problem.min} it reaches beyond IPv4`
    case 'reversed':
      return `ends before it begins: ${shown(problem.first)} is after ${shown(problem.last)}`
    case 'mixed-families':
      return `mixes families: ${shown(problem.first)} and ${shown(problem.last)}`
    case 'form-not-allowed':
      return problem.hint === undefined
        ? `is written in a form that this field does not take`
        : `is written in a form that this field does not take; write ${shown(problem.hint)}`
  }
}
