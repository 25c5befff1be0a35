import type { View } from '../inventory/view.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { LabelIndex } from '../kinds/label-index.ts'
import { selectorText, type LabelSelector } from '../kinds/label-selector.ts'
import { isAlias } from './bgp-communities.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'
import { namesAt, unknownNames, withNearest, type NameAt } from './unknown-names.ts'

/** What an advertisement selects or names exists; pools by name apart, which are advertisement-unknown-pool's. */
export const advertisementSelectsNothing = defineRule<'L2Advertisement' | 'BGPAdvertisement'>({
  id: 'advertisement-selects-nothing',
  summary:
    'The selectors that an advertisement has match a pool and a node, and the BGPPeers and communities that it names exist.',
  why: 'MetalLB takes an advertisement whose selectors match nothing, and announces nothing by it. A community that no Community object names stops it from taking any further change of its configuration until one does.',
  fix: 'Correct the selector or the name, or create what it is about.',
  example: 'spec: {nodeSelectors: [{matchLabels: {rakc: b}}]}',
  see: [
    'https://metallb.io/configuration/_advanced_l2_configuration/',
    'https://metallb.io/configuration/_advanced_bgp_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (selectedPools, selectedNodes, getCommunityValue)'
  ],
  on: ['L2Advertisement', 'BGPAdvertisement'],
  reads: ['IPAddressPool', 'Node', 'BGPPeer', 'Community'],
  defaultAction: 'warn',
  check({ object }, { view }) {
    const { meta, ipAddressPoolSelectors, nodeSelectors } = object
    return [
      ...unmatched(
        'IPAddressPool',
        meta.namespace,
        selectorsAt('spec.ipAddressPoolSelectors', ipAddressPoolSelectors),
        view
      ),
      ...unmatched('Node', '', selectorsAt('spec.nodeSelectors', nodeSelectors), view),
      ...(object.kind === 'BGPAdvertisement' ? unknownToBGP(object, view) : [])
    ]
  }
})

interface SelectorAt {
  readonly field: string
  readonly selector: LabelSelector
}

function selectorsAt(list: string, selectors: readonly LabelSelector[]): readonly SelectorAt[] {
  return selectors.map((selector, i) => ({ field: `${list}[${i}]`, selector }))
}

/** Selectors that match none. A cluster without any Node is only being described, so that nothing is said about those. */
function unmatched(
  kind: 'IPAddressPool' | 'Node',
  namespace: string,
  selectors: readonly SelectorAt[],
  view: View
): Finding[] {
  if (selectors.length === 0 || !view.known(kind)) return []
  const index = new LabelIndex([...view.list(kind)].filter(({ meta }) => meta.namespace === namespace))
  if (kind === 'Node' && index.size === 0) return []
  const restsOn = [{ kind, namespace, name: '' }]
  return selectors
    .filter(({ selector }) => !index.has(selector))
    .map(({ field, selector }) => {
      return { code: 'selects-nothing', field, value: selectorText(selector), kind, restsOn }
    })
}

function unknownToBGP({ meta, peers, communities }: BGPAdvertisement, view: View): Finding[] {
  const { namespace } = meta
  const unknownPeers = unknownNames('BGPPeer', namespace, namesAt('spec.peers', peers), view)
  // Texts with a colon are values, and advertisement-syntax's.
  const aliases = namesAt('spec.communities', communities).filter(({ value }) => isAlias(value))
  return [
    ...unknownPeers.map((name): Finding => ({ ...name, code: 'unknown-peer' })),
    ...undefinedAliases(aliases, namespace, view)
  ]
}

function undefinedAliases(aliases: readonly NameAt[], namespace: string, view: View): Finding[] {
  if (aliases.length === 0 || !view.known('Community')) return []
  const here = [...view.list('Community')].filter(({ meta }) => meta.namespace === namespace)
  const defined = new Set(here.flatMap(({ communities }) => communities.map(({ name }) => name)))
  const restsOn = [{ kind: 'Community', namespace, name: '' }]
  const unknown = aliases.filter(({ value }) => !defined.has(value))
  return withNearest(unknown, [...defined]).map(name => {
    return { ...name, code: 'unknown-community', restsOn }
  })
}
