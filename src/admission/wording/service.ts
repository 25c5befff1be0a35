import type { ServiceFinding } from '../../rules/findings/service.ts'
import type { Audience } from '../judge.ts'
import { listed, shown, shownRef } from '../show.ts'
import { problemWords } from './problem.ts'

/** The predicates of findings about Services. */
export function serviceWords(finding: ServiceFinding, audience: Audience): string {
  switch (finding.code) {
    case 'pool-not-granted':
      return notGrantedWords(finding, audience)
    case 'request-unparsable':
      return `${problemWords(finding.problem)}. Write one address, such as 192.168.1.110, or one of each family with a comma between them.`
    case 'asks-twice':
      return `contradicts ${shown(finding.otherField)} ${shown(finding.otherValue)}. Ask in one place.`
    case 'too-many-addresses':
      return `asks for ${finding.count} addresses; MetalLB gives a Service one of each family at most.`
    case 'same-family':
      return `is of the same family as ${shown(finding.otherValue)}; MetalLB gives a Service one address of each family at most.`
    case 'not-its-family':
      return `does not fit the families of the Service (${listed(finding.ipFamilies.map(text => shown(text)))}): ask for one address of each of them.`
    case 'not-in-pool':
      return `is not in pool ${shown(finding.pool)}, which the Service names. Name no pool, or an address of that pool.`
    case 'in-no-pool': {
      const granted = listed(finding.granted.map(text => shown(text)))
      return `is in no pool, so the Service would wait for one that holds it. ${granted === '' ? 'Ask for no address.' : `Ask for no address, or for one of ${granted}.`}`
    }
    case 'held-by':
      return heldWords(finding, audience)
    case 'service-status-write':
      return 'is written through the status, which only those may who give out addresses. Ask for an address in the Service itself.'
    case 'shares-key': {
      if (finding.isOwn)
        return `is the sharing key of ${shownRef(finding.other)} too, and a policy lets addresses be shared in one namespace only (services.sharedAddresses). Choose another key.`
      if (audience === 'tenant')
        return 'is the sharing key of others. Choose another one, with a random part.'
      const more = finding.others > 1 ? ` and ${finding.others - 1} more of others` : ''
      return `is the sharing key of ${shownRef(finding.other)}${more} too, so MetalLB would give them one address. Choose another key.`
    }
  }
}

function notGrantedWords(
  finding: Extract<ServiceFinding, { code: 'pool-not-granted' }>,
  audience: Audience
): string {
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

function heldWords(finding: Extract<ServiceFinding, { code: 'held-by' }>, audience: Audience): string {
  if (!finding.isOwn && audience === 'tenant')
    return 'is in use by others. Ask for another address, or for none.'
  const holder = shownRef(finding.other)
  return finding.isOwn
    ? `is held by ${holder}: this Service waits until that one lets it go.`
    : `is in use by ${holder}. Ask for another address, or for none.`
}
