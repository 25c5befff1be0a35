/** The AdmissionReviews that rows ask, as an API server would send them. */
export interface Write {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly object?: object
  readonly oldObject?: object
  readonly user?: string
  readonly groups?: readonly string[]
  /** Put over the other fields of the request. */
  readonly request?: object
}

/** A review of an IPAddressPool, named like its object. */
export function poolReview(write: Write, name = 'pool-b'): string {
  return reviewOf(write, {
    kind: { group: 'metallb.io', version: 'v1beta1', kind: 'IPAddressPool' },
    resource: 'ipaddresspools',
    name,
    namespace: NAMESPACE
  })
}

/** What is written. */
export interface Target {
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly resource: string
  readonly name: string
  readonly namespace: string
}

export function reviewOf(write: Write, { kind, resource, name, namespace }: Target): string {
  const { operation, object, oldObject, user, groups, request = {} } = write
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `uid-of-${operation}-${name}`,
      kind,
      resource: { group: kind.group, version: kind.version, resource },
      name,
      namespace,
      operation,
      userInfo: { username: user ?? 'kubernetes-admin', groups: groups ?? ['system:masters'] },
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun: false,
      ...request
    }
  })
}

/** Where the plan of policies/ has MetalLB. */
export const NAMESPACE = 'kmetal-metallb'

export function pool(name: string, addresses: readonly unknown[], metadata: object = {}): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: NAMESPACE, resourceVersion: '7', uid: `uid-of-${name}`, ...metadata },
    spec: { addresses }
  }
}

/** What is stored when a row begins: a pool, and two that share addresses since before poolguard came. */
export const STORED: readonly object[] = [
  pool('default-pool', ['192.168.1.100-192.168.1.200']),
  pool('old-a', ['192.168.1.210-192.168.1.220']),
  pool('old-b', ['192.168.1.215-192.168.1.225'])
]

/** A write that must be refused: its range is another pool's. */
export const GROWS_BADLY = poolReview({
  operation: 'CREATE',
  object: pool('pool-b', ['192.168.1.150-192.168.1.209'])
})

/** A write that is right as long as everything can be read. */
export const GROWS_WELL = poolReview(
  { operation: 'CREATE', object: pool('pool-c', ['192.168.1.230-192.168.1.239']) },
  'pool-c'
)

/** Writes that no fault may keep from being stored, by name. */
export const NEVER_REFUSED: Readonly<Record<string, string>> = {
  DELETE: poolReview(
    { operation: 'DELETE', oldObject: pool('old-a', ['192.168.1.210-192.168.1.220']) },
    'old-a'
  ),
  'an UPDATE that takes addresses away': poolReview(
    {
      operation: 'UPDATE',
      oldObject: pool('old-a', ['192.168.1.210-192.168.1.220']),
      object: pool('old-a', ['192.168.1.210-192.168.1.219'])
    },
    'old-a'
  ),
  'an UPDATE of metadata, of a pool that already violates': poolReview(
    {
      operation: 'UPDATE',
      oldObject: pool('old-b', ['192.168.1.215-192.168.1.225']),
      object: pool('old-b', ['192.168.1.215-192.168.1.225'], { annotations: { note: 'kept' } })
    },
    'old-b'
  ),
  'the last finalizer of what is being deleted': poolReview(
    {
      operation: 'UPDATE',
      oldObject: pool('old-b', ['192.168.1.215-192.168.1.225'], {
        finalizers: ['x/y'],
        deletionTimestamp: '2026-11-25T00:00:00Z'
      }),
      object: pool('old-b', ['192.168.1.215-192.168.1.225'], { deletionTimestamp: '2026-11-25T00:00:00Z' })
    },
    'old-b'
  )
}
