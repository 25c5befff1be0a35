import type { AuditFinding } from '../../rules/findings/audit.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, shownRef } from '../show.ts'

/** The predicates of findings that no write is refused for. */
export function auditWords(finding: AuditFinding, audience: Audience): string {
  switch (finding.code) {
    case 'node-in-pool':
      return audience === 'tenant' ? 'lies in a pool.' : nodeWords(finding)
    case 'unknown-reference':
      return audience === 'tenant'
        ? 'does not exist.'
        : `does not exist: there is no ${shownRef(finding.missing)}.`
  }
}

function nodeWords({ holds, pool, range }: Extract<AuditFinding, { code: 'node-in-pool' }>): string {
  if (holds === 'address') {
    return `lies in ${shownRef(pool)}, so MetalLB may give it to a Service, and two hosts answer for it then. Take it out of the pool, or give the node another address.`
  }
  return `shares ${counted(range)} with ${shownRef(pool)}: ${formatDash(range)}. A Service may get an address that a pod has. Take them out of the pool.`
}
