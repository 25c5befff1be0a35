import * as z from 'zod'
import { exposurePolicy } from './exposure-schema.ts'
import { networkPlan } from './network-plan.ts'
import { policyTest } from './policy-test.ts'

const KINDS = { NetworkPlan: networkPlan, ExposurePolicy: exposurePolicy, PolicyTest: policyTest }
type PolicyKind = keyof typeof KINDS

/** JSON Schema 2020-12 of each kind as it is written in files, from the schemas that parse them. */
export function jsonSchemas(): Readonly<Record<PolicyKind, Readonly<Record<string, unknown>>>> {
  return {
    NetworkPlan: jsonSchema('NetworkPlan'),
    ExposurePolicy: jsonSchema('ExposurePolicy'),
    PolicyTest: jsonSchema('PolicyTest')
  }
}

function jsonSchema(kind: PolicyKind): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(KINDS[kind], { io: 'input', target: 'draft-2020-12' })
  return { $schema, title: `poolguard ${kind}`, ...rest }
}
