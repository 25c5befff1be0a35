const MIRRORED =
  'strict: tenants write and mirror under one policy here; the plan names the CCM so that a policy can part the two'

/** Changes of the library that no write can tell, with the reason; the test fails on one here that is not there. */
export const EQUIVALENT: ReadonlyMap<string, string> = new Map<string, string>([
  [
    'tenants: spec.pools taken out',
    'strict: the plan grants the same pool; the line keeps a change of the plan alone from granting another'
  ],
  ['strict: spec.controllers taken out', MIRRORED],
  ['strict: spec.controllers.ccm taken out', MIRRORED],
  ['strict: spec.controllers.ccm[0] taken out', MIRRORED],
  ['strict: spec.controllers.ccm[0] = "system:serviceaccount:kmetal:ccm-x"', MIRRORED]
])
