import type { Cluster } from '../cluster.ts'
import type { MetalLBWebhook } from '../metallb-webhook.ts'
import { connectAdmin } from './arena.ts'
import type { Round } from './round.ts'
import { racers, readStored, removeRacers } from './stored.ts'
import { wave } from './wave.ts'

/** The same rounds of pools against MetalLB's own webhook; poolguard must be off the cluster. */
export async function raceMetalLB(
  cluster: Cluster,
  { rounds, writers }: { readonly rounds: number; readonly writers: number }
): Promise<readonly Pick<Round, 'survivors' | 'attempts'>[]> {
  const webhook = await cluster.startMetalLBWebhook(CALLS_PER_SECOND)
  await register(cluster, webhook)
  const rest = connectAdmin(cluster)
  const done: Pick<Round, 'survivors' | 'attempts'>[] = []
  for (let round = 0; round < rounds; round++) {
    const attempts = await wave(rest, { contest: 'pools', round, from: 0, to: writers })
    const survivors = racers(await readStored(rest)).map(({ name }) => name)
    await removeRacers(rest)
    done.push({ attempts, survivors })
  }
  rest.close()
  await cluster.mustKubectl(['delete', `ValidatingWebhookConfiguration/${NAME}`])
  await webhook.process.stop()
  return done
}

/** What controller-runtime leaves to a client that says nothing, as MetalLB's does not (pkg/client/config/config.go). */
const CALLS_PER_SECOND = 20

const NAME = 'metallb-webhook-configuration'

/** As MetalLB's manifests do (config/webhook/manifests.yaml), with a URL in place of the Service; waits until it is asked. */
async function register(cluster: Cluster, { url, ca }: MetalLBWebhook): Promise<void> {
  const webhook = {
    name: 'ipaddresspoolvalidationwebhook.metallb.io',
    admissionReviewVersions: ['v1'],
    clientConfig: {
      url: `${url}/validate-metallb-io-v1beta1-ipaddresspool`,
      caBundle: Buffer.from(ca).toString('base64')
    },
    failurePolicy: 'Fail',
    rules: [
      {
        apiGroups: ['metallb.io'],
        apiVersions: ['v1beta1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['ipaddresspools']
      }
    ],
    sideEffects: 'None'
  }
  const kind = 'ValidatingWebhookConfiguration'
  const meta = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: NAME } }
  await cluster.apply([{ ...meta, webhooks: [webhook] }])
  // The API server hears of it by a watch of its own.
  await new Promise(resolve => setTimeout(resolve, 1_000))
}
