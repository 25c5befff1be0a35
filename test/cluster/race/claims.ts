import { isJsonObject, items, member, text } from '../json.ts'
import type { Rest } from '../rest.ts'
import { poolguardNamespace } from '../users.ts'
import { racers, readStored } from './stored.ts'

/** The ledger's ConfigMap. */
export const LEDGER_PATH = `/api/v1/namespaces/${poolguardNamespace}/configmaps/poolguard-ledger`

/** A collector looks every 4 s where no watch wakes it, and gives way to another one that is first. */
const PATIENCE_MS = 10_000

/** The names of the objects that have claims in the ledger now. */
export async function claimed(rest: Rest): Promise<readonly string[]> {
  const { json, status } = await rest.send({ path: LEDGER_PATH })
  if (status !== 200 || !isJsonObject(json)) throw new Error(`the ledger: HTTP ${status}`)
  const ledger: unknown = JSON.parse(text(member(json, 'data'), 'ledger.json') || '{}')
  return isJsonObject(ledger)
    ? items(ledger, 'claims').map(claim => text(member(claim, 'owner'), 'name'))
    : []
}

/**
 * Waits until no stored object has a claim any more; what still has one then never came through. Returns the names of those, and
 * `late`, the stored ones that kept theirs for ten seconds: there should be none.
 */
export async function settle(
  rest: Rest
): Promise<{ readonly left: readonly string[]; readonly late: readonly string[] }> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const claims = await claimed(rest)
    const stored = new Set(claims.length === 0 ? [] : racers(await readStored(rest)).map(({ name }) => name))
    const late = claims.filter(name => stored.has(name))
    if (late.length === 0 || performance.now() > deadline)
      return { left: claims.filter(name => !stored.has(name)), late }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
