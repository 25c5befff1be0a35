/** What a new user writes, the first time: a document, and what must be said of it, line by line. */
export interface Mistake {
  readonly kind: 'NetworkPlan' | 'ExposurePolicy' | 'PolicyTest'
  /** A whole file; else what follows the three lines of apiVersion, kind and metadata. */
  readonly whole: boolean
  readonly text: string
  /** Without the path before line and column. */
  readonly errors: readonly string[]
}

const PLAN_FILES: readonly (readonly [string, ...string[]])[] = [
  [
    'apiVersion: v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {}',
    '1:13: apiVersion: "v1alpha1": is not a version of poolguard policies. Hint: apiVersion: poolguard.io/v1alpha1'
  ],
  [
    'apiVersion: poolguard.io/v1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {}',
    '1:13: apiVersion: "poolguard.io/v1": is not a version of poolguard policies. Hint: apiVersion: poolguard.io/v1alpha1'
  ],
  [
    'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPolicy\nmetadata: {name: dc1}\nspec: {}',
    '2:7: kind: "NetworkPolicy": is no kind of policy. Hint: one of NetworkPlan, ExposurePolicy, PolicyTest'
  ],
  [
    'apiVersion: poolguard.io/v1alpha1\nkind: Plan\nmetadata: {name: dc1}\nspec: {}',
    '2:7: kind: "Plan": is no kind of policy. Hint: one of NetworkPlan, ExposurePolicy, PolicyTest'
  ],
  ['apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nspec: {}', '1:1: metadata: is required: a mapping'],
  [
    'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: DC_1}\nspec: {}',
    '3:18: metadata.name: "DC_1": not a Kubernetes name: lower-case letters, digits, - and .'
  ],
  [
    'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1, namespace: poolguard}\nspec: {}',
    '3:23: metadata.namespace: unknown key. Hint: known: name, labels, annotations'
  ],
  [
    '{"apiVersion": "poolguard.io/v1alpha1", "kind": "NetworkPlan", "metadata": {"name": "a"}, "spec": {"poolModel": "globl"}}',
    '1:113: spec.poolModel: "globl": expected one of "global", "perTenant". Hint: did you mean "global"?'
  ],
  ['hello', '1:1: "hello": expected a mapping with apiVersion, kind and spec'],
  ['metallb:\n  pools: []', '1:1: apiVersion: is required. Hint: apiVersion: poolguard.io/v1alpha1']
]

