import type { View } from '../inventory/view.ts'
import type { Advertisement } from '../kinds/advertisement.ts'
import { LabelIndex } from '../kinds/label-index.ts'
import { selectorMatches, type LabelSelector } from '../kinds/label-selector.ts'
import type { Node } from '../kinds/node.ts'
import type { NodeSubnet } from '../policy/plan.ts'
import { byName } from './by-name.ts'

/** MetalLB's speakers announce nothing from a node with this label, whatever its value (internal/k8s/nodes). */
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** The nodes that may announce what the advertisement announces, by name. Empty nodeSelectors select every node. */
export function announcingNodes({ nodeSelectors }: Advertisement, view: View): readonly Node[] {
  return selectedNodes(nodeSelectors, view).filter(({ meta }) => !meta.labels.has(EXCLUDED))
}

/** The nodes that at least one of the selectors matches, by name; all for an empty list. */
export function selectedNodes(selectors: readonly LabelSelector[], view: View): readonly Node[] {
  const nodes = view.list('Node')
  const selected = selectors.length === 0 ? nodes : new LabelIndex(nodes).matchingAny(selectors)
  return [...selected].toSorted(byName)
}

/**
 * Which of these nodes are not on the subnet: those its own nodeSelector leaves out or, when the plan gives it none,
 * those with an address of the same family in another node subnet and none in this one. `unknown` when nobody can tell:
 * no nodeSelector, and no node has an address in it, as Nodes do not list the addresses of their further interfaces.
 */
export function nodesElsewhere(
  nodes: readonly Node[],
  subnet: NodeSubnet,
  subnets: readonly NodeSubnet[],
  view: View
): readonly Node[] | 'unknown' {
  const { nodeSelector } = subnet
  if (nodeSelector !== undefined) {
    return nodes.filter(({ meta }) => !selectorMatches(nodeSelector, meta.labels))
  }
  const here = nodesIn([subnet], view)
  const inOthers = nodesIn(
    subnets.filter(other => other !== subnet && other.range.family === subnet.range.family),
    view
  )
  const elsewhere = nodes.filter(({ meta }) => inOthers.has(meta.name) && !here.has(meta.name))
  return elsewhere.length > 0 && here.size === 0 ? 'unknown' : elsewhere
}

/** The names of all nodes with an address in one of the subnets. O(log n + hits) a subnet. */
function nodesIn(subnets: readonly NodeSubnet[], view: View): ReadonlySet<string> {
  const claims = subnets.flatMap(({ range }) => [...view.overlapping(['nodes'], range)])
  return new Set(claims.map(({ holder }) => holder.name))
}
