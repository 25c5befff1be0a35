/** An item and the interval it lies on. */
export interface Placed<T> {
  readonly item: T
  readonly first: bigint
  readonly last: bigint
}

interface Node<T> extends Placed<T> {
  left: Node<T> | undefined
  right: Node<T> | undefined
  height: number
  /** The greatest `last` in this subtree: lets a search pass over subtrees that end before it starts. */
  maxLast: bigint
}

/**
 * A map from distinct inclusive intervals to items: an AVL tree ordered by first, then last, where every node knows
 * how far its subtree reaches. Balanced by construction, so no order of insertion (a stranger may choose it)
 * makes it slow. `get`, `set` and `delete` cost O(log n).
 */
export class IntervalTree<T> {
  #root: Node<T> | undefined

  /** The item of exactly this interval, or undefined. */
  get(first: bigint, last: bigint): T | undefined {
    let node = this.#root
    while (node) {
      const order = compare(node, first, last)
      if (order === 0) return node.item
      node = order > 0 ? node.left : node.right
    }
    return undefined
  }

  /** Puts an item on an interval, in place of the one that was there. */
  set(first: bigint, last: bigint, item: T): void {
    this.#root = insert(this.#root, {
      item,
      first,
      last,
      left: undefined,
      right: undefined,
      height: 1,
      maxLast: last
    })
  }

  /** Takes the interval out, if it is there. */
  delete(first: bigint, last: bigint): void {
    this.#root = remove(this.#root, first, last)
  }

  /**
   * The items whose intervals share a number with first..last, ascending by first, then last. Lazy; the tree must
   * not change while it is read. Cost for k items taken: O(log n + k) as long as intervals do not nest, O((k + 1)
   * log n) at worst, when those reaching far lie scattered among shorter ones.
   */
  *overlapping(first: bigint, last: bigint): Generator<Placed<T>, void, undefined> {
    const path: Node<T>[] = []
    let node = this.#root
    for (;;) {
      while (node && node.maxLast >= first) {
        if (node.first <= last) path.push(node)
        node = node.left
      }
      const next = path.pop()
      if (!next) return
      if (next.last >= first) yield next
      node = next.right
    }
  }

  /**
   * Calls `isEnough` with what `overlapping` would yield until it answers true. Takes half the time where thousands are only
   * passed over, as nothing is made for them.
   */
  visit(first: bigint, last: bigint, isEnough: (placed: Placed<T>) => boolean): void {
    visitNode(this.#root, { first, last }, isEnough)
  }
}

/** True when it was enough. As deep as the tree is high. */
function visitNode<T>(
  node: Node<T> | undefined,
  within: Pick<Placed<T>, 'first' | 'last'>,
  isEnough: (placed: Placed<T>) => boolean
): boolean {
  if (node === undefined || node.maxLast < within.first) return false
  if (visitNode(node.left, within, isEnough)) return true
  if (node.first > within.last) return false
  if (node.last >= within.first && isEnough(node)) return true
  return visitNode(node.right, within, isEnough)
}

/** Negative when the node comes before first..last, 0 when it is that interval. */
function compare<T>(node: Node<T>, first: bigint, last: bigint): number {
  if (node.first !== first) return node.first < first ? -1 : 1
  if (node.last !== last) return node.last < last ? -1 : 1
  return 0
}

function insert<T>(node: Node<T> | undefined, added: Node<T>): Node<T> {
  if (!node) return added
  const order = compare(node, added.first, added.last)
  if (order === 0) return balance({ ...added, left: node.left, right: node.right })
  if (order > 0) node.left = insert(node.left, added)
  else node.right = insert(node.right, added)
  return balance(node)
}

function remove<T>(node: Node<T> | undefined, first: bigint, last: bigint): Node<T> | undefined {
  if (!node) return undefined
  const order = compare(node, first, last)
  if (order > 0) node.left = remove(node.left, first, last)
  else if (order < 0) node.right = remove(node.right, first, last)
  else {
    if (!node.left) return node.right
    if (!node.right) return node.left
    const successor = leftmost(node.right)
    successor.right = remove(node.right, successor.first, successor.last)
    successor.left = node.left
    return balance(successor)
  }
  return balance(node)
}

function leftmost<T>(node: Node<T>): Node<T> {
  let lowest = node
  while (lowest.left) lowest = lowest.left
  return lowest
}

function balance<T>(node: Node<T>): Node<T> {
  const lean = heightOf(node.left) - heightOf(node.right)
  if (lean > 1 && node.left) {
    if (heightOf(node.left.left) < heightOf(node.left.right)) node.left = rotateLeft(node.left)
    return rotateRight(node)
  }
  if (lean < -1 && node.right) {
    if (heightOf(node.right.right) < heightOf(node.right.left)) node.right = rotateRight(node.right)
    return rotateLeft(node)
  }
  return refresh(node)
}

function rotateLeft<T>(node: Node<T>): Node<T> {
  const top = node.right
  if (!top) return refresh(node)
  node.right = top.left
  top.left = refresh(node)
  return refresh(top)
}

function rotateRight<T>(node: Node<T>): Node<T> {
  const top = node.left
  if (!top) return refresh(node)
  node.left = top.right
  top.right = refresh(node)
  return refresh(top)
}

function heightOf<T>(node: Node<T> | undefined): number {
  return node ? node.height : 0
}

function refresh<T>(node: Node<T>): Node<T> {
  const { left, right } = node
  node.height = 1 + Math.max(heightOf(left), heightOf(right))
  let maxLast = node.last
  if (left && left.maxLast > maxLast) maxLast = left.maxLast
  if (right && right.maxLast > maxLast) maxLast = right.maxLast
  node.maxLast = maxLast
  return node
}
