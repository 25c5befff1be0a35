/**
 * A claim that nobody renewed is dropped when one replica has seen it for so long: then no write that it was made for can still
 * be stored. The API server cuts a request off after 34 s (`requestTimeoutUpperBound` in k8s.io/apiserver
 * pkg/endpoints/handlers) and one call to etcd may outlive it; this is more than three times as much.
 */
export const TTL_MS = 120_000

/**
 * How often a replica looks for claims that nobody took back. What is left by one that died is gone by `TTL_MS` and twice this: until
 * another replica has seen it, and from the end of its time until the next look. Within 5 s, a call to the ledger included.
 */
export const COLLECT_EVERY_MS = 2_000

/**
 * For one write, from the call to the last attempt: the webhooks wait 5 s (`timeoutSeconds` in admission/registration.ts) and the
 * server answers a second before (server/app.ts), which leaves one for the calls of the last attempt.
 */
export const BUDGET_MS = 3_000

/** Between two attempts: an etcd write takes 3 to 15 ms, and as many contend as there are replicas. */
export const RETRY_MS = { min: 5, max: 40 }

/** What the caller of a refused write is told to wait. A claim lives less than a second when its write is stored. */
export const RETRY_AFTER_SECONDS = 2

/** Objects for which one requester may have claims in flight, so that nobody reserves a network by writes that fail. */
export const MOST_IN_FLIGHT = 8

/** Claims of all requesters together: with 64 ranges (taken.ts) of 80 bytes at most each, half of the 1 MiB that a ConfigMap holds. */
export const MOST_CLAIMS = 100
