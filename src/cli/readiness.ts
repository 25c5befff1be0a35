import type { WatchStatus } from '../cluster/watch-health.ts'
import type { ReadinessCheck } from '../server/admin-app.ts'
import type { World } from './world.ts'

/**
 * Longest wait for kinds that cannot be listed, once others can: an API server answers then, and what is left is a defect of
 * one kind (a conversion webhook that is down), which closes what needs it and need not keep everything else closed.
 */
const FIRST_SYNC_MS = 60_000

/**
 * How the policies stand, one check for the first sync (afterwards a kind that fails closes only the writes that need it),
 * and how each watched kind stands, which fails none of them. `nowMs` is a clock that never jumps.
 */
export function readinessOf(
  { watcher }: Pick<World, 'watcher'>,
  policies: () => readonly ReadinessCheck[],
  nowMs: () => number
): () => readonly ReadinessCheck[] {
  const startedMs = nowMs()
  let isSettled = watcher === undefined
  void watcher?.synced().then(isSynced => (isSettled = isSynced))
  return () => {
    const statuses = watcher?.status() ?? []
    const isLate = nowMs() - startedMs > FIRST_SYNC_MS
    return [...policies(), firstSync(isSettled, isLate, statuses), ...statuses.map(kindCheck)]
  }
}

function firstSync(isSettled: boolean, isLate: boolean, statuses: readonly WatchStatus[]): ReadinessCheck {
  const name = 'inventory'
  if (isSettled) return { name, ok: true, detail: 'read once' }
  const unread = statuses.filter(
    ({ lastEventAgeMs, state }) => lastEventAgeMs === undefined && state !== 'forbidden'
  )
  const kinds = unread.map(({ kind }) => kind).join(', ')
  const isAnswered = unread.length < statuses.length
  if (isLate && isAnswered) return { name, ok: true, detail: `not read yet, and not waited for: ${kinds}` }
  return { name, ok: false, detail: `not read yet: ${kinds}` }
}

function kindCheck({ kind, state, objects, lastError, lastEventAgeMs }: WatchStatus): ReadinessCheck {
  const age = lastEventAgeMs === undefined ? '' : `, heard ${Math.round(lastEventAgeMs / 1000)} s ago`
  const trouble = lastError === undefined ? '' : `, ${lastError}`
  return { name: `inventory/${kind}`, ok: true, detail: `${state}, ${objects} objects${age}${trouble}` }
}
