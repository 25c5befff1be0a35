import { METALLB_ASKS } from '../../kinds/service.ts'
import type { Plan } from '../../policy/plan.ts'
import { FLOOR_WORDS } from '../wording/floor.ts'
import { not, text, texts, type Cel } from './cel.ts'
import type { FloorOf } from './floor.ts'
import { PLATFORM } from './owner.ts'

/** service-status: but for ServiceAccounts of other namespances than the Service's, whose labels are not at hand. */
export const statusFloor: FloorOf = ({ plan }) => ({
  rule: 'service-status',
  on: 'status',
  variables: [],
  leftOut: [],
  checks: [
    {
      when: `variables.type == "LoadBalancer" && ${not(isTrusted(plan))}`,
      offenders: { name: 'written', expression: WRITTEN },
      words: FLOOR_WORDS.status
    }
  ]
})

/** The control plane's own controllers (rules/service-status.ts). */
const CONTROL_PLANE = [
  'system:kube-controller-manager',
  'system:cloud-controller-manager',
  'system:apiserver'
]

function isTrusted({ platform: { users, groups }, controllers }: Plan): Cel {
  const names = [...users, ...[...controllers.values()].flat(), ...CONTROL_PLANE]
  const account = 'request.userInfo.username.split(":")'
  const isAccount = `request.userInfo.username.startsWith("system:serviceaccount:") && size(${account}) == 4`
  return [
    `request.userInfo.username in ${texts(names)}`,
    `request.userInfo.?groups.orValue([]).exists(g, g in ${texts(groups)})`,
    `(${isAccount} && (${account}[2] != request.namespace || variables.namespaceOwner == ${PLATFORM}))`
  ].join(' || ')
}

function addresses(object: string): Cel {
  return `${object}.?status.?loadBalancer.?ingress.orValue([]).map(i, i.?ip.orValue("")).filter(i, i != "")`
}

/** Which annotation is obeyed, and what it says. */
function obeyed(annotations: string, name: string): Cel {
  const [present, deprecated] = ['metallb.io', 'metallb.universe.tf'].map(prefix => text(`${prefix}/${name}`))
  const at = (key: string | undefined) =>
    `variables.${annotations}[?${key ?? ''}].optMap(v, [${key ?? ''}, v])`
  return `${at(present)}.or(${at(deprecated)})`
}

function labels(object: string): Cel {
  return `${object}.metadata.?labels.orValue({})`
}

/** The fields that differ. */
const WRITTEN = [
  `(${addresses('object')} == ${addresses('oldObject')} ? [] : ["status.loadBalancer.ingress"])`,
  ...METALLB_ASKS.map(
    name =>
      `(${obeyed('annotations', name)} == ${obeyed('oldAnnotations', name)} ? [] : [${text(`metadata.annotations[metallb.io/${name}]`)}])`
  ),
  `(${labels('object')} == ${labels('oldObject')} ? [] : ["metadata.labels"])`
].join(' + ')
