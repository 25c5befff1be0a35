import type { Finding } from '../../rules/finding.ts'
import type { CustomFinding } from '../../rules/findings/custom.ts'
import type { Audience } from '../judge.ts'
import { shown } from '../show.ts'
import { advertisementWords } from './advertisement.ts'
import { bgpWords } from './bgp.ts'
import { customWords } from './custom.ts'
import { auditWords } from './audit.ts'
import { kubeOvnWords } from './kube-ovn.ts'
import { poolUseWords } from './pool-use.ts'
import { ovnEipWords } from './ovn-eip.ts'
import { poolWords } from './pool.ts'
import { quotaWords } from './quota.ts'
import { selectorWords } from './selector.ts'
import { serviceWords } from './service.ts'
import { serviceLimitWords } from './service-limit.ts'
import { vpcWords } from './vpc.ts'
import { tenancyWords } from './tenancy.ts'

/**
 * One finding as one sentence or two on one line: the field and the value, what is wrong, what it collides with, the way
 * out. Complete by itself, since kubectl prints nothing else. A tenant is not told about others' objects or free ranges.
 */
export function findingWords(finding: Finding, audience: Audience): string {
  if (finding.code === 'custom-rule') return customWords(finding)
  const subject = finding.value === '' ? finding.field : `${finding.field} ${shown(finding.value)}`
  return `${subject} ${predicate(finding, audience)}`
}

function predicate(finding: Exclude<Finding, CustomFinding>, audience: Audience): string {
  switch (finding.code) {
    case 'unparsable-range':
    case 'no-addresses':
    case 'shares-with':
    case 'covers-pool':
    case 'repeats-itself':
    case 'outside-node-subnets':
    case 'reserved':
    case 'unallocated':
    case 'allocated-to-l2':
    case 'in-use':
    case 'wrong-namespace':
    case 'dedicated-pool':
    case 'too-large':
      return poolWords(finding, audience)
    case 'open-selector':
    case 'unadvertised':
    case 'nothing-usable':
    case 'nearly-full':
      return poolUseWords(finding, audience)
    case 'unknown-pool':
    case 'unknown-peer':
    case 'unknown-community':
    case 'selects-nothing':
    case 'announced-off-subnet':
    case 'announced-from-other-subnet':
    case 'announced-by-nodes-elsewhere':
    case 'interface-not-on-subnet':
    case 'subnet-without-interface':
    case 'announced-on-other-interface':
    case 'last-advertisement':
    case 'still-named':
      return advertisementWords(finding, audience)
    case 'repeated':
    case 'bad-selector':
      return selectorWords(finding)
    case 'aggregation-length':
    case 'aggregation-with-selectors':
    case 'aggregation-too-wide':
    case 'local-pref-conflict':
    case 'native-ipv6':
    case 'bfd-echo-ipv6':
    case 'bad-community':
    case 'large-community':
    case 'community-defined':
    case 'peer-mistake':
    case 'peer-conflict':
    case 'unknown-bfd-profile':
    case 'bfd-number':
    case 'bfd-in-native-mode':
      return bgpWords(finding, audience)
    case 'pool-not-granted':
    case 'request-unparsable':
    case 'asks-twice':
    case 'too-many-addresses':
    case 'same-family':
    case 'not-its-family':
    case 'not-in-pool':
    case 'in-no-pool':
    case 'held-by':
    case 'shares-key':
    case 'service-status-write':
      return serviceWords(finding, audience)
    case 'type-not-allowed':
    case 'class-not-allowed':
    case 'port-denied':
    case 'external-ip-unparsable':
    case 'external-ip-not-allowed':
    case 'external-ip-taken':
    case 'source-range-unparsable':
    case 'source-range-not-allowed':
    case 'source-ranges-missing':
    case 'address-request-denied':
    case 'address-outside-grants':
    case 'sharing-denied':
    case 'pools-exhausted':
      return serviceLimitWords(finding, audience)
    case 'quota-reached':
    case 'quota-exceeded':
      return quotaWords(finding, audience)
    case 'node-in-pool':
    case 'unknown-reference':
      return auditWords(finding, audience)
    case 'vlan-mode':
    case 'several-ports':
    case 'not-fixed':
    case 'subnet-in-use':
    case 'unrouted':
      return vpcWords(finding, audience)
    case 'tenant-changes':
    case 'tenant-unproven':
    case 'address-not-annotated':
      return tenancyWords(finding)
    case 'unnamed-subnet':
    case 'upper-case':
    case 'no-mac':
    case 'ignored-v6':
    case 'reserved-address':
    case 'excluded-address':
    case 'excluded-reused':
    case 'address-in-use':
    case 'in-ip-pool':
    case 'ipv6-subnet':
    case 'named-like-port':
    case 'named-like-pod':
    case 'named-like-gateway-port':
    case 'named-like-holder':
    case 'changed-eip':
    case 'used-by-nat':
    case 'gateway-port':
    case 'deletes-port':
    case 'status-write':
    case 'unknown-eip':
    case 'foreign-eip':
    case 'no-free-addresses':
    case 'exhausted-subnet':
    case 'unmapped-eip':
    case 'subnet-not-granted':
    case 'static-address-denied':
      return ovnEipWords(finding, audience)
    default:
      return kubeOvnWords(finding, audience)
  }
}
