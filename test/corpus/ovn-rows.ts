/** The rule that gives each of the reasons that the corpus states, by kind. */
export const RULE_OF_REASON: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MultiDgpTenantPool: { Vpc: 'vpc-multi-dgp', OvnEip: 'eip-per-tenant' },
  PoolNotValidated: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  ForeignPool: { Vpc: 'vpc-per-tenant', OvnEip: 'eip-per-tenant' },
  OutsideTenantPool: { OvnEip: 'eip-per-tenant' },
  SystemType: { OvnEip: 'eip-type' },
  UnknownType: { OvnEip: 'eip-type' },
  OvnGatewayNotApplicable: { Vpc: 'eip-vlan-mode', OvnEip: 'eip-vlan-mode' },
  ExcludedAddress: { OvnEip: 'eip-reserved-address' },
  MetalLbOverlap: { OvnEip: 'eip-address-in-use', Subnet: 'subnet-overlap' },
  BadAddressForm: { OvnEip: 'eip-syntax' },
  NotAProviderSubnet: { OvnEip: 'eip-unknown-subnet' },
  Immutable: { OvnEip: 'eip-change' },
  AddressInUse: { OvnEip: 'eip-address-in-use' },
  PoolOverlap: { Subnet: 'subnet-overlap' },
  PoolShrink: { Subnet: 'subnet-in-use' },
  SubnetNotFound: { Vpc: 'vpc-per-tenant' }
}

/** The rule that denies where Kube-OVN does, for the rows that state Kube-OVN's own words as the reason. */
export const RULE_OF_ROW: Readonly<Record<string, string>> = {
  'subnet-create-overlap-same-vlan': 'subnet-overlap',
  'subnet-create-overlap-novpc': 'subnet-overlap',
  'oeip-create-v4-invalid': 'eip-syntax',
  'oeip-create-v4-leading-zero': 'eip-syntax',
  'oeip-create-v4-cidr-form': 'eip-syntax',
  'oeip-create-v4-space': 'eip-syntax',
  'oeip-create-v4-list': 'eip-syntax',
  'oeip-create-v4-outside': 'eip-outside-subnet',
  'oeip-create-other-pool-ip': 'eip-outside-subnet',
  'oeip-create-subnet-missing': 'eip-unknown-subnet',
  'oeip-create-v6-upper': 'eip-syntax',
  'oeip-create-v6-invalid': 'eip-syntax',
  'oeip-create-v6-on-v4-subnet': 'eip-outside-subnet',
  'oeip-ipam-gateway': 'eip-reserved-address',
  'oeip-ipam-network-address': 'eip-reserved-address',
  'oeip-ipam-broadcast': 'eip-reserved-address',
  'oeip-ipam-duplicate': 'eip-address-in-use',
  'oeip-ipam-dup-of-lrp': 'eip-address-in-use',
  'oeip-update-ready-v4': 'eip-change',
  'oeip-update-ready-subnet': 'eip-change',
  'oeip-update-ready-type': 'eip-change',
  'oeip-update-notready-bad': 'eip-outside-subnet',
  'oeip-delete-used-by-fip': 'eip-in-use',
  'oeip-delete-used-by-snat': 'eip-in-use',
  'oeip-delete-used-by-dnat': 'eip-in-use'
}

const NAT_SYNTAX = 'allowed: no address is at stake; Kube-OVN leaves the rule unready and says so in its log'
const SUBNET_SYNTAX = "allowed: Kube-OVN's own webhook is registered for Subnets and refuses it"
const COUNTED =
  "allowed: nobody that is stored has an address; Kube-OVN's own webhook goes by the counts in the Subnet's status"
const OTHER_VLAN =
  'allowed: a Subnet that is neither shared nor attached is of its own vlan; refused once a Vpc attaches it'
const VPC_SYNTAX = "allowed: Kube-OVN's own webhook is registered for Vpcs and refuses it"

/** Rows that are decided otherwise, and why. The test fails on one that no longer is. */
export const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ['oeip-create-subnet-missing', 'warned: what does not exist yet may come later in the same chart'],
  ['oeip-create-empty-subnet-hook', 'allowed: the default Subnet is filled in before it is judged'],
  ['oeip-ipam-exhausted', 'warned: somebody may give an address back, and then Kube-OVN gives it out'],
  ['ofip-create-eip-missing', 'warned: what does not exist yet may come later in the same chart'],
  ['ofip-create-noeip', NAT_SYNTAX],
  ['ofip-create-noip', NAT_SYNTAX],
  ['odnat-create-port', NAT_SYNTAX],
  ['odnat-create-proto', NAT_SYNTAX],
  ['osnat-create-both', NAT_SYNTAX],
  ['osnat-create-vpc-nocidr', NAT_SYNTAX],
  ['subnet-create-gw-outside', SUBNET_SYNTAX],
  ['subnet-create-gw-broadcast', SUBNET_SYNTAX],
  ['subnet-create-loopback', SUBNET_SYNTAX],
  ['subnet-create-exclude-triple', SUBNET_SYNTAX],
  ['subnet-create-exclude-reversed', SUBNET_SYNTAX],
  ['subnet-create-exclude-cidr-form', SUBNET_SYNTAX],
  ['subnet-create-gwtype', SUBNET_SYNTAX],
  ['subnet-create-protocol', SUBNET_SYNTAX],
  ['subnet-create-slash32', SUBNET_SYNTAX],
  ['subnet-create-vpc-same-name', SUBNET_SYNTAX],
  ['subnet-create-named-like-vpc', SUBNET_SYNTAX],
  ['subnet-create-ns-outside-vpc', SUBNET_SYNTAX],
  ['subnet-create-mac-only-gw', SUBNET_SYNTAX],
  ['subnet-create-u2o-logical', SUBNET_SYNTAX],
  ['subnet-update-vpc', SUBNET_SYNTAX],
  ['subnet-update-mac-to-cidr', SUBNET_SYNTAX],
  ['subnet-update-cidr-removed', SUBNET_SYNTAX],
  ['subnet-update-gw-in-use', COUNTED],
  ['subnet-delete-in-use', COUNTED],
  ['gap-overlap-other-vlan', OTHER_VLAN],
  ['vpc-create-bad-route', VPC_SYNTAX],
  ['vpc-create-bad-policy', VPC_SYNTAX],
  ['vpc-create-named-like-subnet', VPC_SYNTAX],
  ['vpc-delete-with-subnets', VPC_SYNTAX],
  ['vpc-delete-with-fip', VPC_SYNTAX],
  ['gap-vpc-extra-missing', 'allowed: what does not exist yet may come later in the same chart']
])
