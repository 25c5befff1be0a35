import { test } from 'tap'
import { parseRange, PLAN_FORMS } from '../../src/address/parse.ts'
import type { Action } from '../../src/policy/action.ts'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import { exposureFor } from '../../src/policy/resolve-exposure.ts'

const KNOWN_RULES: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['pool-overlap', 'deny'],
  ['pool-reserved-range', 'deny'],
  ['service-port', 'deny']
])

const PLAN = 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\n'
/** Lines 1 to 3 of every policy, so its spec begins in line 4. */
const HEAD = 'apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: e}\n'

/** What is wrong with the policies, without the path of the first one. */
function errorsIn(planSpec: string, ...specs: readonly string[]): readonly string[] {
  const files = specs.map((spec, i) => ({ path: `${i}.yaml`, text: `${HEAD}${spec}\n` }))
  const plan = { path: 'plan.yaml', text: `${PLAN}${planSpec}\n` }
  const parsed = parsePolicies([...files, plan], KNOWN_RULES)
  return parsed.ok ? [] : parsed.errors.map(error => formatDocumentError(error).replace(/^0\.yaml:/, ''))
}

const EXEMPT = 'rules: [service-port], reason: r, owner: o, expires: 2027-01-31'

/** Each spec, and what is wrong with it. */
const BAD_SPECS: readonly (readonly [string, ...string[]])[] = [
  [
    'spec: {appliesTo: {tenant: [a]}}',
    '4:20: spec.appliesTo.tenant: unknown key. Hint: did you mean "tenants"?'
  ],
  ['spec: {appliesTo: {tenants: []}}', '4:29: spec.appliesTo.tenants: []: at least one is required'],
  [
    'spec: {appliesTo: {tenants: ["a*"]}}',
    '4:30: spec.appliesTo.tenants[0]: "a*": neither "*" nor a tenant: letters, digits, -, _ and .'
  ],
  [
    'spec: {appliesTo: {exceptTenants: ["*"]}}',
    '4:36: spec.appliesTo.exceptTenants[0]: "*": not a label value: letters, digits, -, _ and .'
  ],
  [
    'spec: {appliesTo: {tenants: [a, b], exceptTenants: [c, b]}}',
    '4:56: spec.appliesTo.exceptTenants[1]: "b": is in spec.appliesTo.tenants too. Hint: keep one'
  ],
  [
    'spec: {appliesTo: {serviceClasses: [mirror]}}',
    '4:37: spec.appliesTo.serviceClasses[0]: "mirror": expected one of "controlPlane", "mirrored", "direct". Hint: did you mean "mirrored"?'
  ],
  [
    'spec: {appliesTo: {namespaceSelector: {matchLabels: {}, matchExpressions: [{key: a, operator: Exists}]}}, ovnEips: {quota: 5}}',
    '4:107: spec.ovnEips: would apply to nothing: OvnEips are in no namespace, and spec.appliesTo.namespaceSelector selects some. Hint: put it into a policy without a selector'
  ],
  ['spec: {pools: {}}', '4:8: spec.pools.allowed: is required: a list'],
  [
    'spec: {pools: {allowed: ["*"]}}',
    '4:26: spec.pools.allowed[0]: "*": not a Kubernetes name: lower-case letters, digits, - and .'
  ],
  [
    'spec: {services: {allowedTypes: [Loadbalancer]}}',
    '4:34: spec.services.allowedTypes[0]: "Loadbalancer": expected one of "ClusterIP", "NodePort", "LoadBalancer", "ExternalName". Hint: did you mean "LoadBalancer"?'
  ],
  [
    'spec: {services: {addressRequests: allowed}}',
    '4:36: spec.services.addressRequests: "allowed": expected one of "denied", "withinGrants"'
  ],
  [
    'spec: {services: {externalIPs: {allowedRanges: [10.0.0.0/33]}}}',
    '4:49: spec.services.externalIPs.allowedRanges[0]: "10.0.0.0/33": prefix length above 32. Hint: a number from 0 to 32'
  ],
  [
    'spec: {services: {loadBalancerSourceRanges: {required: yes}}}',
    '4:56: spec.services.loadBalancerSourceRanges.required: "yes": expected true or false. Hint: write true'
  ],
  [
    'spec: {services: {ports: {denied: [22]}}}',
    '4:36: spec.services.ports.denied[0]: 22: expected text. Hint: write it in quotes: "22"'
  ],
  [
    'spec: {services: {ports: {denied: ["6100-6000", "0", "65536", "1-2-3", "http"]}}}',
    '4:36: spec.services.ports.denied[0]: "6100-6000": ends before it begins. Hint: write "6000-6100"',
    ...['4:49', '4:54', '4:63', '4:72'].map((at, i) => {
      const text = ['0', '65536', '1-2-3', 'http'][i]
      return `${at}: spec.services.ports.denied[${i + 1}]: "${text}": is no port and no range of ports. Hint: numbers from 1 to 65535, such as "22" or "6000-6100"`
    })
  ],
  [
    'spec: {services: {sharedAddresses: withinTenants}}',
    '4:36: spec.services.sharedAddresses: "withinTenants": expected one of "never", "withinNamespace", "withinTenant". Hint: did you mean "withinTenant"?'
  ],
  [
    'spec: {services: {quota: {loadBalancers: -1}}, ovnEips: {quota: 1.5}}',
    '4:42: spec.services.quota.loadBalancers: -1: below 0',
    '4:65: spec.ovnEips.quota: 1.5: expected a whole number'
  ],
  [
    'spec:\n  exemptions:\n  - users: [alice]',
    '6:5: spec.exemptions[0].rules: is required: a list',
    '6:5: spec.exemptions[0].reason: is required: text',
    '6:5: spec.exemptions[0].owner: is required: text',
    '6:5: spec.exemptions[0].expires: is required: text'
  ],
  [
    `spec: {exemptions: [{${EXEMPT}}]}`,
    '4:21: spec.exemptions[0]: {"rules":["service-port"],"reason":"r","owner":"o","expires"...: needs at least one of objects, users, groups and namespaces'
  ],
  [
    `spec: {exemptions: [{${EXEMPT}, users: []}]}`,
    '4:94: spec.exemptions[0].users: []: at least one is required'
  ],
  [
    `spec:\n  exemptions:\n  - users: ["system:*"]\n    groups: ["*", "system:authenticated"]\n    namespaces: ["acme-*"]\n    objects: [IPAddressPool/kmetal-metallb/*, Pool/a/b, Vpc/a/b]\n    ${EXEMPT.replaceAll(', ', '\n    ')}`,
    '6:13: spec.exemptions[0].users[0]: "system:*": not an exact name: patterns are not supported',
    '7:14: spec.exemptions[0].groups[0]: "*": not an exact name: patterns are not supported',
    '7:19: spec.exemptions[0].groups[1]: "system:authenticated": stands for everybody, or for every program. Hint: name a smaller group, or set the action of the rule',
    '8:18: spec.exemptions[0].namespaces[0]: "acme-*": not an exact name: patterns are not supported',
    '9:15: spec.exemptions[0].objects[0]: "IPAddressPool/kmetal-metallb/*": not an exact name: patterns are not supported',
    '9:47: spec.exemptions[0].objects[1]: "Pool/a/b": "Pool" is no kind poolguard reads',
    '9:57: spec.exemptions[0].objects[2]: "Vpc/a/b": names no object. Hint: Vpc/NAME'
  ],
  [
    `spec: {exemptions: [{rules: [service-prot, pool-overlap, eip-status, "*"], users: [a], reason: r, owner: o, expires: 2027-02-30}]}`,
    '4:30: spec.exemptions[0].rules[0]: "service-prot": no rule has this id. Hint: did you mean "service-port"?',
    '4:44: spec.exemptions[0].rules[1]: "pool-overlap": nobody can be exempted from this rule',
    '4:58: spec.exemptions[0].rules[2]: "eip-status": nobody can be exempted from this rule',
    '4:70: spec.exemptions[0].rules[3]: "*": no rule has this id. Hint: name each rule; patterns are not supported',
    '4:118: spec.exemptions[0].expires: "2027-02-30": not a date such as 2027-01-31'
  ],
  [
    `spec: {exemptions: [{rules: [service-port], users: [a], reason: " ", owner: "", expires: soon}]}`,
    '4:65: spec.exemptions[0].reason: " ": is empty',
    '4:77: spec.exemptions[0].owner: "": is empty',
    '4:90: spec.exemptions[0].expires: "soon": not a date such as 2027-01-31'
  ]
]

