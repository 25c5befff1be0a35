import { overlap } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { L2Advertisement } from '../kinds/l2-advertisement.ts'
import type { Node } from '../kinds/node.ts'
import type { NodeSubnet } from '../policy/plan.ts'
import { poolFinder, type AnnouncedPool } from './announced-pools.ts'
import type { Finding, Unjudged } from './finding.ts'
import { announcingNodes, nodesElsewhere } from './node-membership.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { announcing } from './pool-announcement.ts'
import { poolEntries } from './pool-entries.ts'
import type { Subject } from './rule.ts'

/** The nodes' subnets, and the view that knows the nodes. */
export interface NodeWorld {
  readonly nodeSubnets: readonly NodeSubnet[]
  readonly view: View
}

/**
 * Announcements of addresses in one subnet from nodes that are not on it; one finding an entry, about the first such node.
 * Nodes that the stored advertisement let announce the same pool are not counted: the ratchet compares findings by the
 * objects they rest on, and taking the first of two such nodes out must pass.
 */
export function advertisedFromElsewhere(
  { as, object, oldObject }: Subject<'L2Advertisement'>,
  announced: readonly AnnouncedPool[],
  { nodeSubnets, view }: NodeWorld
): (Finding | Unjudged)[] {
  const stored = as === 'stored' ? undefined : oldObject
  const nodes = announcingNodes(object, view)
  const before = new Set(stored === undefined ? [] : announcingNodes(stored, view))
  const known = new Set(stored === undefined ? [] : poolFinder(view, stored.meta.namespace)(stored))
  return nodeSubnets.flatMap((subnet, i): (Finding | Unjudged)[] => {
    const inside = announced.flatMap(({ pool, entries }) => entriesIn(subnet, entries, pool))
    if (inside.length === 0) return []
    const elsewhere = nodesElsewhere(nodes, subnet, nodeSubnets, view)
    if (elsewhere === 'unknown') return [noNodeSelector(i)]
    const added = elsewhere.filter(node => !before.has(node))
    return inside.flatMap(({ pool, entry, range }): Finding[] => {
      const told = known.has(pool) ? added : elsewhere
      const [first] = told
      if (first === undefined) return []
      const refs = { pool: refOf(pool), node: refOf(first) }
      return [
        {
          code: 'announced-from-other-subnet',
          field: 'spec.nodeSelectors',
          value: '',
          pool: refs.pool,
          poolField: entry.field,
          range,
          nodeSubnet: subnet.text,
          node: refs.node.name,
          nodes: told.length,
          restsOn: [refs.pool, refs.node]
        }
      ]
    })
  })
}

/**
 * The same for one pool: its entries in a subnet that some advertisement, the first by name, lets nodes of another one
 * announce. What the stored pool had in that subnet while it was announced so by any advertisement is not told again.
 */
export function poolFromElsewhere(
  { as, object, oldObject }: Subject<'IPAddressPool'>,
  world: NodeWorld
): (Finding | Unjudged)[] {
  const now = announcers(object, world.view)
  if (now.length === 0) return []
  const stored = as === 'stored' ? undefined : oldObject
  const before = stored === undefined ? [] : announcers(stored, world.view)
  const entries = poolEntries(object)
  return world.nodeSubnets.flatMap((subnet, i): (Finding | Unjudged)[] => {
    const inside = entriesIn(subnet, entries, object)
    const wrong = inside.length === 0 ? undefined : firstElsewhere(now, subnet, world)
    if (wrong === undefined) return []
    if (wrong === 'unknown') return [noNodeSelector(i)]
    const wasWrong = stored !== undefined && isFound(firstElsewhere(before, subnet, world))
    const fine = rangeIndex(wasWrong ? poolEntries(stored).map(({ range }) => range) : [])
    const refs = { advertisement: refOf(wrong.advertisement), node: refOf(wrong.first) }
    return inside.flatMap(({ entry, range }) =>
      firstOutside(fine, range).map((part): Finding => ({
        code: 'announced-by-nodes-elsewhere',
        field: entry.field,
        value: entry.text,
        range: part,
        advertisement: refs.advertisement,
        nodeSubnet: subnet.text,
        node: refs.node.name,
        nodes: wrong.nodes,
        restsOn: [refs.advertisement, refs.node]
      }))
    )
  })
}

/** An advertisement of the pool, and the nodes that it lets announce. */
interface Announcer {
  readonly advertisement: L2Advertisement
  readonly nodes: readonly Node[]
}

function announcers(pool: IPAddressPool, view: View): readonly Announcer[] {
  return announcing(view.list('L2Advertisement'), pool).map(advertisement => {
    return { advertisement, nodes: announcingNodes(advertisement, view) }
  })
}

interface Elsewhere {
  readonly advertisement: L2Advertisement
  readonly first: Node
  readonly nodes: number
}

/** `unknown` when no advertisement is known to do so, and of one nobody can tell. */
function firstElsewhere(
  announcedBy: readonly Announcer[],
  subnet: NodeSubnet,
  { nodeSubnets, view }: NodeWorld
): Elsewhere | 'unknown' | undefined {
  let found: 'unknown' | undefined
  for (const { advertisement, nodes } of announcedBy) {
    const elsewhere = nodesElsewhere(nodes, subnet, nodeSubnets, view)
    if (elsewhere === 'unknown') found = 'unknown'
    else if (elsewhere[0] !== undefined)
      return { advertisement, first: elsewhere[0], nodes: elsewhere.length }
  }
  return found
}

function isFound(elsewhere: Elsewhere | 'unknown' | undefined): boolean {
  return elsewhere !== undefined && elsewhere !== 'unknown'
}

function entriesIn(subnet: NodeSubnet, entries: AnnouncedPool['entries'], pool: IPAddressPool) {
  return entries.flatMap(entry => {
    const range = overlap(entry.range, subnet.range)
    return range === undefined ? [] : [{ pool, entry, range }]
  })
}

function noNodeSelector(i: number): Unjudged {
  return { code: 'unjudged', because: 'plan-silent', planField: `spec.nodeSubnets[${i}].nodeSelector` }
}
