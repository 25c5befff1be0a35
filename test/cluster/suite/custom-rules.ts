import { test } from 'tap'

import { OBJECTS, PAIRS } from '../../custom-rules/compatibility.ts'
import type { Pair, Verdict } from '../../custom-rules/compatibility.ts'
import { kubernetesVerdict, verdictOf } from '../../custom-rules/judging.ts'
import { startCluster } from '../cluster.ts'
import { floorCluster } from '../floor.ts'
import { isJsonObject, member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { connectRest } from '../rest.ts'
import type { Rest } from '../rest.ts'

const administration = '/apis/admissionregistration.k8s.io/v1'

/** By this label an object says which expression it is meant for. */
const label = 'custom-rules.poolguard.io/pair'

const paths = {
  Service: '/api/v1/namespaces/default/services',
  IPAddressPool: '/apis/metallb.io/v1beta1/namespaces/default/ipaddresspools'
} as const

/** A policy that judges objects of this label alone, by this expression. */
function policyOf({ expression }: Pair, name: string): readonly object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const rule = { apiGroups: ['', 'metallb.io'], apiVersions: ['v1', 'v1beta1'], operations: ['CREATE'] }
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{ ...rule, resources: ['services', 'ipaddresspools'] }],
          objectSelector: { matchLabels: { [label]: name } }
        },
        validations: [{ expression, message: 'it is false' }]
      }
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] }
    }
  ]
}

/** Whether the API server takes the expression at all; what it says otherwise. */
async function refusedPolicy(rest: Rest, pair: Pair): Promise<string | undefined> {
  const [body] = policyOf(pair, 'try')
  const path = `${administration}/validatingadmissionpolicies?dryRun=All`
  const { status, json } = await rest.send({ method: 'POST', path, ...(body === undefined ? {} : { body }) })
  return status < 300 ? undefined : text(isJsonObject(json) ? json : {}, 'message')
}

type Answer = { readonly verdict: Verdict; readonly message: string }

/** Makes the object as a dry run, with the label of a policy. */
async function answerOf(rest: Rest, object: JsonObject, name: string): Promise<Answer> {
  const metadata = member(object, 'metadata')
  const body = {
    ...object,
    metadata: { ...metadata, labels: { ...member(metadata, 'labels'), [label]: name } }
  }
  const path = `${pathOf(object)}?dryRun=All`
  const { status, json } = await rest.send({ method: 'POST', path, body })
  const message = text(isJsonObject(json) ? json : {}, 'message')
  if (status < 300) return { verdict: 'true', message }
  if (!message.includes('ValidatingAdmissionPolicy')) throw new Error(`${status} ${message}`)
  return { verdict: message.includes('it is false') ? 'false' : 'error', message }
}

function pathOf(object: JsonObject): string {
  return text(object, 'kind') === 'Service' ? paths.Service : paths.IPAddressPool
}

/** The object as the API server hands it to policies: with its defaults filled in. */
async function completed(rest: Rest, object: JsonObject): Promise<JsonObject> {
  const path = `${pathOf(object)}?dryRun=All`
  const { status, json } = await rest.send({ method: 'POST', path, body: object })
  if (status >= 300 || !isJsonObject(json)) throw new Error(`${status} ${JSON.stringify(json)}`)
  return { apiVersion: object['apiVersion'], kind: object['kind'], ...json }
}

await test('custom rules beside ValidatingAdmissionPolicies of a real API server', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const { server: url, ca } = cluster
  const rest = connectRest({ url, ca, token: cluster.credentials.token('admin') })
  suite.teardown(() => rest.close())
  const floor = floorCluster(cluster)
  suite.teardown(() => floor.close())
  const refused = await Promise.all(PAIRS.map(pair => refusedPolicy(rest, pair)))
  await floor.install(
    PAIRS.flatMap((pair, i) =>
      refused[i] === undefined ? policyOf(pair, `pair-${i}`) : []
    ) as readonly JsonObject[]
  )

  await suite.test('the same expressions are true, false, an error or no expression', async t => {
    for (const [i, pair] of PAIRS.entries()) {
      const object = await completed(rest, OBJECTS[pair.on])
      const words = refused[i]
      const there: Answer =
        words === undefined
          ? await answerOf(rest, OBJECTS[pair.on], `pair-${i}`)
          : { verdict: 'invalid', message: words }
      const name = `${pair.on}: ${pair.expression}`
      t.equal(there.verdict, kubernetesVerdict(pair), `the API server: ${name}: ${there.message}`)
      t.equal(await verdictOf(pair.expression, object), pair.is, `poolguard: ${name}`)
    }
  })
})
