/**
 * Finds for each item of an operation, by where it lies in a document of the old naming, its two neighbours in one of
 * the new naming: those it would have got had its author typed it there.
 *
 * Invariant: an item's neighbours are adjacent in what its author had seen of the new document, with what the
 * operation has put there before it.
 */
import * as Y from 'yjs'
import type { IdRanges } from '../id-ranges.js'
import { LeftNeighbours } from './left-neighbours.js'
import { firstIn, OldOrder } from './old-order.js'
import { ShownNeighbours } from './shown-neighbours.js'
import { type IdTranslation, newNameOf } from './translation-table.js'
import { type DecodedStruct, type LooseParent, type Sections, setLooseParent } from './update-encoding.js'

/** What an operation's author had seen of others, as a Yjs state vector. It need not be complete. */
export type Seen = ReadonlyMap<number, number>

/** Where an item lies, in the new naming. */
interface Container {
  readonly parent: Exclude<LooseParent, null>
  readonly parentSub: string | null
}

export interface PassageOptions {
  /**
   * What is deleted there above the base need not lie where it did in the old document: somebody may have brought it who
   * knew no more of it than the gap that it left. Nothing is put behind it.
   */
  readonly avoidsDeleted?: boolean
  /**
   * Nothing is put behind what is deleted, here or there, and has come to stand beyond what both documents show; nor
   * behind what the user did not put it behind, if that has come to stand beyond what he put it before.
   */
  readonly staysBesideShown?: boolean
  /** What the author had seen deleted above the base, in the old naming. Asked for only where it matters. */
  readonly deleted?: () => IdRanges
  /**
   * Somebody has come back with it: it was typed in sight of less than the operation depends on. What it deletes itself, if
   * that is so; undefined otherwise.
   */
  readonly deletedByReturner?: IdRanges | undefined
}

export class Passage {
  readonly #old: Y.Doc
  readonly #into: Y.Doc
  readonly #table: IdTranslation
  readonly #seen: Seen
  readonly #avoidsDeleted: boolean
  readonly #shown: ShownNeighbours | undefined
  readonly #lefts: LeftNeighbours
  readonly #oldOrder: OldOrder
  readonly #deletedFor: (() => IdRanges) | undefined
  readonly #deletedByReturner: IdRanges | undefined
  #deleted: IdRanges | undefined
  /** Of the operation's own clients, how far it has been carried: before these clocks its structs are seen. */
  readonly #carried = new Map<number, number>()
  readonly #ownFrom = new Map<number, number>()
  /** What follows, by id or container, where the operation itself has put something. */
  readonly #next = new Map<string, Y.ID | null>()

  /**
   * @param old It holds the operation as it was authored.
   * @param into It holds whatever else the operation depends on, and all that is seen.
   */
  constructor(old: Y.Doc, into: Y.Doc, table: IdTranslation, seen: Seen, options: PassageOptions = {}) {
    this.#avoidsDeleted = options.avoidsDeleted ?? false
    this.#deletedFor = options.deleted
    this.#deletedByReturner = options.deletedByReturner
    const seenOf = (client: number) => this.#seenOf(client)
    this.#lefts = new LeftNeighbours(into, table, seenOf)
    if (options.staysBesideShown) this.#shown = new ShownNeighbours(into, table, seenOf, this.#lefts)
    this.#old = old
    this.#into = into
    this.#table = table
    this.#oldOrder = new OldOrder(table)
    this.#seen = seen
  }

