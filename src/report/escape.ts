/**
 * Reports repeat what users wrote, down to the names of files, and are read by terminals and by CI systems that obey what
 * they read. Everything a report says passes through here.
 *
 * Unsafe are: C0 and C1 control characters (ANSI sequences, line ends), the Unicode line ends, characters that reorder
 * or hide text (bidirectional controls, zero-width ones, the byte order mark), and lone surrogates, which have no UTF-8.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/**
 * Commands in the output of a job: `##[...]` (GitHub Actions, Azure Pipelines) and `##vso[...]` (Azure Pipelines) are
 * obeyed anywhere in a line, `##teamcity[...]` at its beginning (actions/runner src/Runner.Common/ActionCommand.cs,
 * microsoft/azure-pipelines-agent, TeamCity "Service Messages").
 */
const HASH_COMMAND = /#(?=#(?:vso|teamcity)?\[)/g

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
  return `\\u{${character.charCodeAt(0).toString(16)}}`
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
