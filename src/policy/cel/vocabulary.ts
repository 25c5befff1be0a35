/** What an expression may name. */
export const VARIABLES = [
  'object',
  'oldObject',
  'request',
  'namespaceObject',
  'params',
  'tenant',
  'pools'
] as const
export type Variable = (typeof VARIABLES)[number]

/**
 * The functions and methods that an expression may call. The library has more; what is not here is left out because its cost
 * depends on what it is given (dates in time zones), because it is not Kubernetes' (`bytes.json`), or because nothing
 * judged here is of its type (uint, bytes, timestamp, duration).
 */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  'all',
  'bool',
  'charAt',
  'cidr',
  'contains',
  'containsCIDR',
  'containsIP',
  'containsRange',
  'double',
  'dyn',
  'endsWith',
  'exists',
  'exists_one',
  'family',
  'filter',
  'first',
  'has',
  'hasValue',
  'indexOf',
  'int',
  'ip',
  'isCIDR',
  'isCanonical',
  'isGlobalUnicast',
  'isIP',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isLoopback',
  'isUnspecified',
  'join',
  'last',
  'lastIndexOf',
  'lowerAscii',
  'map',
  'masked',
  'matches',
  'none',
  'of',
  'or',
  'orValue',
  'overlaps',
  'prefixLength',
  'range',
  'replace',
  'size',
  'split',
  'startsWith',
  'string',
  'substring',
  'trim',
  'upperAscii',
  'value'
])

/**
 * What is in an AdmissionRequest (admission.k8s.io/v1) and its parts, by the documentation; as in Kubernetes a field that is
 * not there is an error at load. `options` and `extra` hold what they hold.
 */
export const REQUEST_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'request',
    [
      'uid',
      'kind',
      'resource',
      'subResource',
      'requestKind',
      'requestResource',
      'requestSubResource',
      'name',
      'namespace',
      'operation',
      'userInfo',
      'dryRun',
      'options'
    ]
  ],
  ['request.kind', ['group', 'version', 'kind']],
  ['request.requestKind', ['group', 'version', 'kind']],
  ['request.resource', ['group', 'version', 'resource']],
  ['request.requestResource', ['group', 'version', 'resource']],
  ['request.userInfo', ['username', 'uid', 'groups', 'extra']]
])
