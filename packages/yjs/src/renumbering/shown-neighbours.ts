/**
 * Behind what an item belongs if what lies nearest is deleted: in a document of the old naming, or in the new one.
 *
 * Two insertions that did not know of each other may stand in one order here and in the other one there, where cuts have
 * taken what told them apart. If one of them is deleted nobody sees that any more; but what was typed beside it, and went
 * along with it, would be seen on the wrong side of the other one. So it stays beside what both documents show.
 *
 * If both are shown, one may be what the user put it beside, and the other have come to stand there by itself.
 *
 * Invariant: the new document does not change while this is in use; what the operation itself puts into it is told by
 * {@link ShownNeighbours.note}.
 */
import * as Y from 'yjs'
import type { LeftNeighbours } from './left-neighbours.js'
import { type IdTranslation, newNameOf } from './translation-table.js'

interface Ends {
  readonly first: Y.ID
  readonly last: Y.ID
}

/** What is shown next to something. */
interface Neighbour {
  readonly id: Y.ID
  /** Under whose name it stands in the old document. */
  readonly oldClient: number
}

/** What the operation itself has put into the new document. */
interface Anchored {
  readonly clock: number
  readonly end: number
  /** Behind what that was there before; null: at the beginning. */
  readonly anchor: Y.ID | null
}

export class ShownNeighbours {
  readonly #into: Y.Doc
  readonly #table: IdTranslation
  readonly #seenOf: (client: number) => number
  /** Of the new document's items, in the lists that were asked for. */
  readonly #ranks = new Map<Y.Item, number>()
  /** By client, ascending. */
  readonly #anchors = new Map<number, Anchored[]>()
  readonly #lefts: LeftNeighbours

  /**
   * @param seenOf before which clock of a client above the base something counts.
   * @param lefts is told, too, what the operation puts there.
   */
  constructor(into: Y.Doc, table: IdTranslation, seenOf: (client: number) => number, lefts: LeftNeighbours) {
    this.#lefts = lefts
    this.#into = into
    this.#table = table
    this.#seenOf = seenOf
  }

  /** The operation has put an item of its own there. To be told in the order of each client's clocks. */
  note({ id, length }: Y.Item, left: Y.ID | null): void {
    const known = left === null ? null : this.#anchorOf(left)
    const anchored = { clock: id.clock, end: id.clock + length, anchor: known === undefined ? left : known }
    const anchors = this.#anchors.get(id.client)
    if (anchors === undefined) this.#anchors.set(id.client, [anchored])
    else anchors.push(anchored)
  }