await test('parsePolicies() says where an ExposurePolicy is wrong, what stands there and what to do', async t => {
  for (const [spec, ...expected] of BAD_SPECS) {
    t.strictSame(errorsIn('spec: {}', spec), expected, spec.slice(0, 100))
  }
})

await test('parsePolicies() refuses policies that do not grant the plan’s defaults to those who get them', async t => {
  const plan =
    'spec: {globalPool: {ipAddressPool: shared, ipAddressPoolByClass: {controlPlane: cp}, externalSubnets: [ext, ext-b], defaultExternalSubnet: ext}, tenancy: {tenants: [{name: vera, networkingMode: vlan, vlan: {exposure: ccmProxy, ipAddressPool: vera}}]}}'
  const tenants = '{tenants: ["*"]}'
  const left = (at: string, list: string, name: string, whose: string) =>
    `${at}: ${list}: leaves out "${name}", which ${whose} get by default. Hint: add it, or change spec.globalPool of NetworkPlan dc1`
  const pools = (at: string, list: string, name: string, whose: string) =>
    left(`${at}: spec.pools.allowed`, list, name, whose)
  const rows: readonly (readonly [readonly string[], ...string[]])[] = [
    [[`spec: {appliesTo: ${tenants}, pools: {allowed: [shared, cp]}}`]],
    [['spec: {pools: {allowed: []}, ovnEips: {externalSubnets: []}}']],
    [
      [`spec: {appliesTo: ${tenants}, pools: {allowed: [gold]}}`],
      pools('4:54', '["gold"]', 'cp', 'controlPlane Services of tenants'),
      pools('4:54', '["gold"]', 'shared', 'mirrored Services of tenants')
    ],
    [
      ['spec: {pools: {allowed: [shared]}}'],
      pools('4:25', '["shared"]', 'cp', 'controlPlane Services of tenants')
    ],
    [['spec: {appliesTo: {serviceClasses: [direct]}, pools: {allowed: [shared]}}']],
    [
      ['spec: {appliesTo: {tenants: [acme]}, pools: {allowed: [cp]}}'],
      pools('4:55', '["cp"]', 'shared', 'mirrored Services of tenant "acme"')
    ],
    [
      [
        'spec: {appliesTo: {tenants: [acme]}, pools: {allowed: [gold]}}',
        'spec: {pools: {allowed: [shared, cp]}}'
      ]
    ],
    [
      [
        'spec: {appliesTo: {exceptTenants: [acme]}, pools: {allowed: [shared, cp]}}',
        'spec: {appliesTo: {serviceClasses: [direct]}, pools: {allowed: [gold]}}'
      ],
      pools('1.yaml:4:64', '["gold"]', 'shared', 'direct Services of tenant "acme"')
    ],
    [['spec: {appliesTo: {tenants: [vera]}, pools: {allowed: [gold]}, ovnEips: {externalSubnets: [other]}}']],
    [
      [
        'spec: {appliesTo: {namespaceSelector: {matchLabels: {a: b}}}, pools: {allowed: [gold]}}',
        'spec: {appliesTo: {namespaceSelector: {matchLabels: {c: d}}}, pools: {allowed: [shared, cp]}}'
      ],
      pools('4:80', '["gold"]', 'cp', 'controlPlane Services of tenants'),
      pools('4:80', '["gold"]', 'shared', 'mirrored Services of tenants')
    ],
    [
      [
        'spec: {appliesTo: {namespaceSelector: {matchLabels: {a: b}}}, pools: {allowed: [gold]}}',
        'spec: {pools: {allowed: [shared, cp]}}'
      ]
    ],
    [
      [
        'spec: {appliesTo: {namespaceSelector: {matchLabels: {a: b}}}, pools: {allowed: [gold]}}',
        'spec: {pools: {allowed: []}}'
      ],
      pools('4:80', '["gold"]', 'cp', 'controlPlane Services of tenants'),
      pools('4:80', '["gold"]', 'shared', 'mirrored Services of tenants')
    ],
    [
      [`spec: {ovnEips: {externalSubnets: [ext-b]}}`],
      left('4:35: spec.ovnEips.externalSubnets', '["ext-b"]', 'ext', 'OvnEips of tenants')
    ],
    [
      ['spec: {appliesTo: {namespaceSelector: {}}, ovnEips: {externalSubnets: [ext-b]}}'],
      left('4:71: spec.ovnEips.externalSubnets', '["ext-b"]', 'ext', 'OvnEips of tenants')
    ]
  ]
  for (const [specs, ...expected] of rows) t.strictSame(errorsIn(plan, ...specs), expected, specs.join('\n'))
  t.strictSame(errorsIn('spec: {}', 'spec: {pools: {allowed: [gold]}}'), [], 'a plan without a default')
})

