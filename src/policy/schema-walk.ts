import * as z from 'zod'
import type { PathPart } from './document-error.ts'

type Schema = z.core.$ZodType

/** What a schema says about the mappings that may stand at one place. */
export interface Expected {
  /** Keys of every variant, in the order of the schema. */
  readonly keys: readonly string[]
  /** The key that tells variants apart, and its values; undefined when there is only one. */
  readonly discriminator: { readonly key: string; readonly values: readonly string[] } | undefined
}

/** What the schema allows at `path`; no keys when no mapping with fixed keys may stand there. */
export function expectedAt(schema: Schema, path: readonly PathPart[]): Expected {
  let at: readonly Schema[] = [inner(schema)]
  for (const part of path) at = at.flatMap(variants).flatMap(candidate => childrenOf(candidate, part))
  const keys = at
    .flatMap(variants)
    .flatMap(variant => (variant instanceof z.ZodObject ? Object.keys(variant.shape) : []))
  return { keys: [...new Set(keys)], discriminator: discriminatorOf(at) }
}

function discriminatorOf(schemas: readonly Schema[]): Expected['discriminator'] {
  const union = schemas.find(schema => schema instanceof z.ZodDiscriminatedUnion)
  if (!union) return undefined
  const key = union.def.discriminator
  const values = union.options.flatMap(variants).flatMap(variant => childrenOf(variant, key))
  return {
    key,
    values: values.flatMap(value => (value instanceof z.ZodLiteral ? [String(value.value)] : []))
  }
}

/** What a union may be, through unions of unions; any other schema is its only variant. */
function variants(schema: Schema): readonly Schema[] {
  const bare = inner(schema)
  return bare instanceof z.ZodUnion ? bare.options.flatMap(variants) : [bare]
}

/** Takes optional, default and transform wrappers off. */
function inner(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return inner(schema.unwrap())
  }
  if (!(schema instanceof z.ZodPipe)) return schema
  return inner(schema.in instanceof z.ZodTransform ? schema.out : schema.in)
}

function childrenOf(schema: Schema, part: PathPart): readonly Schema[] {
  if (schema instanceof z.ZodArray) return [inner(schema.element)]
  if (!(schema instanceof z.ZodObject)) return []
  const child: unknown = Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined
  return child instanceof z.ZodType ? [inner(child)] : []
}
