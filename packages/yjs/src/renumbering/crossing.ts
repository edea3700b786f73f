/**
 * The passage of operations over a cut: from the naming they were authored in to the one after it.
 *
 * Translating the ids an operation names is not enough. Its neighbours may be purged, and where among the survivors
 * it belongs, Yjs decides by structs that the new base no longer has. So the document at the cut is kept, in the
 * old naming, and every operation of the old naming is integrated there first. Where Yjs puts an item among what the
 * cut keeps and what its author had seen is where it belongs; in the new naming it gets the neighbours it would have got
 * had its author typed it there, in a document without the purged tombstones.
 *
 * Invariants:
 * - The result is a pure function of the operation, of those before it in its causal past, and of the document at the
 *   cut: positions in the old document do not depend on what else has arrived.
 * - Each item's two neighbours are adjacent in what its author had seen of the new document. So the translated
 *   operations are a history that replicas of the new naming could have typed, and converge as Yjs' do.
 * - An item lies between the same survivors as in the old document. It keeps its order with whatever its author
 *   had seen, unless two items that it lies between have changed places themselves; that only concurrent ones do,
 *   whose places purged tombstones told apart.
 *
 * What the author had seen is taken from what the operation names, transitively, from its author's earlier ones, and
 * from `seen` if that is known. Maps are lists of writes here: who wins without a cut wins with it.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { isParked } from '../store.js'
import { CausalPast } from './causal-past.js'
import { fillBelow } from './rebuild.js'
import { decodeSkeleton, encodeSkeleton } from './skeleton.js'
import { translateIds } from './translate.js'
import type { TranslationTable } from './translation-table.js'
import {
  type DecodedStruct,
  encodeUpdate,
  type LooseParent,
  looseParent,
  type Sections,
  sectionsOf,
  setLooseParent,
} from './update-encoding.js'

/** What an operation's author had seen of others, as a Yjs state vector. It need not be complete. */
export type Seen = ReadonlyMap<number, number>

/** The operation can not be of the naming it claims. Whoever lets operations in turns it into a refusal. */
export class UntranslatableError extends Error {
  override readonly name = 'UntranslatableError'
}

export class Crossing {
  readonly table: TranslationTable
  readonly #old: Y.Doc
  readonly #past: CausalPast

  /** @param old The document at the cut, in the old naming. It belongs to the crossing from here on. */
  constructor(old: Y.Doc, table: TranslationTable) {
    this.table = table
    this.#old = old
    this.#past = new CausalPast(table)
    // Operations above the cut leave their marks in it, and nothing may vanish by an order of arrival.
    old.gc = false
    old.on('afterTransaction', (transaction) => {
      transaction._needFormattingCleanup = false
    })
  }

