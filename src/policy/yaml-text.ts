import { stringify } from 'yaml'

/** Objects as one YAML stream, `---` between them; aliases are never used, long lines never folded. */
export function toYaml(documents: readonly unknown[]): string {
  return documents
    .map(document => stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }))
    .join('---\n')
}
