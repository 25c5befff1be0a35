import * as z from 'zod'
import { isRecord } from '../kinds/decode.ts'
import { isKindName, KIND_NAMES } from '../kinds/index.ts'
import { ACTIONS } from './action.ts'

/** Longest message of an author, in characters: a denial with 16 of them stays below 16 KiB. */
export const MOST_MESSAGE_CHARACTERS = 1000

/** What `params` may hold in all, as JSON: it is read anew for every request. */
const MOST_PARAMS_CHARACTERS = 65_536

/** Longest id: it is a label's value in metrics, and stands at the end of every denial. */
const MOST_ID_CHARACTERS = 63

const id = z
  .string()
  .max(MOST_ID_CHARACTERS)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'not kebab-case: lower-case words with - between them')

const kind = z.enum(KIND_NAMES.filter(isKindName))

/** CEL on one line or several. */
const expression = z
  .string()
  .min(1)
  .regex(/^(?:\P{Cc}|[\n\t])*$/u, 'has a control character')

/** Handed to expressions as it is. */
const params = z
  .unknown()
  .transform((input, context): Readonly<Record<string, unknown>> => {
    if (!isRecord(input)) {
      context.issues.push({ code: 'invalid_type', expected: 'object', input })
      return z.NEVER
    }
    if (JSON.stringify(input).length > MOST_PARAMS_CHARACTERS) {
      const message = `is longer than ${MOST_PARAMS_CHARACTERS} characters as JSON`
      context.issues.push({ code: 'custom', message, input })
    }
    return input
  })
  .meta({ type: 'object' })

/** A rule that an author writes in CEL. */
export const customRule = z.strictObject({
  id: id.describe('printed in denials; not that of a built-in rule, and used once in all policies'),
  kinds: z.array(kind).min(1).describe('which objects are judged'),
  operations: z
    .array(z.enum(['CREATE', 'UPDATE', 'DELETE']))
    .min(1)
    .default(['CREATE', 'UPDATE'])
    .describe('on DELETE object is null, and oldObject is what is stored'),
  expression: expression.describe('CEL that gives bool; true: allowed'),
  message: z
    .string()
    .max(MOST_MESSAGE_CHARACTERS)
    .regex(/\S/, 'is empty')
    .regex(/^\P{Cc}*$/u, 'has a line break or another control character')
    .optional()
    .describe('told to whoever writes; absent: which expression is false'),
  messageExpression: expression.optional().describe('CEL that gives string, instead of message'),
  action: z.enum(ACTIONS).default('deny').describe('where spec.actions of no policy names the rule'),
  params: params.optional().describe('any mapping, which the expression knows as params')
})

export type CustomRuleSpec = z.output<typeof customRule>