const PLAN_SPECS: readonly (readonly [string, ...string[]])[] = [
  [
    'nodeSubnets: [10.0.0.0/24]',
    '1:1: spec: is required: a mapping',
    '4:1: nodeSubnets: unknown key. Hint: known: apiVersion, kind, metadata, spec'
  ],
  ['', '1:1: spec: is required: a mapping'],
  ['spec:', '4:1: spec: null: expected a mapping, found nothing. Hint: write {} for an empty one'],
  [
    'spec:\n  nodeSubnet: [10.0.0.0/24]',
    '5:3: spec.nodeSubnet: unknown key. Hint: did you mean "nodeSubnets"?'
  ],
  [
    'spec:\n  subnets: [10.0.0.0/24]',
    '5:3: spec.subnets: unknown key. Hint: known: scope, tenant, networkingMode, nodeSubnets, reservedRanges, clusterRanges, allocations, metallb, kubeOvn, globalPool, poolModel, edgeRouter, capacity, platform, controllers, tenancy, widenings'
  ],
  [
    'spec:\n  nodeSubnets: [192.168.1.0]',
    '5:17: spec.nodeSubnets[0]: "192.168.1.0": a single address may not stand here. Hint: with its prefix length, such as 192.168.1.0/24'
  ],
  [
    'spec:\n  nodeSubnets:\n  - cidr: 192.168.1.0/24\n    gateway: 192.168.1.1/24',
    '7:14: spec.nodeSubnets[0].gateway: "192.168.1.1/24": "192.168.1.1/24" is not an IP address. Hint: write 192.168.1.1, without the prefix length'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.10-20',
    '6:12: spec.reservedRanges[0].range: "192.168.1.10-20": "20" is not an IP address. Hint: write 192.168.1.10-192.168.1.20'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.1..192.168.1.9',
    '6:12: spec.reservedRanges[0].range: "192.168.1.1..192.168.1.9": a range a..b may not stand here. Hint: write 192.168.1.1-192.168.1.9'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.0/255.255.255.0',
    '6:12: spec.reservedRanges[0].range: "192.168.1.0/255.255.255.0": "255.255.255.0" is not a prefix length. Hint: write 192.168.1.0/24'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.*',
    '6:12: spec.reservedRanges[0].range: "192.168.1.*": "192.168.1.*" is not an IP address. Hint: write 192.168.1.0/24'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.1,192.168.1.2',
    '6:12: spec.reservedRanges[0].range: "192.168.1.1,192.168.1.2": "192.168.1.1,192.168.1.2" is not an IP address. Hint: write one range in each entry'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: [192.168.1.1, 192.168.1.2]',
    '6:12: spec.reservedRanges[0].range: ["192.168.1.1","192.168.1.2"]: expected text. Hint: write one value, not a list'
  ],
  [
    'spec:\n  reservedRanges:\n  - 192.168.1.1-192.168.1.9',
    '6:5: spec.reservedRanges[0]: "192.168.1.1-192.168.1.9": expected a mapping. Hint: its keys: range, purpose, owner'
  ],
  [
    'spec:\n  reservedRanges:\n  - range: 192.168.1.1 to 192.168.1.9',
    '6:12: spec.reservedRanges[0].range: "192.168.1.1 to 192.168.1.9": "192.168.1.1 to 192.168.1.9" is not an IP address. Hint: write 192.168.1.1-192.168.1.9'
  ],
  [
    'spec:\n  allocations:\n  - {range: 10.0.0.0/24, announcement: layer2}',
    '6:40: spec.allocations[0].announcement: "layer2": expected one of "l2", "bgp"'
  ],
  [
    'spec:\n  allocations:\n  - {range: 10.0.0.0/24, announcement: L2}',
    '6:40: spec.allocations[0].announcement: "L2": expected one of "l2", "bgp". Hint: did you mean "l2"?'
  ],
  ['spec:\n  edgeRouter: {mode: edgeNAT}', '5:3: spec.edgeRouter.mappings: is required: a list'],
  [
    'spec:\n  edgeRouter: directRouting',
    '5:15: spec.edgeRouter: "directRouting": expected a mapping. Hint: its keys: mode, providerCIDRs, mappings'
  ],
  [
    'spec:\n  edgeRouter: {providerCIDRs: [10.0.0.0/24]}',
    '5:3: spec.edgeRouter.mode: is required: one of "directRouting", "edgeNAT"'
  ],
  [
    'spec:\n  capacity: {warnPercent: 80%}',
    '5:27: spec.capacity.warnPercent: "80%": expected a number. Hint: write 80, without quotes and units'
  ],
  [
    'spec:\n  platform: {groups: system:masters}',
    '5:22: spec.platform.groups: "system:masters": expected a list. Hint: write ["system:masters"]'
  ],
  [
    'spec:\n  tenancy:\n    tenants:\n      acme: {networkingMode: vlan}',
    '7:7: spec.tenancy.tenants: {"acme":{"networkingMode":"vlan"}}: expected a list. Hint: begin each entry with "- "'
  ],
  [
    'spec:\n  tenancy:\n    tenants: [acme]',
    '6:15: spec.tenancy.tenants[0]: "acme": expected a mapping. Hint: its keys: name, networkingMode, vlan, externalSubnets'
  ],
  [
    'spec:\n  tenancy:\n    tenants:\n    - name: acme\n      networkingMode: vlan\n      vlan: {range: 10.9.0.0/24}',
    '9:7: spec.tenancy.tenants[0].vlan.exposure: is required: one of "ccmProxy", "tenantMetalLB"'
  ],
  [
    'spec:\n  tenancy:\n    tenants:\n    - name: acme\n      networkingMode: vlan\n      vlan: {exposure: metallb, range: 10.9.0.0/24}',
    '9:24: spec.tenancy.tenants[0].vlan.exposure: "metallb": expected one of "ccmProxy", "tenantMetalLB"'
  ],
  [
    'spec:\n  poolModel: pertenant',
    '5:14: spec.poolModel: "pertenant": expected one of "global", "perTenant". Hint: did you mean "perTenant"?'
  ],
  [
    'spec:\n  poolModel: per-tenant',
    '5:14: spec.poolModel: "per-tenant": expected one of "global", "perTenant". Hint: did you mean "perTenant"?'
  ],
  [
    'spec:\n  metallb: kmetal-metallb',
    '5:12: spec.metallb: "kmetal-metallb": expected a mapping. Hint: its keys: namespace, loadBalancerClass, bgpType, poolAnnotation'
  ],
  [
    'spec:\n  controllers: {metalLB: [a]}',
    '5:17: spec.controllers.metalLB: unknown key. Hint: did you mean "metallb"?'
  ],
  [
    'spec:\n  globalPool: {ipAddressPools: [default-pool]}',
    '5:16: spec.globalPool.ipAddressPools: unknown key. Hint: did you mean "ipAddressPool"?'
  ],
  [
    'spec:\n  globalPool: {ipAddressPool: [default-pool]}',
    '5:31: spec.globalPool.ipAddressPool: ["default-pool"]: expected text. Hint: write one value, not a list'
  ],
  [
    'spec:\n  globalPool: {externalSubnets: external}',
    '5:33: spec.globalPool.externalSubnets: "external": expected a list. Hint: write ["external"]'
  ],
  [
    'spec:\n  poolModel:global',
    '5:3: spec: "poolModel:global": expected a mapping. Hint: a blank is missing after the colon: poolModel: global'
  ],
  [
    'spec:\n  poolModel: global\n nodeSubnets: []',
    '6:1: all mapping items must start at the same column. Hint: begin the keys of one mapping, and the entries of one list, below one another'
  ],
  [
    'spec:\n  nodeSubnets:\n  - {cidr: 10.0.0.0/24',
    '7:1: flow map in block collection must be sufficiently indented and end with a }. Hint: each quote, [ and { needs its end'
  ],
  [
    'spec:\n  metallb: {namespace: {{ .Values.ns }}}',
    '5:25: spec.metallb.namespace: a key must be text. Hint: fill {{ templates }} in first, or write them in quotes'
  ],
  ['spec:\n  poolModel: "global', '6:1: missing closing "quote. Hint: each quote, [ and { needs its end'],
  [
    'spec:\n  nodeSubnets: [10.0.0.0/33]\n  poolModel: globl\n  scop: x',
    '5:17: spec.nodeSubnets[0]: "10.0.0.0/33": prefix length above 32. Hint: a number from 0 to 32',
    '6:14: spec.poolModel: "globl": expected one of "global", "perTenant". Hint: did you mean "global"?',
    '7:3: spec.scop: unknown key. Hint: did you mean "scope"?'
  ],
  [
    'spec:\n  nodeSubnets:\n    cidr: 10.0.0.0/24',
    '6:5: spec.nodeSubnets: {"cidr":"10.0.0.0/24"}: expected a list. Hint: begin each entry with "- "'
  ],
  [
    'spec:\n  nodeSubnets: [fe80::1%eth0/64]',
    '5:17: spec.nodeSubnets[0]: "fe80::1%eth0/64": zone in "fe80::1%eth0". Hint: write the address without %'
  ],
  ['spec:\n  networkingMode: OVN', '5:19: spec.networkingMode: "OVN": expected one of "overlay", "vlan"'],
  [
    'spec:\n  tenancy: {unlabelledNamespaces: tenant}',
    '5:35: spec.tenancy.unlabelledNamespaces: "tenant": expected one of "platform", "untrusted"'
  ],
  [
    'spec:\n  poolModel: global\n  poolModel: perTenant',
    '6:3: spec.poolModel: the key is given twice. Hint: keep one'
  ]
]