await test('parsePolicies() reads every key', async t => {
  const spec = `
spec:
  appliesTo: {tenants: ["*"], exceptTenants: [acme], namespaceSelector: {}, serviceClasses: [direct, mirrored]}
  actions: {pool-reserved-range: audit}
  pools: {allowed: [default-pool]}
  services:
    allowedTypes: [LoadBalancer, ClusterIP]
    addressRequests: denied
    externalIPs: {allowedRanges: []}
    loadBalancerSourceRanges: {required: false, allowedRanges: [0.0.0.0/0]}
    loadBalancerClasses: {allowed: [""]}
    ports: {denied: ["22", "6000-6100", "6050-6200"]}
    nodePorts: {denied: ["23", "30000-30100"]}
    sharedAddresses: withinTenant
    quota: {loadBalancers: 5}
  ovnEips: {externalSubnets: [external], staticAddresses: denied, quota: 5}
  customRules:
  - {id: no-http, kinds: [Service], operations: [CREATE], expression: "true", message: m, messageExpression: "'x'", action: warn, params: {a: 1}}
  exemptions:
  - {rules: [pool-reserved-range], objects: [IPAddressPool/kmetal-metallb/lab, Vpc/v], reason: single-node lab, owner: platform, expires: 2027-01-31}
  - {rules: [service-port], users: [a], groups: [b], namespaces: [c], reason: r, owner: o, expires: 2027-01-31}`
  const parsed = parsePolicies(
    [
      { path: 'e.yaml', text: HEAD + spec },
      { path: 'p.yaml', text: `${PLAN}spec: {}\n` }
    ],
    KNOWN_RULES
  )
  if (!parsed.ok) throw new Error(parsed.errors.map(formatDocumentError).join('\n'))
  const exposure = exposureFor(parsed.policies.exposures, {
    tenancy: { kind: 'tenant', name: 'beta' },
    namespaceLabels: new Map(),
    serviceClass: 'direct'
  })
  const everywhere = parseRange('0.0.0.0/0', PLAN_FORMS)
  const { exemptions, ...limits } = exposure
  const serviceClasses = new Set(['direct', 'mirrored'])
  t.strictSame(limits, {
    forAll: false,
    policies: ['e'],
    actions: new Map([['pool-reserved-range', 'audit']]),
    customRules: new Set(['no-http']),
    pools: ['default-pool'],
    services: {
      allowedTypes: ['ClusterIP', 'LoadBalancer'],
      addressRequests: 'denied',
      externalIPs: [],
      sourceRanges: { required: false, allowed: [everywhere.ok && everywhere.range] },
      loadBalancerClasses: [''],
      deniedPorts: [
        { first: 22, last: 22 },
        { first: 6000, last: 6200 }
      ],
      deniedNodePorts: [
        { first: 22, last: 23 },
        { first: 6000, last: 6200 },
        { first: 30000, last: 30100 }
      ],
      sharedAddresses: 'withinTenant',
      loadBalancers: { limit: 5, policy: 'e', namespaceSelector: undefined, serviceClasses }
    },
    ovnEips: {
      externalSubnets: ['external'],
      staticAddresses: 'denied',
      quota: { limit: 5, policy: 'e', namespaceSelector: undefined, serviceClasses }
    }
  })
  t.match(exemptions, [
    { users: new Set(['a']), groups: new Set(['b']), namespaces: new Set(['c']), objects: undefined },
    {
      policy: 'e',
      objects: new Set(['IPAddressPool/kmetal-metallb/lab', 'Vpc//v']),
      users: undefined,
      endsMs: Date.UTC(2027, 1, 1),
      ifExpired: { path: 'e.yaml', line: 23, field: 'spec.exemptions[0].expires' }
    }
  ])
})
