import type { Plan } from '../../policy/plan.ts'
import { text, texts, type Cel, type Variable } from './cel.ts'

/** The class of what looks like the Service of a control plane: the uid of the TenantControlPlane would prove it. */
export const UNPROVEN = 'unproven'

/** The KubeVirt CCM's label (rules/service-class.ts). */
const MIRRORED_LABEL = 'cluster.x-k8s.io/tenant-service-name'

/**
 * `variables.serviceClass`: `direct`, `mirrored`, or UNPROVEN in place of `controlPlane`, which is then left to the webhook
 * wherever the two differ (serviceClassOf).
 */
export function serviceClassVariable(plan: Plan): Variable {
  const isBy = (controller: 'ccm' | 'kamaji') =>
    `request.userInfo.username in ${texts(plan.controllers.get(controller) ?? [])}`
  const isMirrored = `${isBy('ccm')} && ${text(MIRRORED_LABEL)} in object.metadata.?labels.orValue({})`
  const isKept = `request.operation == "UPDATE" && ${isOfControlPlane('oldObject')}`
  const isUnproven = `(${isBy('kamaji')} || ${isKept}) && ${isOfControlPlane('object')}`
  return {
    name: 'serviceClass',
    expression: `${isMirrored} ? "mirrored" : (${isUnproven} ? ${text(UNPROVEN)} : "direct")`
  }
}

function isOfControlPlane(service: 'object' | 'oldObject'): Cel {
  const isIts = [
    'o.?controller.orValue(false)',
    'o.kind == "TenantControlPlane"',
    'o.apiVersion.startsWith("kamaji.clastix.io/")',
    `o.name == ${service}.metadata.name`
  ].join(' && ')
  return `${service}.metadata.?ownerReferences.orValue([]).exists(o, ${isIts})`
}
