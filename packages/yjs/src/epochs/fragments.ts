/**
 * The items of a base by the clocks they had in it, while they get other names; and what belongs between them.
 *
 * Invariant: what is put back is deleted. It stands right behind the survivor before it, an entry before the one that
 * is in force; so nothing that is shown moves.
 */
import * as Y from 'yjs'
import type { Gap } from '../renumbering/index.js'

export interface Fragment {
  /** In the base, of its first unit. */
  readonly clock: number
  readonly item: Y.Item
}

export class Fragments {
  readonly all: readonly Fragment[]

  /** @param all Ascending. */
  constructor(all: readonly Fragment[]) {
    this.all = all
  }

  /** @returns undefined if nothing is left of where it was. */
  putBack(doc: Y.Doc, id: Y.ID, length: number, gap: Gap): Y.Item | undefined {
    const type = this.#typeOf(doc, gap)
    if (type === undefined) return undefined
    const { parentSub } = gap
    const before = gap.left === null ? null : this.#at(gap.left)
    if (before === undefined) return undefined
    const right = parentSub === null ? firstBehind(before, type) : firstOf(type, parentSub)
    const left = parentSub === null ? before : null
    const item = new Y.Item(id, left, null, right, null, type, parentSub, new Y.ContentDeleted(length))
    item.markDeleted()
    if (right !== null) right.left = item
    if (left !== null) left.right = item
    else if (parentSub === null) type._start = item
    if (right === null && parentSub !== null) type._map.set(parentSub, item)
    return item
  }

  #typeOf(doc: Y.Doc, { parent }: Gap): Y.AbstractType<unknown> | undefined {
    if (typeof parent === 'string') return doc.get(parent)
    const content = this.#at(parent)?.content
    return content instanceof Y.ContentType ? content.type : undefined
  }

  #at(clock: number): Y.Item | undefined {
    let low = 0
    let high = this.all.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.all[middle]?.clock ?? Number.POSITIVE_INFINITY) <= clock) low = middle
      else high = middle - 1
    }
    const found = this.all[low]
    const isIn = found !== undefined && clock >= found.clock && clock < found.clock + found.item.length
    return isIn ? found.item : undefined
  }
}

function firstBehind(before: Y.Item | null, type: Y.AbstractType<unknown>): Y.Item | null {
  return before === null ? type._start : before.right
}

function firstOf(type: Y.AbstractType<unknown>, key: string): Y.Item | null {
  let item = type._map.get(key) ?? null
  while (item !== null && item.left !== null) item = item.left
  return item
}
