import { formatRange } from '../../src/address/format.ts'
import { PLAN_FORMS, parseRange } from '../../src/address/parse.ts'
import { familySpan, merge, subtract, type AddressRange } from '../../src/address/range.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { mergePorts, type PortRange } from '../../src/policy/port-range.ts'

/** One decision about a Service, as a policy of Gatekeeper, Kyverno, Kubewarden or Capsule makes it. */
export interface Row {
  readonly id: string
  readonly kind: string
  readonly params: Readonly<Record<string, unknown>>
  readonly object: unknown
  /** Other Services that are there. */
  readonly context?: readonly unknown[]
  readonly expect: 'allow' | 'deny'
}

/** The corpus is our own data, so few fields tell. */
export function isRow(value: unknown): value is Row {
  return isRecord(value) && typeof value['kind'] === 'string' && isRecord(value['params'])
}

/** What a row's policy is here: a `spec` of an ExposurePolicy, and where the granted pool lies. */
export interface Converted {
  readonly spec: Readonly<Record<string, unknown>>
  readonly pool: readonly string[]
}

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']
/** Capsule knows no pools, so that any address may be asked for that no rule refuses. */
const ANYWHERE = ['0.0.0.0/0', '::/0']

/** Policies on what an ExposurePolicy has no key for become an empty one. */
export function converted({ kind, params }: Row): Converted {
  const services = servicesOf(kind, params)
  if (kind === 'capsule-rules') return capsule(rulesOf(params))
  return { spec: { services }, pool: ['198.18.0.0/24'] }
}

/** The rule that must refuse what the row refuses, and no other; undefined where there is none for it. */
export function ruleOf({ id, kind, object }: Row): string | undefined {
  const spec = isRecord(object) && isRecord(object['spec']) ? object['spec'] : {}
  if (kind === 'service-type' || id.startsWith('cap-type')) return 'service-type'
  if (kind.startsWith('external-ips')) return 'service-external-ips'
  if (kind === 'port-range' || id.startsWith('cap-nodeport')) return 'service-port'
  if (!id.startsWith('cap-lbcidr')) return undefined
  return 'loadBalancerSourceRanges' in spec ? 'service-source-ranges' : 'service-address-not-granted'
}

function servicesOf(kind: string, params: Row['params']): unknown {
  switch (kind) {
    case 'service-type': {
      const denied = texts(params['deniedTypes'])
      return { allowedTypes: TYPES.filter(type => !denied.includes(type)) }
    }
    case 'external-ips-list':
      return { externalIPs: { allowedRanges: texts(params['allowedIPs']) } }
    case 'external-ips-cidr':
      return { externalIPs: { allowedRanges: texts(params['allowedCIDRs']) } }
    case 'port-range': {
      const { min, max } = params
      return { ports: { denied: [`1-${Number(min) - 1}`, `${Number(max) + 1}-65535`] } }
    }
    default:
      return {}
  }
}

interface Rule {
  readonly action: string
  readonly types: readonly string[] | undefined
  readonly cidrs: readonly string[] | undefined
  readonly nodePorts: readonly (readonly [number, number])[] | undefined
}

function rulesOf(params: Row['params']): readonly Rule[] {
  const rules: unknown = params['rules']
  return (Array.isArray(rules) ? rules : []).filter(isRecord).map(rule => ({
    action: typeof rule['action'] === 'string' ? rule['action'] : 'deny',
    types: 'types' in rule ? texts(rule['types']) : undefined,
    cidrs: 'loadBalancerCIDRs' in rule ? texts(rule['loadBalancerCIDRs']) : undefined,
    nodePorts: Array.isArray(rule['nodePorts']) ? rule['nodePorts'].map(pair) : undefined
  }))
}

function pair(value: unknown): readonly [number, number] {
  const [first, last] = Array.isArray(value) ? value.map(Number) : []
  return [first ?? 0, last ?? 0]
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** Capsule reads its rules in order: the last one that matches wins, audit only looks on, and no match is a denial once some rule allows. */
function capsule(rules: readonly Rule[]): Converted {
  // Not an action: the policy is no more valid here than there.
  const unknown = rules.filter(({ action }) => !['allow', 'deny', 'audit'].includes(action))
  const actions = Object.fromEntries(unknown.map(({ action }) => ['service-type', action]))
  const typed = rules.filter(({ types }) => types !== undefined)
  const ranged = rules.filter(({ cidrs }) => cidrs !== undefined)
  const ported = rules.filter(({ nodePorts }) => nodePorts !== undefined)
  const allowedRanges = rangesOf(ranged)
  const services = {
    ...(typed.length > 0 ? { allowedTypes: TYPES.filter(type => isAllowed(type, typed)) } : {}),
    ...(ranged.length > 0
      ? { addressRequests: 'withinGrants', loadBalancerSourceRanges: { allowedRanges } }
      : {}),
    ...(ported.length > 0 ? { nodePorts: { denied: deniedPorts(ported) } } : {})
  }
  return { spec: { actions, services }, pool: ranged.length > 0 ? allowedRanges : ANYWHERE }
}

function isAllowed(type: string, rules: readonly Rule[]): boolean {
  const deciding = rules.filter(({ action }) => action !== 'audit')
  const last = deciding.findLast(({ types }) => types?.includes(type))
  return last === undefined ? !deciding.some(({ action }) => action === 'allow') : last.action === 'allow'
}

/** The texts themselves while they are no ranges, so that whoever reads the policy says what is wrong with them. */
function rangesOf(rules: readonly Rule[]): readonly string[] {
  const deciding = rules.filter(({ action }) => action !== 'audit')
  const everywhere = [familySpan(4), familySpan(6)]
  let allowed: readonly AddressRange[] = deciding.some(({ action }) => action === 'allow') ? [] : everywhere
  for (const { action, cidrs = [] } of deciding) {
    const parsed = cidrs.map(text => parseRange(text, PLAN_FORMS))
    const ranges = parsed.flatMap(one => (one.ok ? [one.range] : []))
    if (ranges.length < cidrs.length) return cidrs
    allowed = action === 'allow' ? merge([...allowed, ...ranges]) : subtract(allowed, ranges)
  }
  return allowed.map(formatRange)
}

/** The ports that are not allowed in the end. */
function deniedPorts(rules: readonly Rule[]): readonly string[] {
  const deciding = rules.filter(({ action }) => action !== 'audit')
  let denied: readonly PortRange[] = deciding.some(({ action }) => action === 'allow')
    ? [{ first: 1, last: 65_535 }]
    : []
  for (const { action, nodePorts = [] } of deciding) {
    const ranges = nodePorts.map(([first, last]) => ({ first, last }))
    denied = action === 'allow' ? ranges.reduce(without, denied) : mergePorts([...denied, ...ranges])
  }
  return denied.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
}

function without(ranges: readonly PortRange[], hole: PortRange): readonly PortRange[] {
  return ranges
    .flatMap(({ first, last }) => [
      { first, last: Math.min(last, hole.first - 1) },
      { first: Math.max(first, hole.last + 1), last }
    ])
    .filter(({ first, last }) => first <= last)
}
