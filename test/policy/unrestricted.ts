import type { Exposure } from '../../src/policy/exposure.ts'
import { exposureFor, exposurePolicies } from '../../src/policy/resolve-exposure.ts'

/** What no policy says. */
export const UNRESTRICTED: Exposure = exposureFor(exposurePolicies([]), {
  tenancy: { kind: 'platform' },
  namespaceLabels: undefined,
  serviceClass: undefined
})
