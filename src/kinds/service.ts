import { ADDRESS_FORMS, parseRange, trimBlanks } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { Cursor } from './decode.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'
import { SOURCE_RANGES_ANNOTATION } from './service-source-ranges.ts'

/** MetalLB's annotations, each under its present and its deprecated prefix. */
const PREFIXES = ['metallb.io', 'metallb.universe.tf'] as const

/** Where MetalLB notes the pool it chose; it never reads it (controller/service.go). */
const NOTED_POOL = 'ip-allocated-from-pool'

/** `nodePort` is 0 where none is given or asked for; `protocol` is `TCP` when absent. */
export interface ServicePort {
  readonly port: number
  readonly nodePort: number
  readonly protocol: string
}

export interface Service {
  readonly kind: 'Service'
  readonly meta: Meta
  /** `ClusterIP` when absent, as the API server defaults it. */
  readonly type: string
  /** undefined when absent; '' is a class of its own to the API server, which refuses it. */
  readonly loadBalancerClass: string | undefined
  readonly loadBalancerIP: string
  readonly externalIPs: readonly string[]
  readonly loadBalancerSourceRanges: readonly string[]
  readonly ports: readonly ServicePort[]
  /** As the API server fills them in; empty before it has. */
  readonly ipFamilies: readonly string[]
  readonly ipFamilyPolicy: string
  readonly externalTrafficPolicy: string
  readonly selector: ReadonlyMap<string, string>
  /** The addresses in `status.loadBalancer.ingress[].ip`. */
  readonly ingressIPs: readonly string[]
}

export const service: KindDefinition<Service> = {
  kind: 'Service',
  group: '',
  versions: ['v1'],
  resource: 'services',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    const loadBalancerClass = spec.at('loadBalancerClass')
    const ingress = object.at('status').at('loadBalancer').at('ingress').items()
    return {
      kind: 'Service',
      meta,
      type: spec.at('type').string('ClusterIP'),
      loadBalancerClass: loadBalancerClass.present ? loadBalancerClass.string() : undefined,
      loadBalancerIP: spec.at('loadBalancerIP').string(),
      externalIPs: spec.at('externalIPs').strings(),
      loadBalancerSourceRanges: spec.at('loadBalancerSourceRanges').strings(),
      ports: spec.at('ports').items().map(decodePort),
      ipFamilies: spec.at('ipFamilies').strings(),
      ipFamilyPolicy: spec.at('ipFamilyPolicy').string(),
      externalTrafficPolicy: spec.at('externalTrafficPolicy').string(),
      selector: spec.at('selector').stringMap(),
      ingressIPs: ingress.map(entry => entry.at('ip').string()).filter(ip => ip !== '')
    }
  },
  claims(object) {
    const holder = { kind: 'Service', namespace: object.meta.namespace, name: object.meta.name }
    if (object.type !== 'LoadBalancer') return []
    const field = 'status.loadBalancer.ingress'
    return ingressAddresses(object).map(range => ({
      domain: 'ingress',
      range,
      holder,
      field,
      state: 'stored'
    }))
  },
  // Labels, since IPAddressPools select Services by them.
  judged: ({ meta, ...fields }) => [fields, meta.labels, judgedAnnotations(meta.annotations)]
}

/** The addresses in `status.loadBalancer.ingress`, as ranges of one each; texts that are no address are left out. */
export function ingressAddresses({ ingressIPs }: Service): AddressRange[] {
  return ingressIPs.flatMap(text => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [parsed.range] : []
  })
}

function decodePort(port: Cursor): ServicePort {
  return {
    port: port.at('port').integer() ?? 0,
    nodePort: port.at('nodePort').integer() ?? 0,
    protocol: port.at('protocol').string('TCP')
  }
}

function judgedAnnotations(annotations: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...annotations].filter(([key]) => isRead(key)))
}

function isRead(key: string): boolean {
  const isMetalLBs = PREFIXES.some(
    prefix => key.startsWith(`${prefix}/`) && key !== `${prefix}/${NOTED_POOL}`
  )
  return isMetalLBs || key === SOURCE_RANGES_ANNOTATION
}

