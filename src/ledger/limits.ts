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
 * For one write, from when its review came to the last put, which has another second (`CALL_MS` in cluster/ledger-store.ts): the
 * webhooks wait 5 s (`timeoutSeconds` in admission/registration.ts), and the server answers a second before (server/app.ts).
 */
export const BUDGET_MS = 3_000

/**
 * By then a write that has come to nothing is told to try again, whatever it waits for: the server's own answer after 4 s is an error,
 * which kubectl does not try again. What is under way by then ends by itself.
 */
export const ANSWER_MS = 3_700

/** Between two attempts: an etcd write takes 3 to 15 ms, and as many contend as there are replicas. */
export const RETRY_MS = { min: 5, max: 40 }

/** What the caller of a refused write is told to wait. A claim lives less than a second when its write is stored. */
export const RETRY_AFTER_SECONDS = 2

/** Claims of one requester, so that nobody reserves a network by writes that fail. */
export const MOST_IN_FLIGHT = 8

/** Claims of all requesters of one tenant, who may have any number of accounts. More than two that have all theirs. */
export const MOST_OF_TENANT = 20

/** Claims of all requesters together: more than twelve that have all theirs. Each put looks at every one. */
export const MOST_CLAIMS = 100

/** Of claims and of bytes, what tenants may have together: the rest is for the platform, whatever they do. Four at their most. */
export const OF_TENANTS = 0.8

/**
 * Of the ledger as text, in UTF-8: a quarter of the 1 MiB (1,048,576) that a ConfigMap holds (MaxSecretSize in k8s.io/api core/v1),
 * so that no put fails for its size. A claim of 64 ranges (taken.ts) in each of two domains has some 11 kB in IPv6, and a user name
 * has no bound of its own, so that the number of claims alone says nothing. `MOST_CLAIMS` of 64 ranges in IPv4 fit, with 200 kB, and
 * so much is read in less than 0.1 s.
 */
export const MOST_BYTES = 262_144
