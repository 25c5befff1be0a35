/** What is wrong with the type of one field: a fact, worded later. `value` is a short JSON rendering of what was found. */
export interface FieldError {
  readonly field: string
  readonly expected: 'object' | 'array' | 'string' | 'boolean' | 'integer'
  readonly value: string
}

/** Longest rendering of a wrong value that is carried along (cert-manager cuts echoed input at 100 as well). */
const SHOWN_CHARACTERS = 100

/**
 * Reads one JSON value that came from outside, remembering the path to it. An absent or null field reads as the
 * fallback, as the API server treats both alike; a field of another type is noted in `errors` and reads as the fallback.
 * Keys are looked up as own properties only, so `constructor` or `__proto__` in user data find nothing.
 */
export class Cursor {
  readonly path: string
  private readonly value: unknown
  private readonly errors: FieldError[]

  constructor(value: unknown, path: string, errors: FieldError[]) {
    this.value = value ?? undefined
    this.path = path
    this.errors = errors
  }

  get present(): boolean {
    return this.value !== undefined
  }

  /** The member `key`; absent when this is not an object. */
  at(key: string): Cursor {
    const path = this.path === '' ? key : `${this.path}.${key}`
    const record = this.record()
    return new Cursor(
      record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined,
      path,
      this.errors
    )
  }

  string(fallback = ''): string {
    return typeof this.value === 'string' ? this.value : this.mismatch('string', fallback)
  }

  boolean(fallback: boolean): boolean {
    return typeof this.value === 'boolean' ? this.value : this.mismatch('boolean', fallback)
  }

  /** A whole number that JSON carries exactly; undefined when absent. */
  integer(): number | undefined {
    const { value } = this
    return typeof value === 'number' && Number.isSafeInteger(value)
      ? value
      : this.mismatch<number | undefined>('integer', undefined)
  }

  /** One cursor per element; none when absent. */
  items(): readonly Cursor[] {
    if (Array.isArray(this.value)) {
      return this.value.map((item, i) => new Cursor(item, `${this.path}[${i}]`, this.errors))
    }
    return this.mismatch<readonly Cursor[]>('array', [])
  }

  strings(): readonly string[] {
    return this.items().map(item => item.string())
  }

  /** A map of strings, such as labels; empty when absent. */
  stringMap(): ReadonlyMap<string, string> {
    const record = this.record() ?? {}
    return new Map(
      Object.keys(record).map(key => [
        key,
        new Cursor(record[key], `${this.path}[${key}]`, this.errors).string()
      ])
    )
  }

  private record(): Record<string, unknown> | undefined {
    const value = this.value
    if (isRecord(value)) return value
    return this.mismatch<undefined>('object', undefined)
  }

  private mismatch<T>(expected: FieldError['expected'], fallback: T): T {
    if (this.value !== undefined) {
      const shown = JSON.stringify(this.value) ?? typeof this.value
      this.errors.push({ field: this.path, expected, value: shown.slice(0, SHOWN_CHARACTERS) })
    }
    return fallback
  }
}

/** True for JSON objects, false for arrays and null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
