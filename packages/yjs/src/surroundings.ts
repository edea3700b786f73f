/**
 * How deep the types of an update lie within each other, and whether items lie between the neighbours they name.
 *
 * Both are looked up where the items are: in the document, or in the update itself. What is found is the same on every
 * replica that holds what the update names: where a type lies never changes, and of two items in one list the left one
 * stays the left one.
 */
import * as Y from 'yjs'
import { MAX_NESTING } from './plain-content.js'
import type { StructStore } from './store.js'

type DecodedStruct = Y.Item | Y.GC | Y.Skip
/** By client, in the order of clocks and without gaps. */
type Structs = ReadonlyMap<number, readonly DecodedStruct[]>

/** Chains within one update are followed so far: whoever makes longer ones gains nothing but that. */
const MAX_STEPS = 10_000

export class Surroundings {
  readonly #structs: Structs
  readonly #store: StructStore
  readonly #depths = new Map<Y.Item, number>()

  constructor(structs: Structs, store: StructStore) {
    this.#structs = structs
    this.#store = store
  }

  depthFault(item: Y.Item): string | undefined {
    const isTooDeep = item.content instanceof Y.ContentType && this.#depth(item) >= MAX_NESTING
    return isTooDeep ? `is nested more than ${MAX_NESTING} deep` : undefined
  }

  /** Of an item that begins below what is known of its author: whether what is known there is not its beginning. */
  continuationFault({ id, length, content }: Y.Item): string | undefined {
    const state = Y.getState(this.#store, id.client)
    if (id.clock >= state || id.clock + length <= state) return undefined
    const known: Y.Item | Y.GC = Y.getItem(this.#store, Y.createID(id.client, state - 1))
    // What is deleted may have been anything, and is told in one with what was deleted after it.
    if (!(known instanceof Y.Item) || content instanceof Y.ContentDeleted) return undefined
    const isOther =
      !(known.content instanceof Y.ContentDeleted) && known.content.constructor !== content.constructor
    // What is shown under a key was written at once: nothing goes on from it.
    return isOther || known.parentSub !== null ? 'goes on from something else' : undefined
  }

  orderFault(item: Y.Item): string | undefined {
    if (item.origin === null || item.rightOrigin === null) return undefined
    return this.#isBetween(item.origin, item.rightOrigin)
      ? undefined
      : 'names a right neighbour left of its left one'
  }

  // ------------------------------------------------------------------ depth

  /** How many types the item lies in, besides the outermost. */
  #depth(item: Y.Item): number {
    const path: Y.Item[] = []
    let current: Y.Item | undefined = item
    let depth = 0
    while (current !== undefined) {
      const known = this.#depths.get(current)
      if (known !== undefined) {
        depth = known
        break
      }
      if (current.parent instanceof Y.AbstractType) {
        depth = depthInDocument(current)
        break
      }
      path.push(current)
      current = this.#above(current)
    }
    for (let one = path.pop(); one !== undefined; one = path.pop()) {
      if ((one.parent as unknown) instanceof Y.ID) depth++
      this.#depths.set(one, depth)
    }
    return depth
  }

  /** The item that it lies in or, where only neighbours are named, beside; undefined for one in an outermost type. */
  #above({ parent, origin, rightOrigin }: Y.Item): Y.Item | undefined {
    const named = (parent as unknown) instanceof Y.ID ? (parent as unknown as Y.ID) : (origin ?? rightOrigin)
    if (typeof parent === 'string' || named === null) return undefined
    return this.#find(named)
  }

  // ------------------------------------------------------------------ order

  #isBetween(left: Y.ID, right: Y.ID): boolean {
    if (this.#isKnownLeft(right, left)) return false
    const leftmost = this.#inDocument(left, 'origin')
    const rightmost = this.#inDocument(right, 'rightOrigin')
    if (leftmost === undefined || rightmost === undefined) return true
    return isLeftOf(leftmost, rightmost)
  }

  /** Whether the update itself says that `a` lies left of `b`, or is it: by the chain of left neighbours of `b`. */
  #isKnownLeft(a: Y.ID, b: Y.ID): boolean {
    let current: Y.ID | null = b
    for (let steps = 0; current !== null && steps < MAX_STEPS; steps++) {
      const item: DecodedStruct | undefined = this.#inUpdate(current)
      if (!(item instanceof Y.Item)) return false
      if (isWithin(a, item)) return a.clock <= current.clock
      current = item.origin
    }
    return false
  }

  /** The nearest place on that side that the document has; undefined if there is none. */
  #inDocument(id: Y.ID, side: 'origin' | 'rightOrigin'): Place | undefined {
    let current: Y.ID | null = id
    for (let steps = 0; current !== null && steps < MAX_STEPS; steps++) {
      if (current.clock < Y.getState(this.#store, current.client)) {
        const item = Y.getItem(this.#store, current) as Y.Item | Y.GC
        return item instanceof Y.Item ? { item, clock: current.clock } : undefined
      }
      const item: DecodedStruct | undefined = this.#inUpdate(current)
      if (!(item instanceof Y.Item)) return undefined
      current = item[side]
    }
    return undefined
  }

  // ------------------------------------------------------------------ looking up

  #find(id: Y.ID): Y.Item | undefined {
    const inDocument = id.clock < Y.getState(this.#store, id.client)
    const found = inDocument ? (Y.getItem(this.#store, id) as Y.Item | Y.GC) : this.#inUpdate(id)
    return found instanceof Y.Item ? found : undefined
  }

  #inUpdate({ client, clock }: Y.ID): DecodedStruct | undefined {
    const structs = this.#structs.get(client)
    if (structs === undefined) return undefined
    let low = 0
    let high = structs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((structs[middle] as DecodedStruct).id.clock <= clock) low = middle + 1
      else high = middle
    }
    const found = structs[low - 1]
    return found !== undefined && clock < found.id.clock + found.length ? found : undefined
  }
}

interface Place {
  readonly item: Y.Item
  readonly clock: number
}

function isWithin({ client, clock }: Y.ID, { id, length }: Y.Item): boolean {
  return client === id.client && clock >= id.clock && clock < id.clock + length
}

/** Counted up to the limit. */
function depthInDocument(item: Y.Item): number {
  let depth = 0
  let parent = item.parent
  while (parent instanceof Y.AbstractType && parent._item !== null && depth < MAX_NESTING) {
    depth++
    parent = parent._item.parent
  }
  return depth
}

/** Looks from both at once, so that neighbours find each other wherever in a long list they are. */
function isLeftOf(left: Place, right: Place): boolean {
  if (left.item === right.item) return left.clock < right.clock
  if (left.item.parent !== right.item.parent || left.item.parentSub !== right.item.parentSub) return false
  let fromLeft: Y.Item | null = left.item
  let fromRight: Y.Item | null = right.item
  while (fromLeft !== null || fromRight !== null) {
    fromLeft = fromLeft === null ? null : (fromLeft.right as Y.Item | null)
    if (fromLeft === right.item) return true
    fromRight = fromRight === null ? null : (fromRight.right as Y.Item | null)
    if (fromRight === left.item) return false
  }
  return false
}
