import * as z from 'zod'
import type { LabelSelector } from '../kinds/label-selector.ts'

/** Version of all three kinds. */
export const API_VERSION = 'poolguard.io/v1alpha1'

const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const NOT_A_NAME = 'not a Kubernetes name: lower-case letters, digits, - and .'
const NOT_EXACT = 'not an exact name: patterns are not supported'

/** DNS-1123 subdomain, at most 253 characters (Kubernetes, object names). */
export const objectName = z.string().max(253).regex(OBJECT_NAME, NOT_A_NAME)

/** The same where somebody may expect a pattern to work. */
export const exactName = z
  .string()
  .max(253)
  .regex(/^[^*]*$/, { error: NOT_EXACT, abort: true })
  .regex(OBJECT_NAME, NOT_A_NAME)

/** Why a text is not the name of one object; undefined when it is. */
export function nameProblem(text: string): string | undefined {
  if (text.includes('*')) return NOT_EXACT
  return OBJECT_NAME.test(text) ? undefined : NOT_A_NAME
}

/** Text that says something. */
export const someText = z.string().regex(/\S/, 'is empty')

/** A label's value, at most 63 characters, because that is where tenants' names are read from. */
export const tenantName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/, 'not a label value: letters, digits, -, _ and .')

/** A label's key: a name with or without a DNS prefix. */
export const labelKey = z
  .string()
  .max(317)
  .regex(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/, 'not a label key')

/** The whole of a user's or group's name; patterns would let strangers in. */
export const accountName = z.string().regex(/^[^*]+$/, NOT_EXACT)

/**
 * A mapping with any keys. The library drops an own key `__proto__` from such mappings in silence, so that one is
 * refused before it looks.
 */
export function textMap<V extends z.ZodType>(value: V) {
  return z.preprocess(
    (input, context) => {
      if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__')) {
        const params = { at: 'key' }
        context.issues.push({
          code: 'custom',
          message: 'unknown key',
          path: ['__proto__'],
          params,
          input
        })
      }
      return input
    },
    z.record(z.string(), value)
  )
}

const requirement = z.strictObject({
  key: labelKey,
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).default([])
})

/** metav1.LabelSelector. */
export const labelSelector = z
  .strictObject({
    matchLabels: textMap(z.string()).optional(),
    matchExpressions: z.array(requirement).default([])
  })
  .transform(({ matchLabels, matchExpressions }): LabelSelector => ({
    matchLabels: new Map(Object.entries(matchLabels ?? {})),
    matchExpressions
  }))

/** The part of ObjectMeta that files of this kind have. Labels and annotations are accepted and not used. */
export const metadata = z.strictObject({
  name: objectName,
  labels: textMap(z.string()).optional(),
  annotations: textMap(z.string()).optional()
})
