import { ADDRESS_FORMS, parseRange, trimBlanks } from '../address/parse.ts'
import { formatRange } from '../address/format.ts'
import { metallbAnnotation } from '../kinds/service.ts'
import type { ControlPlaneExposure } from '../kinds/tenant-control-plane.ts'
import { defineRule } from './rule.ts'

/** The address a hosted control plane is given is the one its Service asks MetalLB for. */
export const controlPlaneAddress = defineRule<'TenantControlPlane' | 'KamajiControlPlane'>({
  id: 'control-plane-address',
  summary:
    'A hosted control plane of type LoadBalancer that is given an address asks for the same one in its Service annotations.',
  why: 'Kamaji puts the address into certificates and kubeconfigs but not into the Service: MetalLB gives the Service another one, and the control plane is never ready.',
  fix: 'Repeat the address as the annotation metallb.io/loadBalancerIPs of the Service, or leave the address out.',
  example:
    'spec: {networkProfile: {address: 192.168.1.110}, controlPlane: {service: {serviceType: LoadBalancer}}}',
  see: [
    'https://kamaji.clastix.io/getting-started/kamaji-generic/',
    'https://github.com/clastix/kamaji/blob/master/internal/resources/k8s_service_resource.go'
  ],
  on: ['TenantControlPlane', 'KamajiControlPlane'],
  reads: [],
  defaultAction: 'warn',
  check({ object: { exposure } }, { plan }) {
    const { serviceType, address, loadBalancerClass } = exposure
    const isMetalLBs = serviceType === 'LoadBalancer' && loadBalancerClass === plan.metallb.loadBalancerClass
    if (!isMetalLBs || address === '') return []
    const annotated = annotatedAddresses(exposure)
    if (annotated.some(text => isSame(text, address))) return []
    return [
      {
        code: 'address-not-annotated',
        field: exposure.addressField,
        value: address,
        annotated,
        annotation: `${exposure.annotationsField}[metallb.io/loadBalancerIPs]`,
        restsOn: []
      }
    ]
  }
})

/** More than MetalLB accepts (one of each family). */
const MOST_ADDRESSES = 4

function annotatedAddresses({ annotations }: ControlPlaneExposure): readonly string[] {
  const listed = metallbAnnotation(annotations, 'loadBalancerIPs')?.value ?? ''
  const texts = listed.split(',', MOST_ADDRESSES).map(trimBlanks)
  return texts.filter(text => text !== '')
}

/** Whether both mean one address, however it is written; a text that is none equals itself alone. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map(text => parseRange(text, ADDRESS_FORMS))
  if (left?.ok !== true || right?.ok !== true) return a === b
  return formatRange(left.range) === formatRange(right.range)
}
