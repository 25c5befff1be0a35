import type { ParseProblem } from '../address/parse.ts'

/** What may stand in a place, as its description says it. */
export type RangeWanted = 'a CIDR, a range a-b, or one address' | 'a CIDR' | 'one address'

interface Words {
  readonly message: string
  readonly hint: string
}

/** Why a text is no range, and a way out or ''; `wanted` is what may stand there, as in its description. */
export function rangeProblemWords(text: string, problem: ParseProblem, wanted: RangeWanted): Words {
  const { message, hint } = words(problem)
  return { message, hint: wayOut(text, problem, wanted) ?? hint }
}

function words(problem: ParseProblem): Words {
  switch (problem.problem) {
    case 'empty':
      return { message: 'is empty', hint: '' }
    case 'too-long':
      return { message: `${problem.length} characters, more than ${problem.max}`, hint: '' }
    case 'blank':
      return { message: 'a blank where none may be', hint: 'take it out' }
    case 'zone':
      return { message: `zone in ${JSON.stringify(problem.part)}`, hint: 'write the address without %' }
    case 'leading-zero':
      return {
        message: `leading zero in ${JSON.stringify(problem.part)}`,
        hint: 'some programs read it as octal'
      }
    case 'not-an-address':
      return {
        message: `${JSON.stringify(problem.part)} is not an IP address`,
        hint: addressHint(problem.part)
      }
    case 'prefix-length':
      return { message: prefixWords(problem.part, problem.max), hint: `a number from 0 to ${problem.max}` }
    case 'mapped-prefix':
      return {
        message: `prefix length ${problem.prefix} of an IPv4-mapped address below ${problem.min}`,
        hint: ''
      }
    case 'reversed':
      return {
        message: 'ends before it begins',
        hint: `write ${problem.last.trim()}-${problem.first.trim()}`
      }
    case 'mixed-families':
      return { message: 'mixes IPv4 and IPv6', hint: 'write one range for each' }
    case 'form-not-allowed':
      break
  }
  const { form, hint } = problem
  return {
    message: `a ${FORM_WORDS[form]} may not stand here`,
    hint: hint === undefined ? '' : `write ${hint}`
  }
}

const FORM_WORDS = { cidr: 'CIDR', dash: 'range a-b', dots: 'range a..b', bare: 'single address' } as const

function prefixWords(part: string, max: number): string {
  return /^\d+$/.test(part) ? `prefix length above ${max}` : `${JSON.stringify(part)} is not a prefix length`
}

/** What people write who mean something else, and how to write that; undefined for everything else. */
function wayOut(text: string, { problem }: ParseProblem, wanted: RangeWanted): string | undefined {
  if (problem === 'form-not-allowed') {
    return wanted === 'a CIDR' && !text.includes('-')
      ? `with its prefix length, such as ${subnetOf(text)}`
      : undefined
  }
  if (problem === 'too-long') return undefined
  if (wanted === 'one address') return withoutPrefix(text)
  return problem === 'prefix-length' ? fromMask(text) : fromHabit(text)
}

function subnetOf(text: string): string {
  return `${text}/${text.includes(':') ? 64 : 24}`
}

function withoutPrefix(text: string): string | undefined {
  const [, address] = /^([\d.]+|[\da-f:]+)\/\d+$/i.exec(text) ?? []
  return address && `write ${address}, without the prefix length`
}

/** `10.0.0.0/255.255.255.0`, where the mask is one. */
function fromMask(text: string): string | undefined {
  const [, address, mask = ''] = /^([\d.]+)\/(\d+(?:\.\d+){3})$/.exec(text) ?? []
  const bits = mask
    .split('.')
    .map(octet => Number(octet).toString(2).padStart(8, '0'))
    .join('')
  return address !== undefined && /^1{0,32}0{0,32}$/.test(bits) && bits.length === 32
    ? `write ${address}/${bits.replaceAll('0', '').length}`
    : undefined
}

/** `10.0.0.1-9`, `10.0.0.1 to 10.0.0.9`, `10.0.0.*`, and several in one text. */
function fromHabit(text: string): string | undefined {
  const [, start, net, last] = /^((?:\d+\.){3}\d+)(?<=((?:\d+\.){3})\d+)-(\d{1,3})$/.exec(text) ?? []
  if (start !== undefined) return `write ${start}-${net}${last}`
  const [, from, to] = /^([\d.]+|[\da-f:]+) (?:to|bis|until) ([\d.]+|[\da-f:]+)$/i.exec(text) ?? []
  if (from !== undefined) return `write ${from}-${to}`
  const [, three] = /^((?:\d+\.){3})[*x]$/.exec(text) ?? []
  if (three !== undefined) return `write ${three}0/24`
  return /[\da-f][,;] *[\da-f]/i.test(text) ? 'write one range in each entry' : undefined
}

function addressHint(part: string): string {
  return /[g-z]/i.test(part) ? 'host names are not looked up; write the addresses' : ''
}