const POLICY_SPECS: readonly (readonly [string, ...string[]])[] = [
  [
    'spec: {actions: {pool-overlap: block}}',
    '4:32: spec.actions.pool-overlap: "block": expected one of "deny", "warn", "audit", "off"'
  ],
  [
    'spec: {actions: {pool-overlap: Deny}}',
    '4:32: spec.actions.pool-overlap: "Deny": expected one of "deny", "warn", "audit", "off". Hint: did you mean "deny"?'
  ],
  [
    'spec: {actions: {pool-overlap: false}}',
    '4:32: spec.actions.pool-overlap: false: expected one of "deny", "warn", "audit", "off". Hint: did you mean "off"?'
  ],
  [
    'spec:\n  actions:\n  - {rule: pool-overlap, action: deny}',
    '6:3: spec.actions: [{"rule":"pool-overlap","action":"deny"}]: expected a mapping'
  ],
  [
    'spec: {actions: {pool-overlapp: deny}}',
    '4:18: spec.actions.pool-overlapp: no rule has this id. Hint: did you mean "pool-overlap"?'
  ],
  [
    'spec: {actions: {no-overlap: deny}}',
    '4:18: spec.actions.no-overlap: no rule has this id. Hint: did you mean "pool-overlap"?'
  ],
  [
    'spec: {actions: {"*": warn}}',
    '4:18: spec.actions["*"]: no rule has this id. Hint: name each rule; patterns are not supported'
  ],
  ['spec: {actions: deny}', '4:17: spec.actions: "deny": expected a mapping'],
  [
    'spec: {appliesTo: {tenants: "*"}}',
    '4:29: spec.appliesTo.tenants: "*": expected a list. Hint: write ["*"]'
  ],
  [
    'spec: {appliesTo: {tenants: [acme*]}}',
    '4:30: spec.appliesTo.tenants[0]: "acme*": neither "*" nor a tenant: letters, digits, -, _ and .'
  ],
  ['spec: {appliesTo: {tenants: []}}', '4:29: spec.appliesTo.tenants: []: at least one is required'],
  [
    'spec: {appliesTo: {namespaces: [a]}}',
    '4:20: spec.appliesTo.namespaces: unknown key. Hint: known: tenants, exceptTenants, namespaceSelector, serviceClasses'
  ],
  [
    'spec: {appliesTo: {namespaceSelector: {team: a}}}',
    '4:40: spec.appliesTo.namespaceSelector.team: unknown key. Hint: known: matchLabels, matchExpressions'
  ],
  [
    'spec: {services: {ports: {denied: [22]}}}',
    '4:36: spec.services.ports.denied[0]: 22: expected text. Hint: write it in quotes: "22"'
  ],
  [
    'spec: {services: {ports: {denied: ["22-"]}}}',
    '4:36: spec.services.ports.denied[0]: "22-": is no port and no range of ports. Hint: numbers from 1 to 65535, such as "22" or "6000-6100"'
  ],
  [
    'spec: {services: {ports: {denied: ["70000"]}}}',
    '4:36: spec.services.ports.denied[0]: "70000": is no port and no range of ports. Hint: numbers from 1 to 65535, such as "22" or "6000-6100"'
  ],
  [
    'spec: {services: {ports: ["22"]}}',
    '4:26: spec.services.ports: ["22"]: expected a mapping. Hint: its keys: denied'
  ],
  [
    'spec: {services: {quota: 5}}',
    '4:26: spec.services.quota: 5: expected a mapping. Hint: its keys: loadBalancers'
  ],
  ['spec: {ovnEips: {quota: {ovnEips: 5}}}', '4:25: spec.ovnEips.quota: {"ovnEips":5}: expected a number'],
  [
    'spec: {services: {quota: {loadbalancers: 5}}}',
    '4:19: spec.services.quota.loadBalancers: is required: a number',
    '4:27: spec.services.quota.loadbalancers: unknown key. Hint: did you mean "loadBalancers"?'
  ],
  ['spec: {services: {quota: {loadBalancers: -1}}}', '4:42: spec.services.quota.loadBalancers: -1: below 0'],
  [
    'spec: {services: {quota: {loadBalancers: "5"}}}',
    '4:42: spec.services.quota.loadBalancers: "5": expected a number. Hint: write 5, without quotes and units'
  ],
  [
    'spec: {services: {allowedTypes: LoadBalancer}}',
    '4:33: spec.services.allowedTypes: "LoadBalancer": expected a list. Hint: write ["LoadBalancer"]'
  ],
  [
    'spec: {service: {allowedTypes: [LoadBalancer]}}',
    '4:8: spec.service: unknown key. Hint: did you mean "services"?'
  ],
  [
    'spec: {services: {sharedAddresses: allowed}}',
    '4:36: spec.services.sharedAddresses: "allowed": expected one of "never", "withinNamespace", "withinTenant"'
  ],
  [
    'spec: {services: {addressRequests: true}}',
    '4:36: spec.services.addressRequests: true: expected one of "denied", "withinGrants"'
  ],
  [
    'spec: {services: {addressRequests: withinPool}}',
    '4:36: spec.services.addressRequests: "withinPool": expected one of "denied", "withinGrants"'
  ],
  [
    'spec: {pools: [default-pool]}',
    '4:15: spec.pools: ["default-pool"]: expected a mapping. Hint: its keys: allowed'
  ],
  [
    'spec: {pools: {allowed: default-pool}}',
    '4:25: spec.pools.allowed: "default-pool": expected a list. Hint: write ["default-pool"]'
  ],
  [
    'spec: {pools: {denied: [a]}}',
    '4:8: spec.pools.allowed: is required: a list',
    '4:16: spec.pools.denied: unknown key. Hint: known: allowed'
  ],
  [
    'spec: {services: {externalIPs: []}}',
    '4:32: spec.services.externalIPs: []: expected a mapping. Hint: its keys: allowedRanges'
  ],
  [
    'spec: {services: {externalIPs: denied}}',
    '4:32: spec.services.externalIPs: "denied": expected a mapping. Hint: its keys: allowedRanges'
  ],
  [
    'spec: {services: {loadBalancerSourceRanges: [10.0.0.0/8]}}',
    '4:45: spec.services.loadBalancerSourceRanges: ["10.0.0.0/8"]: expected a mapping. Hint: its keys: required, allowedRanges'
  ],
  [
    'spec: {services: {loadBalancerClasses: []}}',
    '4:40: spec.services.loadBalancerClasses: []: expected a mapping. Hint: its keys: allowed'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddressPool/a/b], reason: x, owner: y}',
    '6:5: spec.exemptions[0].expires: is required: text'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddressPool/a/b], reason: x, owner: y, expires: 31.01.2027}',
    '6:94: spec.exemptions[0].expires: "31.01.2027": not a date such as 2027-01-31'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddressPool/a/b], reason: x, owner: y, expires: 2027-02-30}',
    '6:94: spec.exemptions[0].expires: "2027-02-30": not a date such as 2027-01-31'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddressPool/a/b], reason: x, owner: y, expires: never}',
    '6:94: spec.exemptions[0].expires: "never": not a date such as 2027-01-31'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: ["*"], objects: [IPAddressPool/a/b], reason: x, owner: y, expires: 2027-01-31}',
    '6:14: spec.exemptions[0].rules[0]: "*": no rule has this id. Hint: name each rule; patterns are not supported'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddressPool/b], reason: x, owner: y, expires: 2027-01-31}',
    '6:44: spec.exemptions[0].objects[0]: "IPAddressPool/b": names no object. Hint: IPAddressPool/NAMESPACE/NAME'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [b], reason: x, owner: y, expires: 2027-01-31}',
    '6:44: spec.exemptions[0].objects[0]: "b": "b" is no kind poolguard reads. Hint: KIND/NAMESPACE/NAME'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], objects: [IPAddresPool/a/b], reason: x, owner: y, expires: 2027-01-31}',
    '6:44: spec.exemptions[0].objects[0]: "IPAddresPool/a/b": "IPAddresPool" is no kind poolguard reads. Hint: did you mean "IPAddressPool"?'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-node-address], reason: x, owner: y, expires: 2027-01-31}',
    '6:5: spec.exemptions[0]: {"rules":["pool-node-address"],"reason":"x","owner":"y","exp...: needs at least one of objects, users, groups and namespaces'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-overlap], users: [a], reason: x, owner: y, expires: 2027-01-31}',
    '6:14: spec.exemptions[0].rules[0]: "pool-overlap": nobody can be exempted from this rule'
  ],
  [
    'spec:\n  exemptions:\n  - {rules: [pool-syntax], groups: ["system:authenticated"], reason: "", owner: y, expires: 2027-01-31}',
    '6:37: spec.exemptions[0].groups[0]: "system:authenticated": stands for everybody, or for every program. Hint: name a smaller group, or set the action of the rule',
    '6:70: spec.exemptions[0].reason: "": is empty'
  ],
  [
    'spec:\n  exemptions:\n    rules: [pool-syntax]',
    '6:5: spec.exemptions: {"rules":["pool-syntax"]}: expected a list. Hint: begin each entry with "- "'
  ],
  [
    'spec: {enforcementAction: deny}',
    '4:8: spec.enforcementAction: unknown key. Hint: known: appliesTo, actions, pools, services, ovnEips, customRules, exemptions, widenings'
  ]
]