  /** For somebody who has the table and not the document: see {@link Crossing.decode}. Operations are not in it. */
  encode(): Uint8Array {
    return encodeSkeleton(this.#old, this.table)
  }

  /** @returns why these bytes are not what {@link encode} gives for this table, if they are not. */
  static decode(bytes: Uint8Array, table: TranslationTable): Crossing | string {
    const old = decodeSkeleton(bytes, table)
    return typeof old === 'string' ? old : new Crossing(old, table)
  }

  /** The structs that operations of the old naming can name. */
  get store(): Y.Doc['store'] {
    return this.#old.store
  }

  /**
   * @param into The document of the new naming that the result is to be integrated into, next. It holds whatever
   * the operation depends on.
   * @throws UntranslatableError, and nothing else. If the update names what nobody knows, nothing has changed. What is
   * broken in other ways must be kept away: ask the gate first, with {@link store}.
   */
  translate(update: Uint8Array, into: Y.Doc, seen?: Seen): Uint8Array {
    try {
      return this.#carry(update, into, seen)
    } catch (error) {
      if (error instanceof UntranslatableError) throw error
      throw new UntranslatableError('The operation does not fit the document at the cut', { cause: error })
    }
  }

  #carry(update: Uint8Array, into: Y.Doc, seen: Seen | undefined): Uint8Array {
    const { structs, ds } = decode(update)
    const sections = sectionsOf(structs, (client) => this.table.endOf(client))
    if (sections.size === 0) return encodeUpdate(sections, translateIds(ds, this.table))
    this.#integrate(sections)
    const passage = new Passage(this.#old, into, this.table, this.#past.add(sections, seen))
    return encodeUpdate(passage.carry(sections), translateIds(ds, this.table))
  }

  #integrate(sections: Sections): void {
    const { store } = this.#old
    for (const [client, structs] of sections) {
      const [first] = structs
      if (first === undefined) continue
      const known = store.clients.has(client) ? Y.getState(store, client) : first.id.clock
      if (first.id.clock > known)
        throw new UntranslatableError(`Client ${client} leaves out clocks from ${known}`)
      for (const struct of structs) this.#assertKnown(struct, sections)
    }
    // Deletions stay out: they say nothing about places.
    const update = encodeUpdate(sections, new IdRanges())
    fillBelow(this.#old, update)
    Y.applyUpdate(this.#old, update)
    if (!isParked(store)) return
    store.pendingStructs = null
    store.pendingDs = null
    throw new UntranslatableError('The operation names itself in a circle')
  }

  #assertKnown(struct: DecodedStruct, sections: Sections): void {
    if (struct instanceof Y.Skip) throw new UntranslatableError('The operation has a gap')
    if (!(struct instanceof Y.Item)) return
    const parent = looseParent(struct)
    for (const id of [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null]) {
      if (id === null || id.clock < Y.getState(this.store, id.client)) continue
      const last = sections.get(id.client)?.at(-1)
      const isOwn = last !== undefined && id.clock < last.id.clock + last.length
      if (!isOwn)
        throw new UntranslatableError(`The operation names ${id.client}:${id.clock}, which nobody knows`)
    }
  }
}

function decode(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdate(update)
  } catch (error) {
    throw new UntranslatableError('The operation can not be decoded', { cause: error })
  }
}

/** Where an item lies, in the new naming. */
interface Container {
  readonly parent: Exclude<LooseParent, null>
  readonly parentSub: string | null
}

/** One operation on its way. */
class Passage {
  readonly #old: Y.Doc
  readonly #into: Y.Doc
  readonly #table: TranslationTable
  readonly #seen: Seen
  /** Of the operation's own clients, how far it has been carried: before these clocks its structs are seen. */
  readonly #carried = new Map<number, number>()
  readonly #ownFrom = new Map<number, number>()
  /** What follows, by id or container, where the operation itself has put something. */
  readonly #next = new Map<string, Y.ID | null>()

  constructor(old: Y.Doc, into: Y.Doc, table: TranslationTable, seen: Seen) {
    this.#old = old
    this.#into = into
    this.#table = table
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
    const left = this.#leftOf(placed, item.id.clock - placed.id.clock)
    const after = left === null ? keyOf(container) : `${left.client}:${left.clock}`
    const right = this.#rightOf(left, container, after)
    this.#next.set(after, item.id)
    this.#next.set(`${item.id.client}:${item.id.clock + item.length - 1}`, right)
    item.origin = left
    item.rightOrigin = right
    setLooseParent(item, left === null && right === null ? container.parent : null)
    item.parentSub = left === null && right === null ? container.parentSub : null
    return item
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

  /** The nearest unit to the left, in the old document, that the new one has too and the author had seen. */
  #leftOf(placed: Y.Item, offset: number): Y.ID | null {
    let end = offset
    for (let item: Y.Item | null = placed; item !== null; item = item.left, end = item?.length ?? 0) {
      const found = this.#lastIn(item.id.client, item.id.clock, item.id.clock + end)
      if (found !== undefined) return found
    }
    return null
  }

  #lastIn(client: number, from: number, to: number): Y.ID | undefined {
    const baseEnd = this.#table.endOf(client)
    const seenEnd = Math.min(to, this.#seenOf(client))
    if (seenEnd > Math.max(from, baseEnd)) return Y.createID(client, seenEnd - 1)
    const clock = this.#table.lastLive(client, from, Math.min(to, baseEnd))
    return clock === undefined ? undefined : this.#table.id(clock)
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
    if (parentSub === null) return type?._start ?? null
    let item = type?._map.get(parentSub) ?? null
    while (item !== null && item.left !== null) item = item.left
    return item
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

function keyOf({ parent, parentSub }: Container): string {
  const place = typeof parent === 'string' ? `root ${parent}` : `${parent.client}:${parent.clock}`
  return parentSub === null ? `in ${place}` : `of ${place} ${parentSub}`
}
