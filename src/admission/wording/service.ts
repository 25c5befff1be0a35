import type { ServiceFinding } from '../../rules/findings/service.ts'
import type { Audience } from '../judge.ts'
import { listed, shown } from '../show.ts'

/** The predicates of findings about Services. */
export function serviceWords(finding: ServiceFinding, audience: Audience): string {
  const granted = listed(finding.granted.map(text => shown(text)))
  const wayOut = granted === '' ? 'It is granted none; ask the platform team.' : `Use ${granted}.`
  const pool = audience === 'platform' || finding.via === 'named' ? ` ${shown(finding.pool)}` : ''
  const tenant =
    finding.tenant === '' ? 'this namespace, which proves no tenant,' : `tenant ${shown(finding.tenant)}`
  switch (finding.via) {
    case 'named':
      return `names a pool that ${tenant} is not granted. ${wayOut}`
    case 'address':
      return `asks for an address of a pool${pool} that ${tenant} is not granted. ${wayOut}`
    case 'any':
      return `names no pool, so MetalLB may take an address of a pool${pool} that ${tenant} is not granted. ${wayOut}`
  }
}
