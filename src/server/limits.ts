const MIB = 1024 * 1024

/** What one process accepts at most. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** One request body. */
  readonly bodyBytes: number
  /** Nesting of objects and arrays in a body. */
  readonly jsonDepth: number
  /** From the request's first byte to the answer, when the caller names no shorter time. */
  readonly deadlineMs: number
  /** Reviews whose body has arrived and whose answer is not sent yet. */
  readonly reviewsInFlight: number
  /** Bytes of bodies received and not answered yet. */
  readonly bytesInFlight: number
  readonly connections: number
  readonly handshakeTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  /** A connection that neither sends nor reads. */
  readonly inactivityTimeoutMs: number
  /** How late timers may run before reviews are turned away; see event-loop.ts. */
  readonly eventLoopLagMs: number
  /** Answers on a connection older than this ask the caller to open another. */
  readonly connectionMaxAgeMs: number
}

export const DEFAULT_LIMITS: Limits = {
  // A review carries object and oldObject, each at most what the API server takes in one request (MaxRequestBodyBytes,
  // 3 MiB in k8s.io/apiserver pkg/server/config.go), and an envelope: 1 MiB for userInfo and options is generous.
  bodyBytes: 2 * 3 * MIB + MIB,
  // Kubernetes objects nest some 20 deep; what parses our answers recursively must not be made to overflow.
  jsonDepth: 256,
  // One second less than the API's default timeoutSeconds, 10: past it nobody listens.
  deadlineMs: 9_000,
  // Three API servers at 200 mutating requests each (--max-mutating-requests-inflight) over three replicas, and some.
  reviewsInFlight: 256,
  // Four bodies of the largest size, thousands of usual ones (3 to 10 KiB); parsed JSON takes about five times as much.
  bytesInFlight: 32 * MIB,
  // An API server opens one connection per concurrent call; a TLS connection holds about 50 KiB here.
  connections: 1_000,
  handshakeTimeoutMs: 10_000,
  // controller-runtime's webhook server reads headers for at most 32 s (pkg/internal/httpserver).
  headersTimeoutMs: 32_000,
  // The largest timeoutSeconds is 30; a body that takes longer has nobody waiting for the answer.
  requestTimeoutMs: 35_000,
  // Go's client drops idle connections after 90 s (client-go's IdleConnTimeout). Closing first would race with a request
  // that is on its way, and a POST that meets a closed connection is not repeated.
  keepAliveTimeoutMs: 95_000,
  inactivityTimeoutMs: 120_000,
  // Webhooks are registered with timeoutSeconds 5 (admission/registration.ts): of those a decision may take 4, and a caller that
  // is turned away comes back after 1.
  eventLoopLagMs: 1_000,
  // API servers before 1.37 keep one pool of connections per Service, which pins them to one replica.
  connectionMaxAgeMs: 60_000
}
