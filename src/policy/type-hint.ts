import type { PathPart } from './document-error.ts'

/** A way out where a key stands with nothing after it. `types` are the schema library's words. */
export function emptyHint(types: readonly string[], path: readonly PathPart[]): string {
  if (types.includes('array')) return 'write [] for none, or leave the key out'
  // apiVersion, kind, metadata and spec are required.
  return path.length > 1 ? 'leave the key out' : types.includes('object') ? 'write {} for an empty one' : ''
}

/**
 * A way out where a value is of another type; '' when none is likely. `shown` is the value as `YamlDocument.shown` has it,
 * `keys` are those of the mapping that may stand there. Each line is a slip that people make.
 */
export function typeHint(types: readonly string[], shown: string, keys: readonly string[]): string {
  if (types.includes('string')) return textHint(shown)
  if (types.includes('array')) return listHint(shown)
  if (types.includes('boolean')) return booleanHint(shown)
  if (types.includes('object')) return mappingHint(shown, keys)
  const [, digits] = /^"(\d+)\s*%?"$/.exec(shown) ?? []
  return digits === undefined ? '' : `write ${digits}, without quotes and units`
}

function textHint(shown: string): string {
  if (shown.startsWith('[')) return 'write one value, not a list'
  return /^[^{"]/.test(shown) ? `write it in quotes: "${shown}"` : ''
}

function listHint(shown: string): string {
  if (shown === '{}') return 'write [] for none'
  return shown.startsWith('{') ? 'begin each entry with "- "' : `write [${shown}]`
}

/** The words that YAML 1.1 took for booleans, and 1.2 reads as text. */
function booleanHint(shown: string): string {
  if (/^"(?:yes|on|y|true)"$/i.test(shown)) return 'write true'
  return /^"(?:no|off|n|false)"$/i.test(shown) ? 'write false' : ''
}

function mappingHint(shown: string, keys: readonly string[]): string {
  const [, key, value] = /^"([A-Za-z]\w*):(\S.*)"$/.exec(shown) ?? []
  if (key !== undefined && keys.includes(key)) return `a blank is missing after the colon: ${key}: ${value}`
  if (/^"[^"]*\.ya?ml"$/.test(shown)) return 'write the object itself, files are not read here'
  if (keys.length > 0) return `its keys: ${keys.join(', ')}`
  return shown.startsWith('[') ? 'write KEY: VALUE, without "- "' : ''
}
