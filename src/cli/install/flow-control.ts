import type { Manifest } from '../../admission/registration.ts'
import { LABELS } from './workload.ts'

const API_VERSION = 'flowcontrol.apiserver.k8s.io/v1'

/**
 * Shares of an API server's seats. It has 600 (--max-requests-inflight and --max-mutating-requests-inflight), and Kubernetes' own
 * levels hold 245 shares (k8s.io/apiserver pkg/apis/flowcontrol/bootstrap), so that 10 are 24 seats, for three replicas on one API
 * server: one for the ledger, which a replica asks one call at a time, four for a page of a list, which may take 15 % of the level,
 * and three for reads of single objects. More at once waits in queues.
 */
const SHARES = 10

/** Seats that were lent come back when levels are adjusted, every 10 s, and a webhook's caller waits 5 s. */
const LENDABLE_PERCENT = 0

/**
 * As Kubernetes' leader-election, the level of that size. A flow is a namespace, so that there are few, and each spreads over four
 * queues of 50: the first lists of 24 kinds by three replicas are 72 calls.
 */
const QUEUING = { queues: 16, handSize: 4, queueLengthLimit: 50 }

/** Before the one of all ServiceAccounts (9000) and behind those of Kubernetes' own components (up to 900). */
const PRECEDENCE = 1_000

const EVERYTHING = {
  resourceRules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }
  ],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }]
}

/**
 * A priority level for what poolguard's ServiceAccount asks an API server, and the FlowSchema that leads there. A write that waits for
 * poolguard holds a seat while poolguard asks: were that call to queue with other ServiceAccounts', whoever keeps those busy would
 * have everybody's writes refused. The ledger is in a namespace of its own, so that it does not queue behind lists either.
 */
export function flowControl(namespace: string): readonly [Manifest, Manifest] {
  const metadata = { name: 'poolguard', labels: LABELS }
  return [
    {
      apiVersion: API_VERSION,
      kind: 'PriorityLevelConfiguration',
      metadata,
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: SHARES,
          lendablePercent: LENDABLE_PERCENT,
          limitResponse: { type: 'Queue', queuing: QUEUING }
        }
      }
    },
    {
      apiVersion: API_VERSION,
      kind: 'FlowSchema',
      metadata,
      spec: {
        priorityLevelConfiguration: { name: 'poolguard' },
        matchingPrecedence: PRECEDENCE,
        distinguisherMethod: { type: 'ByNamespace' },
        rules: [
          {
            subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: 'poolguard', namespace } }],
            ...EVERYTHING
          }
        ]
      }
    }
  ]
}
