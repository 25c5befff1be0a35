/** A CEL expression as text, ready to stand as an argument of any operator. */
export type Cel = string

/** What an expression is called that others of the same policy refer to as `variables.NAME`. */
export interface Variable {
  readonly name: string
  readonly expression: Cel
}

/**
 * A string of CEL. JSON's escapes are all CEL's too (language definition, "Escape sequences"); half a surrogate pair, which
 * JSON can write and CEL cannot, becomes U+FFFD, as it does on its way through UTF-8.
 */
export function text(value: string): Cel {
  return JSON.stringify(value.replace(/\p{Surrogate}/gu, '\ufffd'))
}

/** A list of strings. */
export function texts(values: readonly string[]): Cel {
  return `[${values.map(text).join(', ')}]`
}

/** Whether all hold; `true` for none. Constants are folded. */
export function allOf(terms: readonly Cel[]): Cel {
  if (terms.includes('false')) return 'false'
  return joined(
    terms.filter(term => term !== 'true'),
    ' && ',
    'true'
  )
}

/** Whether one holds; `false` for none. */
export function anyOf(terms: readonly Cel[]): Cel {
  if (terms.includes('true')) return 'true'
  return joined(
    terms.filter(term => term !== 'false'),
    ' || ',
    'false'
  )
}

/** Whether it does not hold. */
export function not(term: Cel): Cel {
  if (term === 'true') return 'false'
  return term === 'false' ? 'true' : `!(${term})`
}

function joined(terms: readonly Cel[], operator: string, ofNone: Cel): Cel {
  const [first, ...others] = terms
  if (first === undefined) return ofNone
  return others.length === 0 ? first : `(${terms.join(operator)})`
}

/** Those of the variables that the expressions refer to, directly or by one another; each refers to earlier ones only. */
export function usedVariables(all: readonly Variable[], expressions: readonly Cel[]): readonly Variable[] {
  const used = new Set(expressions.flatMap(namesIn))
  for (const { name, expression } of all.toReversed()) {
    if (used.has(name)) for (const other of namesIn(expression)) used.add(other)
  }
  return all.filter(({ name }) => used.has(name))
}

/** Quoted texts may hold `variables.x` as well: one variable too many then, which nobody evaluates. */
function namesIn(expression: Cel): readonly string[] {
  return [...expression.matchAll(/\bvariables\.(\w+)/g)].map(([, name = '']) => name)
}
