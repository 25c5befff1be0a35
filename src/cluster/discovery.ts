import { Cursor, type FieldError } from '../kinds/decode.ts'
import { KINDS, type KindName } from '../kinds/index.ts'
import { ClusterError, errorOf } from './cluster-error.ts'
import type { ApiRequest, ApiServer } from './connect.ts'
import { versionPath } from './resource-path.ts'

/**
 * The first of the kind's versions that the API server serves; undefined when it serves none: its CRD is not installed.
 * One request a version.
 * @throws ClusterError when the server's answer says neither.
 */
export async function servedVersion(
  api: ApiServer,
  kind: KindName,
  limits: Pick<ApiRequest, 'timeoutMs' | 'signal'>
): Promise<string | undefined> {
  for (const version of KINDS[kind].versions) {
    const response = await api.request({ ...limits, path: versionPath(kind, version) })
    if (response.status === 404) continue
    if (response.status !== 200) throw errorOf(response)
    if (resourceNames(response.json).includes(KINDS[kind].resource)) return version
  }
  return undefined
}

function resourceNames(json: unknown): readonly string[] {
  const errors: FieldError[] = []
  const resources = new Cursor(json, '', errors).at('resources')
  const names = resources.items().map(resource => resource.at('name').string())
  // an answer of another shape must not pass for "not installed"
  if (!resources.present || errors.length > 0)
    throw new ClusterError('no APIResourceList', { reason: 'protocol' })
  return names
}
