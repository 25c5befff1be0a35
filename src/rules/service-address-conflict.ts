import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import {
  contradictingTwin,
  loadBalancerAsk,
  METALLB_ASKS,
  metallbAnnotation,
  type LoadBalancerAsk,
  type Service
} from '../kinds/service.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'
import { poolsHolding } from './service-pool-candidates.ts'

/** What a Service asks for can be had: MetalLB leaves one that contradicts itself without an address. */
export const serviceAddressConflict = defineRule<'Service'>({
  id: 'service-address-conflict',
  summary:
    'A LoadBalancer Service asks for addresses and a pool in one place, in a form that MetalLB can read, and without contradicting itself.',
  why: 'MetalLB refuses such a Service at allocation: it stays pending with an event that few look at. Where two prefixes disagree it obeys one and drops the other without a word.',
  fix: 'Ask in one place: metallb.io/loadBalancerIPs for addresses, one of each family, and metallb.io/address-pool for a pool that holds them.',
  example:
    'spec: {loadBalancerIP: 192.168.1.110} # beside the annotation metallb.io/loadBalancerIPs: 192.168.1.111',
  see: [
    'https://metallb.io/usage/#requesting-specific-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/controller/service.go (getDesiredLbIPs, allocateIPs)'
  ],
  on: ['Service'],
  reads: ['IPAddressPool'],
  defaultAction: 'deny',
  check({ object }, { view, plan }) {
    const ask = loadBalancerAsk(object, plan.metallb.loadBalancerClass)
    if (ask === undefined) return []
    const apart = [...twins(object), ...twoPlaces(object, ask)]
    const addresses = ask.addresses.slice(0, MOST_JUDGED)
    const requests = addresses.flatMap(request => {
      const parsed = parseRange(request.text, ADDRESS_FORMS)
      return parsed.ok ? [{ ...request, range: parsed.range }] : []
    })
    return [
      ...apart,
      ...unparsable(addresses),
      ...tooMany(ask),
      ...families(object, requests),
      ...outsidePool(ask, requests, { plan, view })
    ]
  }
})

/** MetalLB takes two at most; a Service may list thousands. */
const MOST_ADDRESSES = 2
const MOST_JUDGED = 16

interface Request {
  readonly text: string
  readonly field: string
  readonly range: AddressRange
}

function twins({ meta }: Service): Finding[] {
  return METALLB_ASKS.flatMap((name): Finding[] => {
    const obeyed = metallbAnnotation(meta.annotations, name)
    const twin = contradictingTwin(meta.annotations, name)
    if (obeyed === undefined || twin === undefined) return []
    const otherField = `metadata.annotations[${obeyed.key}]`
    const field = `metadata.annotations[${twin.key}]`
    return [
      { code: 'asks-twice', field, value: twin.value, otherField, otherValue: obeyed.value, restsOn: [] }
    ]
  })
}

function twoPlaces({ loadBalancerIP }: Service, { addresses }: LoadBalancerAsk): Finding[] {
  const [listed] = addresses
  const isField = (of: typeof listed) => of === undefined || of.field === 'spec.loadBalancerIP'
  if (listed === undefined || isField(listed) || loadBalancerIP === '') return []
  const other = { otherField: listed.field, otherValue: listed.text }
  return [{ code: 'asks-twice', field: 'spec.loadBalancerIP', value: loadBalancerIP, ...other, restsOn: [] }]
}

function unparsable(addresses: LoadBalancerAsk['addresses']): Finding[] {
  return addresses.flatMap(({ text, field }): Finding[] => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok
      ? []
      : [{ code: 'request-unparsable', field, value: text, problem: parsed.problem, restsOn: [] }]
  })
}

function tooMany({ addresses }: LoadBalancerAsk): Finding[] {
  const [first] = addresses
  const count = addresses.length
  if (first === undefined || count <= MOST_ADDRESSES) return []
  return [{ code: 'too-many-addresses', field: first.field, value: '', count, restsOn: [] }]
}

/** One of each family, and the families that the Service has once the API server has filled them in. */
function families({ ipFamilies }: Service, requests: readonly Request[]): Finding[] {
  const [first, second] = requests
  if (first === undefined || requests.length > MOST_ADDRESSES) return []
  const { text: value, field } = second ?? first
  if (second !== undefined && second.range.family === first.range.family) {
    return [{ code: 'same-family', field, value, otherValue: first.text, restsOn: [] }]
  }
  const asked = requests.map(({ range }) => `IPv${range.family}`)
  const isFitting = ipFamilies.length === asked.length && asked.every(family => ipFamilies.includes(family))
  if (ipFamilies.length === 0 || isFitting) return []
  return [{ code: 'not-its-family', field, value, ipFamilies, restsOn: [] }]
}

/** Only of a pool that exists: one that does not may still come to hold them. */
function outsidePool(
  { pool }: LoadBalancerAsk,
  requests: readonly Request[],
  { plan, view }: { readonly plan: Plan; readonly view: View }
): Finding[] {
  if (pool === undefined) return []
  const { namespace } = plan.metallb
  if (view.get('IPAddressPool', namespace, pool.name) === undefined) return []
  return requests
    .filter(({ text }) => !poolsHolding(text, plan, view).some(({ name }) => name === pool.name))
    .map(({ text, field }) => ({
      code: 'not-in-pool',
      field,
      value: text,
      pool: pool.name,
      restsOn: [{ kind: 'IPAddressPool', namespace, name: pool.name }]
    }))
}