  carry(sections: Sections): Map<number, DecodedStruct[]> {
    const carried = new Map<number, DecodedStruct[]>()
    for (const [client, [first]] of sections) {
      carried.set(client, [])
      this.#carried.set(client, first?.id.clock ?? 0)
      this.#ownFrom.set(client, first?.id.clock ?? 0)
    }
    // Where the operation holds structs of several clients, one may name the other.
    for (let isStuck = false; !isStuck; ) {
      isStuck = true
      for (const [client, structs] of sections) {
        const done = carried.get(client) ?? []
        for (let struct = structs[done.length]; struct !== undefined; struct = structs[done.length]) {
          if (struct instanceof Y.Item && !this.#isReady(struct)) break
          done.push(struct instanceof Y.Item ? this.#carryItem(struct) : struct)
          this.#carried.set(client, struct.id.clock + struct.length)
          isStuck = false
        }
      }
    }
    return carried
  }

  #isReady({ id, origin, rightOrigin, parent }: Y.Item): boolean {
    const isCarried = (named: unknown) => {
      if (!(named instanceof Y.ID) || named.client === id.client) return true
      const clock = this.#carried.get(named.client)
      return clock === undefined || named.clock < clock
    }
    return isCarried(origin) && isCarried(rightOrigin) && isCarried(parent)
  }

  #carryItem(item: Y.Item): Y.Item | Y.GC {
    const placed = Y.getItem(this.#old.store, item.id)
    const container = placed instanceof Y.Item ? this.#containerOf(placed) : undefined
    if (!(placed instanceof Y.Item) || container === undefined) return new Y.GC(item.id, item.length)
    const offset = item.id.clock - placed.id.clock
    const left = this.#placeFor(placed, offset, offset + item.length, container)
    const after = left === null ? keyOf(container) : keyAfter(left)
    const right = this.#rightOf(left, container, after)
    this.#shown?.note(item, left)
    this.#lefts.note(item, left, right)
    this.#next.set(after, item.id)
    this.#next.set(`${item.id.client}:${item.id.clock + item.length - 1}`, right)
    item.origin = left
    item.rightOrigin = right
    setLooseParent(item, left === null && right === null ? container.parent : null)
    item.parentSub = left === null && right === null ? container.parentSub : null
    if (this.#isLost(placed)) item.content = new Y.ContentDeleted(item.length)
    return item
  }

  /** Whether a later entry of the same key, known to the table, has won over it. It may be gone since, and win no more. */
  #isLost({ parentSub, right }: Y.Item): boolean {
    if (parentSub === null) return false
    let item = right
    while (item !== null && this.#table.find(item.id) === undefined) item = item.right
    return item !== null
  }

  /** Undefined: it is gone. */
  #containerOf({ parent, parentSub }: Y.Item): Container | undefined {
    if (!(parent instanceof Y.AbstractType)) return undefined
    const holder = parent._item
    if (holder === null) return { parent: Y.findRootTypeKey(parent), parentSub }
    const fate = this.#table.find(holder.id)
    if (fate === undefined) return { parent: holder.id, parentSub }
    return fate.kind === 'live' ? { parent: this.#table.id(fate.clock), parentSub } : undefined
  }

  /** Behind what an item belongs, in the new document. */
  #placeFor(placed: Y.Item, offset: number, end: number, container: Container): Y.ID | null {
    const nearest = this.#leftOf(placed, offset)
    // Of what is under a key the last one is shown: it stays behind all that it was put over.
    if (container.parentSub !== null) return this.#lastOnThisSide(nearest, placed, offset, container)
    if (nearest === null) return nearest
    const left = this.#shown === undefined ? nearest : this.#shown.correct(nearest, placed, offset, end)
    if (left === null || !this.#isTornApart(placed, end, container, left)) return left
    if (this.#shown !== undefined) return this.#lastOnThisSide(left, placed, offset, container)
    const right = this.#rightInOld(placed, end)
    if (right !== null && this.#isPutBesideRight(placed, offset, end, left, right))
      return this.#lefts.of(right)
    return this.#lastOnThisSide(this.#leftOf(placed, offset, this.#deletedIds), placed, offset, container)
  }

  /** Whether the user put it before `right`, and not behind `left`. What was erased for him he put nothing before. */
  #isPutBesideRight(placed: Y.Item, offset: number, end: number, left: Y.ID, right: Y.ID): boolean {
    if (offset > 0 || end < placed.length) return false
    const { rightOrigin } = placed
    if (rightOrigin !== null && this.#wasErasedFor(placed, rightOrigin)) return false
    const isNamed = (old: Y.ID | null, id: Y.ID) => Y.compareIDs(old && newNameOf(old, this.#table), id)
    return isNamed(placed.rightOrigin, right) && !isNamed(placed.origin, left)
  }

  /** Whether it was, as far as can be told, when the user typed `placed`. */
  #wasErasedFor(placed: Y.Item, id: Y.ID): boolean {
    if (!this.#deletedIds?.has(id) || this.#isOlder(placed)) return false
    return this.#deletedByReturner?.has(id) ?? true
  }

  /**
   * Whether it was typed before the operation's author had seen all that the operation depends on: somebody has come back with it.
   * Then something of that lies between it and what it was put behind. What is erased need not have been for whoever typed.
   */
  #isOlder(placed: Y.Item): boolean {
    for (let { left } = placed; left !== null; left = left.left) {
      const { client, clock } = left.id
      if (placed.origin !== null && Y.getItem(this.#old.store, placed.origin) === left) return false
      if (
        clock < this.#table.endOf(client) ||
        clock < (this.#ownFrom.get(client) ?? this.#seen.get(client) ?? 0)
      )
        return true
    }
    return false
  }

  /**
   * What lay to the left, and has changed places with what lay nearest, follows it now: it stays on this side.
   * @returns the last in a row of those that follow `left`; `left` if none does.
   */
  #lastOnThisSide(left: Y.ID | null, placed: Y.Item, offset: number, container: Container): Y.ID | null {
    let last = left
    for (let at = left; ; ) {
      const next = this.#rightOf(at, container, at === null ? keyOf(container) : keyAfter(at))
      if (next === null || !this.#oldOrder.isBefore(next, placed, offset)) return last
      at = next
      if (this.#placelessAt(next.client, next.clock) === undefined) last = next
    }
  }

  /**
   * The nearest unit to the left, in the old document, that the new one has too and the author had seen.
   * @param deleted is passed over.
   */
  #leftOf(placed: Y.Item, offset: number, deleted?: IdRanges): Y.ID | null {
    let end = offset
    for (let item: Y.Item | null = placed; item !== null; item = item.left, end = item?.length ?? 0) {
      const { client, clock } = item.id
      for (const [from, to] of partsOutside(deleted?.of(client) ?? [], clock, clock + end)) {
        const found = this.#lastIn(client, from, to)
        if (found !== undefined) return found
      }
    }
    return null
  }

  /**
   * In the new document something else follows what lies to the left: the two that the item was put between have changed
   * places. One of them may have been deleted for the author, who typed beside what is left of the other one's side.
   */
  #isTornApart(placed: Y.Item, end: number, container: Container, left: Y.ID): boolean {
    if (this.#deletedFor === undefined && this.#shown === undefined) return false
    const after = keyAfter(left)
    if (left.clock >= (this.#ownFrom.get(left.client) ?? Number.POSITIVE_INFINITY)) return false
    return !Y.compareIDs(this.#rightOf(left, container, after), this.#rightInOld(placed, end))
  }

  get #deletedIds(): IdRanges | undefined {
    this.#deleted ??= this.#deletedFor?.()
    return this.#deleted
  }

  /** The nearest unit to the right, as in {@link #leftOf}. */
  #rightInOld(placed: Y.Item, offset: number): Y.ID | null {
    let from = offset
    for (let item: Y.Item | null = placed; item !== null; item = item.right, from = 0) {
      const { client, clock } = item.id
      const found = this.#firstOf(client, clock + from, clock + item.length)
      if (found !== undefined) return found
    }
    return null
  }

  #firstOf(client: number, from: number, to: number): Y.ID | undefined {
    const baseEnd = this.#table.endOf(client)
    for (let clock = from; clock < Math.min(to, baseEnd); ) {
      const fate = this.#table.find({ client, clock })
      if (fate === undefined) break
      if (fate.kind === 'live') return this.#table.id(fate.clock)
      clock += fate.length
    }
    for (let clock = Math.max(from, baseEnd); clock < Math.min(to, this.#seenOf(client)); ) {
      const placeless = this.#placelessAt(client, clock)
      if (placeless === undefined) return Y.createID(client, clock)
      clock = placeless.id.clock + placeless.length
    }
    return undefined
  }

  #lastIn(client: number, from: number, to: number): Y.ID | undefined {
    const baseEnd = this.#table.endOf(client)
    for (let end = Math.min(to, this.#seenOf(client)); end > Math.max(from, baseEnd); ) {
      const placeless = this.#placelessAt(client, end - 1)
      if (placeless === undefined) return Y.createID(client, end - 1)
      end = placeless.id.clock
    }
    const clock = this.#table.lastLive(client, from, Math.min(to, baseEnd))
    return clock === undefined ? undefined : this.#table.id(clock)
  }

  /** Whoever tells of something again may know less of it: beside what is collected there, nothing has a place. */
  #placelessAt(client: number, clock: number): Y.Item | Y.GC | undefined {
    const { store } = this.#into
    if (clock >= Y.getState(store, client)) return undefined
    const struct: Y.Item | Y.GC = Y.getItem(store, Y.createID(client, clock))
    return struct instanceof Y.GC || (this.#avoidsDeleted && struct.deleted) ? struct : undefined
  }

  /** What follows `left` (null: what begins the container) in what the author had seen of the new document. */
  #rightOf(left: Y.ID | null, container: Container, after: string): Y.ID | null {
    const own = this.#next.get(after)
    if (own !== undefined) return own
    if (left === null) return this.#firstSeen(this.#firstIn(container))
    // What the operation holds itself need not be in the document yet.
    const next = Y.createID(left.client, left.clock + 1)
    if (left.clock >= (this.#ownFrom.get(left.client) ?? Number.POSITIVE_INFINITY)) return next
    const { store } = this.#into
    if (left.clock >= Y.getState(store, left.client))
      throw new Error(`A document lacks ${left.client}:${left.clock}, which an operation depends on`)
    const item = Y.getItem(store, left)
    if (!(item instanceof Y.Item)) return null
    if (next.clock < item.id.clock + item.length && this.#isSeen(next)) return next
    return this.#firstSeen(item.right)
  }

  #firstIn({ parent, parentSub }: Container): Y.Item | null {
    const type = typeof parent === 'string' ? this.#into.share.get(parent) : this.#typeAt(parent)
    return type === undefined ? null : firstIn(type, parentSub)
  }

  #typeAt(id: Y.ID): Y.ContentType['type'] | undefined {
    if (id.clock >= Y.getState(this.#into.store, id.client)) return undefined
    const holder = Y.getItem(this.#into.store, id)
    const content = holder instanceof Y.Item ? holder.content : undefined
    return content instanceof Y.ContentType ? content.type : undefined
  }

  #firstSeen(start: Y.Item | null): Y.ID | null {
    let item = start
    while (item !== null && !this.#isSeen(item.id)) item = item.right
    return item === null ? null : Y.createID(item.id.client, item.id.clock)
  }

  #isSeen({ client, clock }: Y.ID): boolean {
    return client === this.#table.client || clock < this.#seenOf(client)
  }

  #seenOf(client: number): number {
    return this.#carried.get(client) ?? this.#seen.get(client) ?? 0
  }
}

/** From the right to the left. */
function* partsOutside(
  ranges: readonly { readonly clock: number; readonly end: number }[],
  from: number,
  to: number,
): Generator<[from: number, to: number]> {
  let right = to
  for (let index = ranges.length - 1; index >= 0 && right > from; index--) {
    const { clock, end } = ranges[index] as (typeof ranges)[number]
    if (end <= from) break
    if (clock >= right) continue
    if (end < right) yield [Math.max(from, end), right]
    right = clock
  }
  if (right > from) yield [from, right]
}

const keyAfter = ({ client, clock }: Y.ID): string => `${client}:${clock}`

function keyOf({ parent, parentSub }: Container): string {
  const place = typeof parent === 'string' ? `root ${parent}` : `${parent.client}:${parent.clock}`
  return parentSub === null ? `in ${place}` : `of ${place} ${parentSub}`
}
