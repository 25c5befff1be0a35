import { CAPSULE_LABEL } from '../../policy/tenancy.ts'
import type { Candidate, CandidateSource, Trial } from './trial.ts'
import { namespaceObject, serviceObject } from './worlds.ts'

/** Namespaces that change hands, and what only controllers write into a Service's status, by everybody. */
export const OWNERS: CandidateSource = { kinds: ['Namespace', 'Service'], candidates: owners }

function* owners(trial: Trial): Generator<Candidate> {
  yield* moves(trial)
  yield* statuses(trial)
}

function* moves({ worlds, constants, plans }: Trial): Generator<Candidate> {
  const keys = new Set(plans.flatMap(({ tenancy }) => tenancy.namespaceLabels))
  const [from = 'witness', to = 'witness-2'] = constants.tenants
  for (const key of keys) {
    if (key === CAPSULE_LABEL) continue
    const oldObject = namespaceObject('moved', { [key]: from })
    for (const user of constants.users)
      for (const labels of [{ [key]: to }, {}])
        yield { world: worlds.plain, request: { user, oldObject, object: namespaceObject('moved', labels) } }
  }
}

function* statuses({ worlds, constants }: Trial): Generator<Candidate> {
  for (const { name: namespace } of worlds.namespaces.slice(0, 4)) {
    const oldObject = serviceObject({ name: 'witness', namespace }, { type: 'LoadBalancer' })
    const object = { ...oldObject, status: { loadBalancer: { ingress: [{ ip: '192.0.2.77' }] } } }
    for (const user of constants.users)
      yield { world: worlds.plain, request: { user, object, oldObject, subResource: 'status' } }
  }
}
