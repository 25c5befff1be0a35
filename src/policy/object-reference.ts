import * as z from 'zod'
import { isKindName, KIND_NAMES, KINDS } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { didYouMean } from './nearest-name.ts'
import { nameProblem } from './schema-fields.ts'

/** `KIND/NAMESPACE/NAME`; of kinds without namespace `KIND/NAME` or `KIND//NAME`. Kinds are those poolguard knows, names exact. */
export const objectReference = z
  .string()
  .describe('KIND/NAMESPACE/NAME, or KIND/NAME for kinds without namespace')
  .transform((text, context): ObjectRef => {
    const parsed = parseReference(text)
    if ('kind' in parsed) return parsed
    context.issues.push({
      code: 'custom',
      message: parsed.message,
      params: { hint: parsed.hint },
      input: text
    })
    return z.NEVER
  })

function parseReference(text: string): ObjectRef | { readonly message: string; readonly hint: string } {
  const parts = text.split('/')
  const kind = parts[0] ?? ''
  if (!isKindName(kind)) return unknownKind(kind, parts.length === 1)
  const { namespaced } = KINDS[kind]
  const name = parts.at(-1) ?? ''
  const namespace = parts.length === 3 ? (parts[1] ?? '') : ''
  const isWhole = parts.length === 3 || (parts.length === 2 && !namespaced)
  if (!isWhole || name === '' || namespaced !== (namespace !== '')) {
    return { message: 'names no object', hint: namespaced ? `${kind}/NAMESPACE/NAME` : `${kind}/NAME` }
  }
  return withExactNames({ kind, namespace, name })
}

function unknownKind(kind: string, isAlone: boolean): { readonly message: string; readonly hint: string } {
  const hint = didYouMean(kind, KIND_NAMES) || (isAlone ? 'KIND/NAMESPACE/NAME' : '')
  return { message: `${JSON.stringify(kind)} is no kind poolguard reads`, hint }
}

function withExactNames(ref: ObjectRef): ObjectRef | { readonly message: string; readonly hint: string } {
  const message = nameProblem(ref.name) ?? (ref.namespace === '' ? undefined : nameProblem(ref.namespace))
  return message === undefined ? ref : { message, hint: '' }
}
