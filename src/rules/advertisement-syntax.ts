import { bfdProfileFindings } from './bfd-profile-syntax.ts'
import { bgpPoolFindings, lostBlocks } from './bgp-pool-conflicts.ts'
import { bgpAdvertisementFindings } from './bgp-advertisement-syntax.ts'
import { communityFindings } from './bgp-communities.ts'
import { peerFindings } from './bgp-peer-syntax.ts'
import { defineRule } from './rule.ts'
import { selectionFindings } from './selection-syntax.ts'

/** What MetalLB's parser of its configuration refuses, pools by themselves apart: that is pool-syntax's. */
export const advertisementSyntax = defineRule<
  'L2Advertisement' | 'BGPAdvertisement' | 'Community' | 'IPAddressPool' | 'BGPPeer' | 'BFDProfile'
>({
  id: 'advertisement-syntax',
  summary:
    'MetalLB can read advertisements, Communities, BGPPeers and BFDProfiles, by themselves and with the pools that are announced: nothing twice, valid selectors and communities, aggregation lengths that fit, one localPref for one update, no IPv6 for native BGP or BFD echo.',
  why: 'MetalLB reads its whole configuration or none of it: one object that it cannot read, or two that contradict one another, and it goes on with the previous one until that is repaired. Its own webhook looks at one kind at a time, so that a pool written after its BGPAdvertisement is not checked (metallb#1577).',
  fix: 'Correct what the denial names. Which of two objects that contradict one another is changed does not matter.',
  example:
    'spec: {ipAddressPools: [edge], aggregationLength: 24} # while pool edge holds 10.20.0.10-10.20.0.20',
  see: [
    'https://metallb.io/configuration/_advanced_bgp_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/validation.go',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/bgp/community/community.go',
    'https://github.com/metallb/metallb/issues/1577'
  ],
  on: ['L2Advertisement', 'BGPAdvertisement', 'Community', 'IPAddressPool', 'BGPPeer', 'BFDProfile'],
  // MetalLB's own webhook refuses these, by rules that differ from version to version.
  advisesOn: ['BGPPeer', 'BFDProfile'],
  reads: ['IPAddressPool', 'BGPAdvertisement', 'BGPPeer', 'BFDProfile', 'Community', 'Node'],
  defaultAction: 'deny',
  check({ object }, context) {
    switch (object.kind) {
      case 'L2Advertisement':
        return selectionFindings(object)
      case 'BGPAdvertisement':
        return [...selectionFindings(object), ...bgpAdvertisementFindings(object, context)]
      case 'Community':
        return communityFindings(object, context)
      case 'IPAddressPool':
        return bgpPoolFindings(object, context)
      case 'BGPPeer':
        return peerFindings(object, context)
      case 'BFDProfile':
        return bfdProfileFindings(object, context)
    }
  },
  checkLoss({ oldObject, object }, context) {
    const isPool = object?.kind === 'IPAddressPool' && oldObject.kind === 'IPAddressPool'
    return isPool ? lostBlocks(oldObject, object, context) : []
  },
  allowsDelete: true
})
