import * as z from 'zod'
import { rangeText } from './range-text.ts'
import { accountName, labelKey, objectName, tenantName } from './schema-fields.ts'

/** An account and the tenant it acts for: exactly one of `tenant` and `tenantFromLabel`. */
const ownerMapping = z
  .strictObject({
    user: accountName.describe('exact user name'),
    tenant: tenantName.optional().describe('the tenant all its objects belong to'),
    tenantFromLabel: labelKey.optional().describe('the label of the object that names the tenant')
  })
  .refine(({ tenant, tenantFromLabel }) => (tenant === undefined) !== (tenantFromLabel === undefined), {
    message: 'needs exactly one of tenant and tenantFromLabel'
  })

/** The same for what stands in a namespace of the platform's: it may be of whom another namespace is. */
const serviceOwner = z
  .strictObject({
    user: accountName.describe('exact user name'),
    tenant: tenantName.optional().describe('the tenant all its Services belong to'),
    tenantFromLabel: labelKey.optional().describe('the label of the Service that names the tenant'),
    namespaceFromLabel: labelKey
      .optional()
      .describe("the label of the Service that names the namespace it is for, such as its Gateway's")
  })
  .refine(({ user: _user, ...owners }) => Object.values(owners).filter(Boolean).length === 1, {
    message: 'needs exactly one of tenant, tenantFromLabel and namespaceFromLabel'
  })

const vlan = z.discriminatedUnion('exposure', [
  z.strictObject({
    exposure: z.literal('ccmProxy'),
    ipAddressPool: objectName.describe('the pool of the under cluster that holds the VLAN addresses'),
    range: rangeText.optional()
  }),
  z.strictObject({
    exposure: z.literal('tenantMetalLB'),
    range: rangeText.optional(),
    routed: z
      .boolean()
      .default(false)
      .describe('true: the range shares the address space of the under cluster')
  })
])

const networkingMode = z.enum(['overlay', 'vlan'])

const tenantEntry = z.strictObject({
  name: tenantName,
  networkingMode: networkingMode.optional().describe("absent: the plan's own"),
  vlan: vlan.optional().describe('with networkingMode vlan only'),
  externalSubnets: z.array(objectName).default([]).describe('provider Subnets of this tenant alone')
})

/** `spec.tenancy`: how tenants are recognised, and what sets single ones apart. */
export const tenancy = z
  .strictObject({
    namespaceLabels: z
      .array(labelKey)
      .min(1)
      .default(['capsule.clastix.io/tenant', 'tenant'])
      .describe('which label of a namespace names its tenant; the first that is there counts'),
    unlabelledNamespaces: z
      .enum(['platform', 'untrusted'])
      .default('platform')
      .describe('whose a namespace without label is; untrusted: of a tenant without grants'),
    serviceOwners: z
      .array(serviceOwner)
      .default([])
      .describe('accounts that write Services for tenants in namespaces of the platform'),
    ovnEipOwners: z.array(ownerMapping).default([]).describe('first match wins'),
    unmappedOvnEips: z.enum(['warn', 'deny']).default('warn').describe("OvnEips that are nobody's"),
    tenants: z.array(tenantEntry).default([]).describe('only tenants that differ from the rest')
  })
  .prefault({})

export type TenancySpec = z.output<typeof tenancy>
export type TenantSpec = z.output<typeof tenantEntry>
export type OwnerMappingSpec = z.output<typeof ownerMapping>
export type ServiceOwnerSpec = z.output<typeof serviceOwner>
