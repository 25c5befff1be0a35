import { isRecord } from '../../src/kinds/decode.ts'
import { jsonSchemas } from '../../src/policy/json-schema.ts'

/** What stands about each kind before its keys. */
const INTRODUCTIONS = {
  NetworkPlan: 'What the network is: exactly one, written by the network team.',
  ExposurePolicy:
    'What is allowed: any number, written by the security team. What each key does to whom, and how several combine, is in [exposure-policy.md](exposure-policy.md).',
  PolicyTest: 'What the policies must decide, case by case: `poolguard test PATH...` runs them.'
} as const

type Schema = Readonly<Record<string, unknown>>

/** The reference of all keys as Markdown, one table a kind; from the schemas alone, so that it cannot lag behind. */
export function policyReference(): string {
  const schemas = jsonSchemas()
  return Object.entries(INTRODUCTIONS)
    .map(([kind, introduction]) => {
      const rows = rowsOf(
        kind === 'NetworkPlan'
          ? schemas.NetworkPlan
          : kind === 'PolicyTest'
            ? schemas.PolicyTest
            : schemas.ExposurePolicy,
        ''
      )
      const table = ['| key | type | default | |', '|---|---|---|---|', ...rows].join('\n')
      return `## ${kind}\n\n${introduction}\n\n${table}\n`
    })
    .join('\n')
}

/** One row a key, in the order of the schema; those of all variants of one place one after the other. */
function rowsOf(schema: Schema, path: string): readonly string[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const own = Object.entries(recordAt(schema, 'properties')).flatMap(([key, member]) => {
    if (!isRecord(member)) return []
    const at = path === '' ? key : `${path}.${key}`
    const isRequired = required.includes(key) && !('default' in member)
    return [row(at, member, isRequired), ...rowsOf(member, listed(member, at))]
  })
  const items = isRecord(schema['items']) ? rowsOf(schema['items'], path) : []
  return [...own, ...items, ...variantsOf(schema).flatMap(variant => rowsOf(variant, path))].filter(unseen())
}

/** Variants repeat the keys they have in common. */
function unseen(): (row: string) => boolean {
  const seen = new Set<string>()
  return text => seen.size < seen.add(text).size
}

/** The path of what is inside: `key[]` for the entries of a list. */
function listed(schema: Schema, path: string): string {
  return schema['type'] === 'array' ? `${path}[]` : path
}

function row(path: string, schema: Schema, isRequired: boolean): string {
  const fallback =
    'default' in schema ? `\`${JSON.stringify(schema['default'])}\`` : isRequired ? 'required' : ''
  const { description } = schema
  const words = typeof description === 'string' ? description : describedItems(schema)
  return `| \`${path}\` | ${typeOf(schema)} | ${escaped(fallback)} | ${escaped(words)} |`
}

function describedItems({ items }: Schema): string {
  const description = isRecord(items) ? items['description'] : undefined
  return typeof description === 'string' ? `each: ${description}` : ''
}

/** In words: `text`, `list of "l2" or "bgp"`, `mapping`. */
function typeOf(schema: Schema): string {
  const { type, items } = schema
  if ('const' in schema) return escaped(`\`${String(schema['const'])}\``)
  if (Array.isArray(schema['enum'])) return schema['enum'].map(value => `\`${String(value)}\``).join(', ')
  if (type === 'array') return `list of ${isRecord(items) ? typeOf(items) : 'anything'}`
  const variants = variantsOf(schema)
  if (variants.length > 0) return [...new Set(variants.map(typeOf))].join(' or ')
  return TYPES.get(String(type)) ?? 'anything'
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['boolean', 'true, false'],
  ['integer', 'whole number'],
  ['object', 'mapping']
])

function variantsOf(schema: Schema): readonly Schema[] {
  return ['anyOf', 'oneOf'].flatMap(key => {
    const variants = schema[key]
    return Array.isArray(variants) ? variants.filter(isRecord) : []
  })
}

function recordAt(schema: Schema, key: string): Schema {
  const value = schema[key]
  return isRecord(value) ? value : {}
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
