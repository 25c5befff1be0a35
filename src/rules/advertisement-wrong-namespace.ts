import { defineRule } from './rule.ts'
import { wrongNamespace } from './wrong-namespace.ts'

/** Advertisements and what goes with them are where MetalLB looks for them. */
export const advertisementWrongNamespace = defineRule<
  'L2Advertisement' | 'BGPAdvertisement' | 'Community' | 'BGPPeer' | 'BFDProfile'
>({
  id: 'advertisement-wrong-namespace',
  summary:
    "Advertisements, Communities, BGPPeers and BFDProfiles are in MetalLB's own namespace, which the plan names (metallb.namespace).",
  why: 'MetalLB reads its own namespace only: elsewhere an advertisement is stored, looks right and announces nothing.',
  fix: "Create the object in MetalLB's namespace.",
  example: 'metadata: {name: default-l2-adv, namespace: default}',
  see: [
    'https://metallb.io/configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/k8s/webhooks/webhookv1beta1/l2advertisement_webhook.go'
  ],
  on: ['L2Advertisement', 'BGPAdvertisement', 'Community', 'BGPPeer', 'BFDProfile'],
  // MetalLB's own webhook refuses these, by rules that differ from version to version.
  advisesOn: ['BGPPeer', 'BFDProfile'],
  reads: [],
  defaultAction: 'deny',
  check: ({ object }, { plan }) => wrongNamespace(object.meta, plan)
})
