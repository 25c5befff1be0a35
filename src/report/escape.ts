/**
 * Reports repeat what users wrote, down to the names of files, and are read by terminals and by CI systems that obey what
 * they read. Everything a report says passes through here.
 *
 * Unsafe are control characters (C0 and C1: ANSI sequences, line ends), format characters, which reorder or hide text
 * (bidirectional controls, zero-width characters, tags), the Unicode line ends, and lone surrogates, which have no UTF-8.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/**
 * Commands in the output of a job: `##[...]` (GitHub Actions, Azure Pipelines) and `##vso[...]` (Azure Pipelines) are
 * obeyed anywhere in a line, `##teamcity[...]` at its beginning (actions/runner src/Runner.Common/ActionCommand.cs,
 * microsoft/azure-pipelines-agent, TeamCity "Service Messages").
 */
const HASH_COMMAND = /#(?=#(?:vso|teamcity)?\[)/gi

/** `::command::` of GitHub Actions, obeyed at the beginning of a line, blanks before it not counted. */
const COLON_COMMAND = /^(\s*):(?=:)/

/** One line of text for a terminal, a log or an XML document: what is unsafe is written as `\u{1b}`. */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, visible).replace(HASH_COMMAND, visible).replace(COLON_COMMAND, '$1\\u{3a}')
}

/** The same JSON document with what is unsafe in its strings as `\uXXXX`; programs read the same values from it. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, unlessLineEnd).replace(HASH_COMMAND, unicode)
}

/** JSON.stringify writes line ends between values only. */
function unlessLineEnd(character: string): string {
  return character === '\n' ? character : unicode(character)
}

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Two escapes for what takes two UTF-16 units. */
function unicode(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
