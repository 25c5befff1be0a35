import type { View } from '../inventory/view.ts'
import { isKindName, refOf } from '../kinds/index.ts'
import { guardedClaims } from '../ledger/guarded-claims.ts'
import type { GrowingWrite } from '../ledger/growing-write.ts'
import type { Guarded } from '../ledger/guard.ts'
import { RETRY_AFTER_SECONDS } from '../ledger/limits.ts'
import { takenBeyond } from '../ledger/taken.ts'
import { isKubeOvn } from '../rules/provider-subnets.ts'
import type { OnFault } from './answer.ts'
import { claimant } from './claimant.ts'
import { judge, type Judgement } from './judge.ts'
import type { Ports } from './ports.ts'
import {
  denialCauses,
  fittingWarnings,
  refusedFor,
  validatingResponse,
  type AdmissionResponse,
  type Cause
} from './response.ts'
import type { Review } from './review.ts'
import { shown } from './show.ts'
import { existsWords, IN_FLIGHT_WORDS, waitWords } from './wording/under-way.ts'

/**
 * What a review is answered. `withheld` names what no rule said: the write waits for another, or for the ledger. `ignoredFault` is why
 * it should have waited for the ledger, where the administrator chose to let it pass (`onFault`).
 */
export interface Admitted {
  readonly judgement: Judgement
  readonly response: AdmissionResponse
  readonly withheld?: WithheldReason
  readonly ignoredFault?: string
}

/** Reserved ids of denials that are no rule's. */
export type WithheldReason = 'in-flight' | 'ledger' | 'already-exists'

/**
 * Judges a review, and lets a write that takes addresses pass only when the ledger says that no other write under way takes the
 * same. All others, and denials, cost no call to the ledger.
 */
export async function admit(review: Review, ports: Ports, onFault: OnFault): Promise<Admitted> {
  const sinceMs = ports.ledger?.nowMs() ?? 0
  const respond = async (on: Ports): Promise<Admitted> => {
    const judgement = await judge(review, on)
    return { judgement, response: validatingResponse(review, judgement, onFault) }
  }
  const first = await respond(ports)
  const write = first.response.allowed ? growingWrite(review, first.judgement, { ports, sinceMs }) : undefined
  if (write === undefined || ports.ledger === undefined) return first
  if (review.operation === 'CREATE' && (await exists(write, ports))) return existing(review, write, first)
  const guarded = await ports.ledger.admit(write, async view => {
    const said = await respond({ ...ports, view })
    return { denies: !said.response.allowed, said }
  })
  return answered(review, guarded, first, onFault)
}

/**
 * What the write takes; undefined when it takes nothing. What Kube-OVN's controller fills in is its own allocator's, which is the
 * only one to give out addresses of its Subnets.
 */
function growingWrite(
  review: Review,
  { write, snapshot }: Judgement,
  { ports, sinceMs }: { readonly ports: Ports; readonly sinceMs: number }
): GrowingWrite | undefined {
  if (write === undefined || isKubeOvn(write.requester)) return undefined
  const { change } = write
  const { object } = change
  if (object === undefined || !change.grows || review.subResource !== '') return undefined
  const takenOn = (view: View) => {
    const context = { plan: snapshot.plan, view }
    const before = change.oldObject === undefined ? [] : guardedClaims(change.oldObject, context)
    return takenBeyond(guardedClaims(object, context), before)
  }
  if (takenOn(ports.view).length === 0) return undefined
  return { ...claimant(review, write), owner: refOf(object), uid: object.meta.uid, takenOn, sinceMs }
}

/**
 * Whether an object of that name is stored, by a live read where one seems to be. The API server asks about a CREATE before it looks
 * itself: without this, writes that can only fail would reserve addresses.
 */
async function exists({ owner }: GrowingWrite, ports: Ports): Promise<boolean> {
  const { kind, namespace, name } = owner
  const isThere = () => (isKindName(kind) ? ports.view.get(kind, namespace, name) : undefined) !== undefined
  if (!isThere()) return false
  const unread = await ports.confirm([owner])
  return unread.length === 0 && isThere()
}

/** It must not pass without a claim: somebody may delete that object before the API server looks. */
function existing(review: Review, { owner }: GrowingWrite, { judgement }: Admitted): Admitted {
  const resource = review.group === '' ? review.resource : `${review.resource}.${review.group}`
  const cause = { reason: 'already-exists', message: existsWords(resource, shown(owner.name)), field: '' }
  return {
    judgement,
    response: refusedFor(review, [cause], { code: 409, judgement }),
    withheld: 'already-exists'
  }
}

function answered(
  review: Review,
  guarded: Guarded<Admitted>,
  { judgement, response: unguarded }: Admitted,
  onFault: OnFault
): Admitted {
  switch (guarded.outcome) {
    case 'passed':
    case 'denied':
      return guarded.said
    case 'in-flight': {
      const causes = denialCauses(guarded.said.judgement)
      return {
        judgement: guarded.said.judgement,
        response: toRetry(review, [...causes, inFlight(IN_FLIGHT_WORDS)], guarded.said.judgement),
        withheld: 'in-flight'
      }
    }
    case 'retry':
    case 'closed': {
      const words = waitWords(guarded)
      if (onFault === 'ignore') {
        const warnings = fittingWarnings([words, ...(unguarded.warnings ?? [])])
        const auditAnnotations = { ...unguarded.auditAnnotations, ...IGNORED }
        return { judgement, response: { ...unguarded, warnings, auditAnnotations }, ignoredFault: words }
      }
      const cause = { reason: 'ledger', message: words, field: '' }
      const response =
        guarded.outcome === 'retry'
          ? toRetry(review, [cause], judgement)
          : refusedFor(review, [cause], { code: 503, judgement })
      return { judgement, response, withheld: 'ledger' }
    }
  }
}

/** The audit annotation of what passed although poolguard could not do its work: as `faultAnswer` has it. */
export const IGNORED = { fault: 'ignored' } as const

function inFlight(message: string): Cause {
  return { reason: 'in-flight', message, field: '' }
}

function toRetry(review: Review, causes: readonly Cause[], judgement: Judgement): AdmissionResponse {
  return refusedFor(review, causes, { code: 429, judgement, retryAfterSeconds: RETRY_AFTER_SECONDS })
}
