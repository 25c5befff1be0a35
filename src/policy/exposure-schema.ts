import * as z from 'zod'
import { ACTIONS } from './action.ts'
import { customRule } from './custom-rule-schema.ts'
import { objectReference } from './object-reference.ts'
import { SERVICE_CLASSES } from './plan.ts'
import { portRange } from './port-range.ts'
import { rangeText } from './range-text.ts'
import {
  accountName,
  API_VERSION,
  exactName,
  labelSelector,
  metadata,
  objectName,
  someText,
  tenantName,
  textMap
} from './schema-fields.ts'
import { wideningDeclarations } from './widening/declaration.ts'

/** `Service.spec.type` (Kubernetes core/v1). */
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const

/** Whether addresses may be asked for, the stricter one first. */
export const ADDRESS_REQUESTS = ['denied', 'withinGrants'] as const

/** Who may share one address, the strictest one first. */
export const SHARED_ADDRESSES = ['never', 'withinNamespace', 'withinTenant'] as const

/** A tenant's name, or `*` for every tenant. */
const tenantOrEvery = z
  .string()
  .max(63)
  .regex(/^(\*|[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)$/, 'neither "*" nor a tenant: letters, digits, -, _ and .')

/** Selects, so that an empty list would select nothing: the policy would be there and never apply. */
const appliesTo = z.strictObject({
  tenants: z
    .array(tenantOrEvery)
    .min(1)
    .optional()
    .describe('absent: whoever, the platform included; "*": every tenant'),
  exceptTenants: z.array(tenantName).default([]).describe('all but these'),
  namespaceSelector: labelSelector.optional().describe('absent or {}: objects without namespace too'),
  serviceClasses: z
    .array(z.enum(SERVICE_CLASSES))
    .min(1)
    .optional()
    .describe('which Services; absent: all. Other kinds are not selected by it')
})

const ranges = z.array(rangeText)
const count = z.int().min(0)

const services = z.strictObject({
  allowedTypes: z
    .array(z.enum(SERVICE_TYPES))
    .optional()
    .describe('ClusterIP also for Services without a type'),
  addressRequests: z.enum(ADDRESS_REQUESTS).optional().describe('withinGrants: an address of a granted pool'),
  externalIPs: z.strictObject({ allowedRanges: ranges }).optional(),
  loadBalancerSourceRanges: z
    .strictObject({
      required: z.boolean().default(false).describe('true: a LoadBalancer must state some'),
      allowedRanges: ranges.optional()
    })
    .optional(),
  loadBalancerClasses: z
    .strictObject({ allowed: z.array(z.string()).describe('"": Services without a class') })
    .optional(),
  ports: z
    .strictObject({ denied: z.array(portRange) })
    .optional()
    .describe('of Services that are reached from outside: neither port nor nodePort'),
  nodePorts: z
    .strictObject({ denied: z.array(portRange) })
    .optional()
    .describe('not as nodePort'),
  sharedAddresses: z.enum(SHARED_ADDRESSES).optional().describe('absent: within the tenant'),
  quota: z
    .strictObject({ loadBalancers: count })
    .optional()
    .describe('LoadBalancer Services a tenant may have')
})

const ovnEips = z.strictObject({
  externalSubnets: z.array(objectName).optional().describe('granted provider Subnets'),
  staticAddresses: z
    .enum(ADDRESS_REQUESTS)
    .optional()
    .describe('withinGrants: an address of a granted Subnet'),
  quota: count.optional().describe('OvnEips a tenant may have')
})

/** Groups that the API server puts everybody, or every program, into: naming one is a wildcard by another name. */
const EVERYBODY = ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts']

const groupName = accountName.refine(name => !EVERYBODY.includes(name), {
  message: 'stands for everybody, or for every program',
  params: { hint: 'name a smaller group, or set the action of the rule' }
})

const exemption = z
  .strictObject({
    rules: z.array(z.string()).min(1).describe('ids, no wildcards'),
    objects: z.array(objectReference).min(1).optional(),
    users: z.array(accountName).min(1).optional().describe('exact names of who writes'),
    groups: z.array(groupName).min(1).optional(),
    namespaces: z.array(exactName).min(1).optional().describe('of the object'),
    reason: someText.describe('why'),
    owner: someText.describe('who renews it or takes it out'),
    expires: z.iso.date('not a date such as 2027-01-31').describe('the last day on which it counts, in UTC')
  })
  .refine(({ objects, users, groups, namespaces }) => objects ?? users ?? groups ?? namespaces, {
    message: 'needs at least one of objects, users, groups and namespaces'
  })

/** ExposurePolicy: what is allowed. Absent keys restrict nothing, empty lists allow none. */
export const exposurePolicy = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ExposurePolicy'),
  metadata,
  spec: z.strictObject({
    appliesTo: appliesTo.optional().describe('absent: everything, objects without namespace included'),
    actions: textMap(z.enum(ACTIONS))
      .optional()
      .describe("rule id to action; absent: the rule's own default"),
    pools: z
      .strictObject({ allowed: z.array(objectName) })
      .optional()
      .describe('granted to tenants'),
    services: services.optional(),
    ovnEips: ovnEips.optional(),
    customRules: z
      .array(customRule)
      .default([])
      .describe('rules in CEL: true allows, as in ValidatingAdmissionPolicy (docs/custom-rules.md)'),
    exemptions: z.array(exemption).default([]).describe('findings that pass, for a while'),
    widenings: wideningDeclarations
  })
})

export type ExposureSpec = z.output<typeof exposurePolicy>['spec']
export type AppliesToSpec = z.output<typeof appliesTo>
export type ExemptionSpec = z.output<typeof exemption>
export type ServiceType = (typeof SERVICE_TYPES)[number]
export type AddressRequests = (typeof ADDRESS_REQUESTS)[number]
export type SharedAddresses = (typeof SHARED_ADDRESSES)[number]
