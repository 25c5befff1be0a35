/** Rows with one reason. */
interface Group {
  readonly why: string
  readonly rows: readonly string[]
}

const GROUPS: readonly Group[] = [
  {
    why: 'allowed: two Services with one selector take no address from anybody; it is no exposure, and most often meant (one Service for each port or class)',
    rows: [
      'gk-unique-selector-disallowed',
      'kyv-selector-chainsaw-badsvc01',
      'kyv-selector-chainsaw-badsvc02',
      'kw-unique-selector-deny'
    ]
  },
  {
    why: 'denied: ports.denied holds for nodePort as well, so that a port denied to the outside is not opened on the nodes; Kyverno looks at port alone',
    rows: ['kyv-portrange-chainsaw-goodsvc01', 'kyv-portrange-chainsaw-goodsvc02']
  },
  {
    why: 'allowed: the name of an ExternalName takes no address (docs/tenants.md); allowedTypes allows all of them or none',
    rows: [
      'kyv-localhost-test-my-service',
      'cap-extname-allow-miss-denies-and-reports-allowed-hostnames',
      'cap-extname-deny-matching-exact-hostname',
      'cap-extname-later-deny-overrides-earlier-allow',
      'cap-extname-audit-does-not-satisfy-allow-list',
      'cap-extname-negated-regex-deny-matches-untrusted-hostname',
      'cap-extname-invalid-regex-returns-matcher-error'
    ]
  },
  {
    why: "allowed: the annotation is one of a cloud's load balancer, which MetalLB does not read",
    rows: ['kyv-lbannotation-test-nginx-service']
  },
  {
    why: 'allowed: a Service that asks for no address gets one of the granted pool, so there is nothing that it would have to state; source ranges are required by a key of their own',
    rows: ['cap-lbcidr-requires-loadbalancerip-or-source-ranges-when-cidr-rules-are-configured']
  },
  {
    why: 'denied: an empty range in a policy is an error with its line, and the policy is not loaded; Capsule passes over it',
    rows: ['cap-lbcidr-empty-configured-cidrs-are-ignored-during-rule-extraction-when-values-exist']
  },
  {
    why: 'allowed: the API server fills a nodePort in before it asks webhooks, so that the one the Service gets is judged and none need be stated; the row, like a file, has none',
    rows: [
      'cap-nodeport-requires-explicit-nodeport-when-ranges-are-configured',
      'cap-nodeport-requires-explicit-loadbalancer-nodeport-when-allocation-is-enabled-and-ranges-are-configured',
      'cap-nodeport-requires-explicit-loadbalancer-nodeport-when-allocation-default-is-enabled-and-ranges-are-configured'
    ]
  }
]

/**
 * Rows that are deliberately decided otherwise, by id. The test fails on a difference that is not here, and on one here that no
 * longer is one.
 */
export const DIFFERENT: ReadonlyMap<string, string> = new Map(
  GROUPS.flatMap(({ rows, why }) => rows.map(id => [id, why] as const))
)
