import { METALLB_ASKS, type MetalLBAsk } from '../../kinds/service.ts'
import type { Plan } from '../../policy/plan.ts'
import { text, type Cel, type Variable } from './cel.ts'

/** What is there before the write: nothing on CREATE. */
export function ifStored(expression: Cel, otherwise: Cel): Cel {
  return `request.operation == "UPDATE" ? ${expression} : ${otherwise}`
}

/** The annotation that MetalLB obeys, under its present prefix or its deprecated one; '' for none and for an empty one. */
function obeyed(annotations: 'annotations' | 'oldAnnotations', name: MetalLBAsk): Cel {
  const at = (prefix: string) => `variables.${annotations}[?${text(`${prefix}/${name}`)}]`
  return `${at('metallb.io')}.or(${at('metallb.universe.tf')}).orValue("")`
}

/** Without the blanks around them where MetalLB takes them off. */
function requests(which: '' | 'old'): Cel {
  const [listed, field] = which === '' ? ['listed', 'address'] : ['oldListed', 'oldAddress']
  return `variables.${listed} + (variables.${field} == "" ? [] : [variables.${field}])`
}

/**
 * What rules ask about a Service, as it will be and, with `old` before the name, as it is stored (kinds/service.ts). Of a Service
 * that is not stored yet `oldType` is ''. `metallb` is whether it takes an address from MetalLB; `requests` are the addresses that
 * it asks for.
 */
export function serviceVariables(plan: Plan): readonly Variable[] {
  const annotations = (object: string) => `${object}.metadata.?annotations.orValue({})`
  const type = (object: string) => `${object}.spec.?type.orValue("ClusterIP")`
  const lbClass = (object: string) => `${object}.spec.?loadBalancerClass.orValue("")`
  const address = (object: string) => `${object}.spec.?loadBalancerIP.orValue("")`
  const split = (name: string) =>
    `variables.${name} == "" ? [] : variables.${name}.split(",").map(t, t.trim())`
  const isMetalLBs = (of: string, name: string) =>
    `variables.${of} == "LoadBalancer" && variables.${name} == ${text(plan.metallb.loadBalancerClass)}`
  const asks = METALLB_ASKS.flatMap(name => [
    { name: variableOf(name, ''), expression: obeyed('annotations', name) },
    { name: variableOf(name, 'old'), expression: obeyed('oldAnnotations', name) }
  ])
  return [
    { name: 'annotations', expression: annotations('object') },
    { name: 'oldAnnotations', expression: ifStored(annotations('oldObject'), '{}') },
    { name: 'type', expression: type('object') },
    { name: 'oldType', expression: ifStored(type('oldObject'), '""') },
    { name: 'loadBalancerClass', expression: lbClass('object') },
    { name: 'oldLoadBalancerClass', expression: ifStored(lbClass('oldObject'), '""') },
    { name: 'metallb', expression: isMetalLBs('type', 'loadBalancerClass') },
    { name: 'oldMetallb', expression: isMetalLBs('oldType', 'oldLoadBalancerClass') },
    { name: 'address', expression: address('object') },
    { name: 'oldAddress', expression: ifStored(address('oldObject'), '""') },
    ...asks,
    { name: 'listed', expression: split(variableOf('loadBalancerIPs', '')) },
    { name: 'oldListed', expression: split(variableOf('loadBalancerIPs', 'old')) },
    { name: 'requests', expression: requests('') },
    { name: 'oldRequests', expression: requests('old') }
  ]
}

const NAMES: Readonly<Record<MetalLBAsk, string>> = {
  'address-pool': 'Pool',
  loadBalancerIPs: 'AddressList',
  'allow-shared-ip': 'SharingKey'
}

function variableOf(name: MetalLBAsk, which: '' | 'old'): string {
  return which === '' ? `asked${NAMES[name]}` : `oldAsked${NAMES[name]}`
}

/**
 * An address as the API server's ip() reads it: it takes no IPv4-mapped IPv6, which poolguard and kube-proxy read as IPv4. One
 * that is written in hexadecimal stays as it is, and so is none.
 */
export function plainAddress(address: Cel): Cel {
  const isMapped = `${address}.lowerAscii().startsWith("::ffff:") && ${address}.contains(".")`
  return `(${isMapped} ? ${address}.substring(7) : ${address})`
}
