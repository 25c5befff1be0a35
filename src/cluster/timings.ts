/** How long the watches wait for what. */
export interface Timings {
  /** For one page of a list, and for discovery. */
  readonly requestMs: number
  /** Until a watch's answer begins. */
  readonly watchOpenMs: number
  /** Longest silence on an open watch before its connection counts as dead. */
  readonly idleMs: number
  /** After this much silence about a kind, what was read of it counts for nothing: it is unknown until it is read again. */
  readonly staleMs: number
  /** The server is asked to close a watch after a time drawn from this range. */
  readonly watchSeconds: { readonly min: number; readonly max: number }
  /** Waits between attempts that failed. */
  readonly backoff: { readonly minMs: number; readonly maxMs: number }
  /** A watch that stayed open this long was a good one: waits start over. */
  readonly healthyMs: number
  /** Between looks for a CRD that is not installed. */
  readonly rediscoverMs: number
  /** Before a CRD that was there counts as gone, it is looked for once more after this. */
  readonly absentConfirmMs: number
  /** Between attempts that RBAC refuses. */
  readonly forbiddenRetryMs: number
  /** Objects in one page of a list. */
  readonly pageSize: number
}

export const DEFAULT_TIMINGS: Timings = {
  requestMs: 30_000,
  watchOpenMs: 30_000,
  // the API server sends a bookmark a minute, give or take a second (apiserver/pkg/storage/cacher, defaultBookmarkFrequency);
  // none while it has seen no event of the kind since its own start: such a watch is opened anew each time, which is cheap
  idleMs: 75_000,
  // more than a dead connection costs that is mended at once (idleMs and watchOpenMs); after it the server is really away
  staleMs: 120_000,
  // clients close watches now and then so that they spread over API servers again; client-go takes 5 to 10 minutes
  watchSeconds: { min: 240, max: 300 },
  backoff: { minMs: 500, maxMs: 30_000 },
  healthyMs: 5_000,
  // a CRD that appears is watched within 30 s
  rediscoverMs: 20_000,
  absentConfirmMs: 2_000,
  forbiddenRetryMs: 10_000,
  // as client-go's pager
  pageSize: 500
}
