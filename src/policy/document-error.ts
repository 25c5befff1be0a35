/** One step into a document: a key of a mapping or an index of a list. */
export type PathPart = string | number

/** What is wrong with a document, and where. A line of 0 means the file as a whole. */
export interface DocumentError {
  readonly path: string
  /** 1-based. */
  readonly line: number
  /** 1-based, in UTF-16 units. */
  readonly column: number
  /** Such as `spec.nodeSubnets[0].cidr`; '' for the whole document. */
  readonly field: string
  /** A short rendering of what stands there, or ''. */
  readonly value: string
  readonly message: string
  /** A way out, or ''. */
  readonly hint: string
}

/** `policies/dc1.yaml:12:5: spec.nodeSubnets[0]: "192.168.1.0/33": prefix length above 32. Hint: ...` on one line. */
export function formatDocumentError(error: DocumentError): string {
  const where = error.line === 0 ? error.path : `${error.path}:${error.line}:${error.column}`
  const words = [where, error.field, error.value, error.message].filter(part => part !== '').join(': ')
  return (error.hint === '' ? words : `${words}. Hint: ${error.hint}`).replace(UNPRINTABLE, escaped)
}

/** Control characters, line ends and what turns the direction of text: names of keys and files may hold them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** The path as Kubernetes writes fields: `spec.pools[0]`, and `metadata.labels[a.b/c]` where a dot would mislead. */
export function fieldOf(path: readonly PathPart[]): string {
  let field = ''
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`
    else if (/^[A-Za-z_][\w-]*$/.test(part)) field += field === '' ? part : `.${part}`
    else field += /^[\w./-]+$/.test(part) ? `[${part}]` : `[${JSON.stringify(part)}]`
  }
  return field
}
