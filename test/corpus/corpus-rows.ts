import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder with verdicts of the real systems, as JSON lines. Not part of this repository. */
const FOLDER = process.env['POOLGUARD_CORPUS'] ?? ''

/** The rows of one file of the corpus that are of the kind asked for; undefined where there is no corpus. */
export function corpusRows<Row>(
  name: string,
  isRow: (value: unknown) => value is Row
): readonly Row[] | undefined {
  const file = join(FOLDER, name)
  if (FOLDER === '' || !existsSync(file)) return undefined
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map((line): unknown => JSON.parse(line))
    .filter(isRow)
}
