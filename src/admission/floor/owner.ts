import type { Plan, ServiceOwner } from '../../policy/plan.ts'
import { text, texts, type Cel, type Variable } from './cel.ts'

/** `variables.owner` of what is the platform's, and of what belongs to nobody known. No label value is like either. */
export const PLATFORM: Cel = text('')
export const NOBODY: Cel = text('?')

/** The control plane's own namespace (tenancy.ts). */
const SYSTEM_NAMESPACE = 'kube-system'

/**
 * Variables that tell whose an object in a namespace is: `namespaceOwner` by its namespace alone, `owner` by who writes it as
 * well. A tenant goes by its name. The same as tenancyOfNamespace and ownerInNamespace, but for Capsule's ownerReference, which
 * `namespaceObject` lacks (k8s.io/apiserver, CreateNamespaceObject): a label without that proof is the tenant's all the same.
 */
export function ownerVariables(plan: Plan): readonly Variable[] {
  const labels = 'namespaceObject.metadata.?labels.orValue({})'
  const names = `${texts(plan.tenancy.namespaceLabels)}.map(k, variables.labels[?k].orValue("")).filter(name, name != "")`
  return [
    { name: 'labels', expression: labels },
    { name: 'tenants', expression: names },
    { name: 'namespaceOwner', expression: namespaceOwner(plan) },
    { name: 'owner', expression: owner(plan) }
  ]
}

function namespaceOwner(plan: Plan): Cel {
  const { platform, metallb, tenancy, tenant } = plan
  const named = texts([SYSTEM_NAMESPACE, metallb.namespace, ...platform.namespaces])
  const isPlatform = `request.namespace in ${named}`
  if (tenant !== undefined) return `${isPlatform} ? ${PLATFORM} : ${text(tenant)}`
  const unlabelled =
    tenancy.unlabelledNamespaces === 'platform' ? PLATFORM : `(${isPlatform} ? ${PLATFORM} : ${NOBODY})`
  const isLabelled = `${texts(tenancy.namespaceLabels)}.exists(k, k in variables.labels)`
  return `size(variables.tenants) > 0 ? variables.tenants[0] : (${isLabelled} ? ${NOBODY} : ${unlabelled})`
}

/** In the platform's namespaces an account of `serviceOwners` acts for a tenant; the first mapping of it counts. */
function owner({ tenancy }: Plan): Cel {
  const mapped = tenancy.serviceOwners.reduceRight((otherwise: Cel, { user, owner: of }) => {
    const name = mappedOwner(of)
    return `(request.userInfo.username == ${text(user)} ? ${name} : ${otherwise})`
  }, PLATFORM)
  if (mapped === PLATFORM) return 'variables.namespaceOwner'
  return `variables.namespaceOwner != ${PLATFORM} ? variables.namespaceOwner : ${mapped}`
}

/** Another namespace's labels cannot be read here: what its tenant may not is left to the webhook. */
function mappedOwner(of: ServiceOwner['owner']): Cel {
  if ('tenant' in of) return text(of.tenant)
  return 'tenantFromLabel' in of ? labelOrNobody(of.tenantFromLabel) : PLATFORM
}

function labelOrNobody(key: string): Cel {
  const value = `object.metadata.?labels.orValue({})[?${text(key)}].orValue("")`
  return `(${value} == "" ? ${NOBODY} : ${value})`
}
