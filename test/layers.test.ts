import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'

/** Left may not import right. server, cluster and report stand side by side and never import one another. */
const LAYERS = [
  'address',
  'kinds',
  'inventory',
  'policy',
  'rules',
  'ledger',
  'admission',
  'shell',
  'cli'
] as const
const SHELLS = ['report', 'server', 'cluster']
const PURE = ['address', 'kinds', 'inventory', 'policy', 'rules', 'ledger', 'admission']

/** Each dependency and the one place that may import it. */
const IMPORTERS: ReadonlyMap<string, string> = new Map([
  ['ip-address', 'address/parse.ts'],
  ['zod', 'policy/'],
  ['yaml', 'policy/'],
  ['fastest-levenshtein', 'policy/'],
  ['@marcbachmann/cel-js', 'policy/'],
  ['re2js', 'policy/'],
  ['fast-json-patch', 'admission/patch.ts'],
  ['junit-xml', 'report/'],
  ['node-sarif-builder', 'report/'],
  ['fastify', 'server/'],
  ['pino', 'server/'],
  ['prom-client', 'server/'],
  ['selfsigned', 'server/'],
  ['@kubernetes/client-node', 'cluster/'],
  ['commander', 'cli/']
])

interface Import {
  readonly from: string
  readonly specifier: string
}

function sources(): readonly string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
}

function imports(): readonly Import[] {
  return sources().flatMap(from => {
    const text = readFileSync(join('src', from), 'utf8')
    const matches = text.matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm)
    return [...matches].map(match => ({ from, specifier: match[1] ?? match[2] ?? '' }))
  })
}

/** The layer of a path under src/, by its first folder. */
function layerOf(path: string): number {
  const folder = path.split('/')[0] ?? ''
  return LAYERS.findIndex(layer => layer === (SHELLS.includes(folder) ? 'shell' : folder))
}

await test('imports point to the left only', async t => {
  const relative = imports().filter(({ specifier }) => specifier.startsWith('.'))
  t.ok(relative.length > 100, 'the imports were found')
  for (const { from, specifier } of relative) {
    const target = join(from, '..', specifier)
    t.not(layerOf(from), -1, `${from} is in a known folder`)
    const sideways = SHELLS.includes(from.split('/')[0] ?? '') && from.split('/')[0] !== target.split('/')[0]
    const allowed = sideways ? layerOf(target) < layerOf(from) : layerOf(target) <= layerOf(from)
    if (!allowed) t.fail(`${from} imports ${target}`)
  }
})

await test('each dependency has one importer, and every dependency is in use', async t => {
  const external = imports().filter(
    ({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:')
  )
  for (const { from, specifier } of external) {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    const place = IMPORTERS.get(name)
    if (place === undefined || !from.startsWith(place)) t.fail(`${from} imports ${specifier}`)
  }
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'))
  const declared = Object.keys((manifest as { dependencies: Record<string, string> }).dependencies)
  t.same(declared.toSorted(), [...IMPORTERS.keys()].toSorted(), 'declared dependencies')
  for (const name of declared) {
    t.ok(
      external.some(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`)),
      `${name} is imported`
    )
  }
})

await test('pure folders touch neither node modules nor globals of the process', async t => {
  for (const { from, specifier } of imports()) {
    if (PURE.includes(from.split('/')[0] ?? '') && specifier.startsWith('node:'))
      t.fail(`${from} imports ${specifier}`)
  }
  for (const path of sources().filter(source => PURE.includes(source.split('/')[0] ?? ''))) {
    const text = readFileSync(join('src', path), 'utf8')
    t.notMatch(text, /\b(?:process|Date\.now|new Date\(\)|Math\.random|setTimeout|console)\b(?!['`])/, path)
  }
})

await test('files stay short', async t => {
  const lengths = sources().map(path => ({
    path,
    lines: readFileSync(join('src', path), 'utf8').split('\n').length
  }))
  for (const { path, lines } of lengths) if (lines > 300) t.fail(`${path} has ${lines} lines`)
  const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b)
  t.ok((sorted[Math.floor(sorted.length / 2)] ?? 0) <= 120, `median ${sorted[Math.floor(sorted.length / 2)]}`)
})