  /**
   * @param left what an item would be put behind: the nearest before its `offset` that the new document has.
   * @param end of the item that is put there.
   * @returns behind what it belongs.
   */
  correct(left: Y.ID, placed: Y.Item, offset: number, end: number): Y.ID | null {
    if (this.#anchorOf(left) !== undefined) return left
    const before = this.#before(placed, offset)
    const after = this.#after(placed, end)
    const hasCrossed = after !== undefined && this.#isBefore(after.id, left)
    if (hasCrossed && this.#isPutBeside(after, before, placed, offset)) return this.#lefts.of(after.id)
    if (before !== undefined && Y.compareIDs(before.id, left)) return left
    const isAstray = hasCrossed || (before !== undefined && !this.#isBefore(before.id, left))
    return isAstray ? (before?.id ?? null) : left
  }

  /** Whether the user put it before `after`, and not behind `before`. */
  #isPutBeside(
    after: Neighbour,
    before: Neighbour | undefined,
    { id, origin, rightOrigin }: Y.Item,
    offset: number,
  ): boolean {
    if (offset > 0) return false
    // What cuts have flattened no longer says what it was put beside. But of two that bear one client's name, one was
    // put where it stands in sight of the other; what bears another name may have come to stand there by itself.
    if (origin === null && rightOrigin === null)
      return after.oldClient === id.client && before?.oldClient !== id.client
    const isNamed = (old: Y.ID | null, shown: Y.ID | undefined) =>
      Y.compareIDs(old && newNameOf(old, this.#table), shown ?? null)
    return isNamed(rightOrigin, after.id) && !isNamed(origin, before?.id)
  }

  #before(placed: Y.Item, offset: number): Neighbour | undefined {
    let to = offset
    for (let item: Y.Item | null = placed; item !== null; item = item.left, to = item?.length ?? 0) {
      const shown = this.#shownOf(item, 0, to)
      if (shown !== undefined) return { id: shown.last, oldClient: item.id.client }
    }
    return undefined
  }

  #after(placed: Y.Item, offset: number): Neighbour | undefined {
    let from = offset
    for (let item: Y.Item | null = placed; item !== null; item = item.right, from = 0) {
      const shown = this.#shownOf(item, from, item.length)
      if (shown !== undefined) return { id: shown.first, oldClient: item.id.client }
    }
    return undefined
  }

  /** Of a part of an item of the old document. */
  #shownOf({ id: { client, clock }, deleted }: Y.Item, from: number, to: number): Ends | undefined {
    if (deleted) return undefined
    let ends: Ends | undefined
    const add = (id: Y.ID, length: number) => {
      const shown = this.#shownIn(id, length)
      if (shown !== undefined) ends = { first: ends?.first ?? shown.first, last: shown.last }
    }
    const baseEnd = this.#table.endOf(client)
    for (let at = clock + from; at < Math.min(clock + to, baseEnd); ) {
      const fate = this.#table.find({ client, clock: at })
      if (fate === undefined) break
      const length = Math.min(fate.length, clock + to - at)
      if (fate.kind === 'live') add(this.#table.id(fate.clock), length)
      at += length
    }
    const start = Math.max(clock + from, baseEnd)
    const length = Math.min(clock + to, this.#seenOf(client)) - start
    if (length > 0) add(Y.createID(client, start), length)
    return ends
  }

  /** Of what the new document has under these ids, or the operation will have put there. */
  #shownIn({ client, clock }: Y.ID, length: number): Ends | undefined {
    const { store } = this.#into
    let ends: Ends | undefined
    for (let at = clock; at < clock + length; ) {
      const isHere = at < Y.getState(store, client)
      const struct: Y.Item | Y.GC | undefined = isHere ? Y.getItem(store, Y.createID(client, at)) : undefined
      const to =
        struct === undefined ? clock + length : Math.min(struct.id.clock + struct.length, clock + length)
      if (struct?.deleted !== true) {
        ends = { first: ends?.first ?? Y.createID(client, at), last: Y.createID(client, to - 1) }
      }
      at = to
    }
    return ends
  }

  /** @param other a unit of the new document, which the operation has not put there. */
  #isBefore(id: Y.ID, other: Y.ID): boolean {
    const anchor = this.#anchorOf(id)
    if (anchor === null) return true
    const at = anchor ?? id
    const [item, otherItem] = [this.#itemAt(at), this.#itemAt(other)]
    return item === otherItem ? at.clock < other.clock : this.#rankOf(item) < this.#rankOf(otherItem)
  }

  /** Undefined: the operation has not put it there. */
  #anchorOf({ client, clock }: Y.ID): Y.ID | null | undefined {
    const anchors = this.#anchors.get(client)
    let [low, high] = [0, anchors?.length ?? 0]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((anchors?.[middle]?.end ?? 0) <= clock) low = middle + 1
      else high = middle
    }
    const found = anchors?.[low]
    return found !== undefined && clock >= found.clock ? found.anchor : undefined
  }

  #itemAt(id: Y.ID): Y.Item | undefined {
    const struct: Y.Item | Y.GC = Y.getItem(this.#into.store, id)
    return struct instanceof Y.Item ? struct : undefined
  }

  /** Of what is collected, with all that its list held, there is no order. */
  #rankOf(item: Y.Item | undefined): number {
    const list = item?.parent
    if (item === undefined || !(list instanceof Y.AbstractType)) return 0
    if (!this.#ranks.has(item)) {
      let rank = 0
      for (let next = list._start; next !== null; next = next.right) this.#ranks.set(next, rank++)
    }
    return this.#ranks.get(item) ?? 0
  }
}