const SUITE_SPECS: readonly (readonly [string, ...string[]])[] = [
  ['spec: {}', '4:1: spec.cases: is required: a list'],
  ['spec: {cases: []}', '4:15: spec.cases: []: at least one is required'],
  [
    'spec:\n  case: []',
    '4:1: spec.cases: is required: a list',
    '5:3: spec.case: unknown key. Hint: did you mean "cases"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expected: {allowed: true}',
    '6:5: spec.cases[0].expect: is required: a mapping',
    '8:5: spec.cases[0].expected: unknown key. Hint: did you mean "expect"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: deny',
    '8:13: spec.cases[0].expect: "deny": expected a mapping. Hint: its keys: allowed, rules, exactly, unchecked, exempted, code, message, patch'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: {allow: false}',
    '8:5: spec.cases[0].expect.allowed: is required: true or false',
    '8:14: spec.cases[0].expect.allow: unknown key. Hint: did you mean "allowed"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: {allowed: denied}',
    '8:23: spec.cases[0].expect.allowed: "denied": expected true or false'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {operation: create, object: {}}\n    expect: {allowed: true}',
    '7:26: spec.cases[0].request.operation: "create": expected one of "CREATE", "UPDATE", "DELETE". Hint: did you mean "CREATE"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {operation: PATCH, object: {}}\n    expect: {allowed: true}',
    '7:26: spec.cases[0].request.operation: "PATCH": expected one of "CREATE", "UPDATE", "DELETE"'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {operation: DELETE}\n    expect: {allowed: true}',
    '7:5: spec.cases[0].request.object: is required: the full object'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {}\n    expect: {allowed: true}',
    '7:5: spec.cases[0].request.object: is required: the full object'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {apiVersion: v1, kind: Service}\n    expect: {allowed: true}',
    '7:5: spec.cases[0].request.object: is required: the full object',
    '7:15: spec.cases[0].request.apiVersion: unknown key. Hint: known: operation, object, oldObject, subResource, user, dryRun',
    '7:31: spec.cases[0].request.kind: unknown key. Hint: known: operation, object, oldObject, subResource, user, dryRun'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: pool.yaml}\n    expect: {allowed: true}',
    '7:23: spec.cases[0].request.object: "pool.yaml": expected a mapping. Hint: write the object itself, files are not read here'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: {allowed: false, rules: pool-overlap}',
    '8:37: spec.cases[0].expect.rules: "pool-overlap": expected a list. Hint: write ["pool-overlap"]'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: {allowed: false, rules: [pool-overlapp]}',
    '8:38: spec.cases[0].expect.rules[0]: "pool-overlapp": no rule has this id. Hint: did you mean "pool-overlap"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}}\n    expect: {allowed: false, rule: pool-overlap}',
    '8:30: spec.cases[0].expect.rule: unknown key. Hint: did you mean "rules"?'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}, user: alice}\n    expect: {allowed: true}',
    '7:33: spec.cases[0].request.user: "alice": expected a mapping. Hint: its keys: username, groups'
  ],
  [
    'spec:\n  cases:\n  - name: a\n    request: {object: {}, user: {name: alice}}\n    expect: {allowed: true}',
    '7:27: spec.cases[0].request.user.username: is required: text',
    '7:34: spec.cases[0].request.user.name: unknown key. Hint: known: username, groups'
  ],
  [
    'spec:\n  now: 2026-11-23\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]',
    '5:8: spec.now: "2026-11-23": not a time such as 2026-11-23T00:00:00Z'
  ],
  [
    'spec:\n  policies: [nowhere]\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]',
    '5:14: spec.policies[0]: "nowhere": no such file or folder. Hint: paths are relative to this file'
  ],
  [
    'spec:\n  policies: nowhere.yaml\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]',
    '5:13: spec.policies: "nowhere.yaml": expected a list. Hint: write ["nowhere.yaml"]'
  ],
  [
    'spec:\n  cases: [{name: a, absent: [Service/web], request: {object: {}}, expect: {allowed: true}}]',
    '5:30: spec.cases[0].absent[0]: "Service/web": names no object. Hint: Service/NAMESPACE/NAME'
  ],
  [
    'spec:\n  cases: [{name: a, absent: [web], request: {object: {}}, expect: {allowed: true}}]',
    '5:30: spec.cases[0].absent[0]: "web": "web" is no kind poolguard reads. Hint: KIND/NAMESPACE/NAME'
  ],
  [
    'spec:\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true, patch: {}}}]',
    '5:75: spec.cases[0].expect.patch: {}: expected a list. Hint: write [] for none'
  ],
  [
    'spec:\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true, code: "403"}}]',
    '5:74: spec.cases[0].expect.code: "403": expected a number. Hint: write 403, without quotes and units'
  ],
  [
    'spec:\n  cases: [{request: {object: {}}, expect: {allowed: true}}]',
    '5:11: spec.cases[0].name: is required: text'
  ],
  [
    'spec:\n  cases:\n    name: a\n    request: {object: {}}',
    '6:5: spec.cases: {"name":"a","request":{"object":{}}}: expected a list. Hint: begin each entry with "- "'
  ],
  [
    'spec:\n  existing: {kind: Service}\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]',
    '5:13: spec.existing: {"kind":"Service"}: expected a list. Hint: begin each entry with "- "'
  ],
  [
    'spec:\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true, exactly: yes}}]',
    '5:77: spec.cases[0].expect.exactly: "yes": expected true or false. Hint: write true'
  ],
  [
    'spec:\n  policies: [{apiVersion: poolguard.io/v1alpha1, kind: NetworkPlan, metadata: {name: a}, spec: {poolMode: global}}]\n  cases: [{name: a, request: {object: {}}, expect: {allowed: true}}]',
    '5:97: spec.policies[0].spec.poolMode: unknown key. Hint: did you mean "poolModel"?'
  ]
]

const SUITE_FILES: readonly (readonly [string, ...string[]])[] = [
  [
    'apiVersion: poolguard.io/v1alpha1\nkind: PolicyTests\nmetadata: {name: mine}\nspec: {}',
    '2:7: kind: "PolicyTests": is no kind of policy. Hint: did you mean "PolicyTest"?'
  ]
]

export const MISTAKES: readonly Mistake[] = [
  ...PLAN_FILES.map(([text, ...errors]) => ({ kind: 'NetworkPlan' as const, whole: true, text, errors })),
  ...PLAN_SPECS.map(([text, ...errors]) => ({ kind: 'NetworkPlan' as const, whole: false, text, errors })),
  ...POLICY_SPECS.map(([text, ...errors]) => ({
    kind: 'ExposurePolicy' as const,
    whole: false,
    text,
    errors
  })),
  ...SUITE_SPECS.map(([text, ...errors]) => ({ kind: 'PolicyTest' as const, whole: false, text, errors })),
  ...SUITE_FILES.map(([text, ...errors]) => ({ kind: 'PolicyTest' as const, whole: true, text, errors }))
]
