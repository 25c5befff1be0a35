import * as z from 'zod'
import { isRecord } from '../kinds/decode.ts'
import { decodeDocument, type DecodedDocument } from './decode-document.ts'
import { objectReference } from './object-reference.ts'
import type { PolicySource } from './problem.ts'
import { API_VERSION, metadata } from './schema-fields.ts'

/** Any JSON object, handed on as it is: what it must hold is the API server's business. */
const jsonObject = z
  .unknown()
  .transform((input, context): Readonly<Record<string, unknown>> => {
    if (isRecord(input)) return input
    context.issues.push({ code: 'invalid_type', expected: 'object', input })
    return z.NEVER
  })
  .meta({ type: 'object' })

const objects = z.array(jsonObject).default([])

/** An RFC 3339 time with a zone, as milliseconds since 1970. */
const time = z.iso
  .datetime({ offset: true, error: 'not a time such as 2026-11-23T00:00:00Z' })
  .transform(Date.parse)

const user = z.strictObject({ username: z.string(), groups: z.array(z.string()).default([]) })

const request = z
  .strictObject({
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE']).default('CREATE'),
    object: jsonObject.optional().describe('the full object; of a DELETE what is deleted'),
    oldObject: jsonObject.optional().describe('absent: what is stored'),
    subResource: z.string().default('').describe('such as status'),
    user: user.optional().describe('absent: a member of system:masters'),
    dryRun: z.boolean().default(false)
  })
  .refine(({ operation, object, oldObject }) => object ?? (operation === 'DELETE' ? oldObject : undefined), {
    path: ['object'],
    message: 'is required: the full object',
    params: { at: 'key' }
  })

/** RFC 6902. */
const patchOperation = z.strictObject({
  op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']),
  path: z.string(),
  from: z.string().optional(),
  value: z.unknown().optional()
})

const expectation = z.strictObject({
  allowed: z.boolean().describe('warnings allow'),
  rules: z.array(z.string()).optional().describe('among those that denied, or warned when it is allowed'),
  exactly: z.boolean().default(false).describe('no other rule spoke'),
  unchecked: z.array(z.string()).optional().describe('rules that could not be judged'),
  exempted: z.array(z.string()).optional().describe('rules whose findings an exemption let pass'),
  code: z.int().optional().describe('of the answer, such as 403'),
  message: z.string().optional().describe('part of the message'),
  patch: z.array(patchOperation).optional().describe('the exact patch of the mutating path; [] for none')
})

const testCase = z.strictObject({
  name: z.string().min(1),
  existing: objects.describe("added to the suite's; the same kind, namespace and name replaces"),
  absent: z.array(objectReference).default([]).describe("taken out of the suite's"),
  request,
  expect: expectation
})

/** PolicyTest: cases that the policies must decide as stated. */
export const policyTest = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('PolicyTest'),
  metadata,
  spec: z.strictObject({
    policies: z
      .array(z.union([z.string().min(1), jsonObject]))
      .default([])
      .describe('paths relative to this file, or documents; empty: those given on the command line'),
    now: time.optional().describe('when the cases happen; absent: before every exemption ends'),
    existing: objects.describe('what is stored when a case begins'),
    cases: z.array(testCase).min(1)
  })
})

/**
 * A suite as read. `spec.now` is in milliseconds since 1970. An inline policy's positions are those of
 * `partOf(document, ['spec', 'policies', i])`, a case's those of `['spec', 'cases', i]`.
 */
export type PolicyTest = z.output<typeof policyTest>
export type PolicyTestCase = PolicyTest['spec']['cases'][number]

/** Reads one PolicyTest. About 5 us a case besides reading the text. */
export function decodePolicyTest(source: PolicySource): DecodedDocument<PolicyTest> {
  return decodeDocument(policyTest, source)
}