/** The names MetalLB reads under either prefix. */
export const METALLB_ASKS = ['address-pool', 'loadBalancerIPs', 'allow-shared-ip'] as const
export type MetalLBAsk = (typeof METALLB_ASKS)[number]

/** One of MetalLB's annotations on a Service: its full key as found, and its value. */
export interface MetalLBAnnotation {
  readonly key: string
  readonly value: string
}

/**
 * The annotation MetalLB obeys for `name`: the metallb.io one when the key is there, even when empty, else its
 * metallb.universe.tf twin (MetalLB controller/service.go). undefined when neither is there.
 */
export function metallbAnnotation(
  annotations: ReadonlyMap<string, string>,
  name: MetalLBAsk
): MetalLBAnnotation | undefined {
  for (const prefix of PREFIXES) {
    const key = `${prefix}/${name}`
    const value = annotations.get(key)
    if (value !== undefined) return { key, value }
  }
  return undefined
}

/** The same annotation under MetalLB's deprecated prefix, when the present one is there too and says something else. */
export function contradictingTwin(
  annotations: ReadonlyMap<string, string>,
  name: MetalLBAsk
): MetalLBAnnotation | undefined {
  const [present, deprecated] = PREFIXES.map(prefix => `${prefix}/${name}`)
  if (present === undefined || deprecated === undefined) return undefined
  const value = annotations.get(deprecated)
  const isContradicted = annotations.has(present) && value !== undefined && value !== annotations.get(present)
  return isContradicted ? { key: deprecated, value } : undefined
}

/** What Services must have in common to share an address; '' for one that shares with none (MetalLB SharingKey). */
export function sharingKey({ meta }: Service): string {
  return metallbAnnotation(meta.annotations, 'allow-shared-ip')?.value ?? ''
}

/** What a LoadBalancer Service asks of MetalLB. Without `addresses` and `pool` every pool will do. */
export interface LoadBalancerAsk {
  /** undefined when none is named, or an empty one, which MetalLB treats alike. */
  readonly pool: { readonly name: string; readonly field: string } | undefined
  /**
   * Without the blanks around them where MetalLB takes them off, which it does in the annotation but not in the field. One
   * that is '' stands between two commas.
   */
  readonly addresses: readonly { readonly text: string; readonly field: string }[]
}

/** Whether the MetalLB that handles `loadBalancerClass` ('' = Services without a class) gives this Service an address. */
export function isServed({ type, loadBalancerClass: own = '' }: Service, loadBalancerClass: string): boolean {
  return type === 'LoadBalancer' && own === loadBalancerClass
}

/**
 * What this Service effectively asks of the MetalLB that handles `loadBalancerClass` ('' = Services without a class);
 * undefined when it is no LoadBalancer or is somebody else's, and so takes no address from a pool.
 */
export function loadBalancerAsk(object: Service, loadBalancerClass: string): LoadBalancerAsk | undefined {
  if (!isServed(object, loadBalancerClass)) return undefined
  const known = asks.get(object)
  if (known !== undefined) return known
  const ask = askOf(object)
  asks.set(object, ask)
  return ask
}

/** Eight rules ask about a Service, which may list 35,000 addresses. */
const asks = new WeakMap<Service, LoadBalancerAsk>()

function askOf(object: Service): LoadBalancerAsk {
  const pool = metallbAnnotation(object.meta.annotations, 'address-pool')
  const listed = metallbAnnotation(object.meta.annotations, 'loadBalancerIPs')
  const texts = listed === undefined || listed.value === '' ? [] : listed.value.split(',')
  const addresses = texts.map(text => ({
    text: trimBlanks(text),
    field: `metadata.annotations[${listed?.key ?? ''}]`
  }))
  if (object.loadBalancerIP !== '')
    addresses.push({ text: object.loadBalancerIP, field: 'spec.loadBalancerIP' })
  return {
    pool:
      pool === undefined || pool.value === ''
        ? undefined
        : { name: pool.value, field: `metadata.annotations[${pool.key}]` },
    addresses
  }
}
