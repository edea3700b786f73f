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
 *   whose places purged tombstones told apart. Where one of these was deleted for its author, the other one counts.
 *
 * What the author had seen is taken from where the operation comes from, if that is told. Otherwise it is taken from what
 * the operation names, transitively, and from its author's earlier ones: that may be less. Maps are lists of writes here: who wins without a cut wins with it.
 */
import type { Origin } from '@tidemark/core'
import * as Y from 'yjs'
import { type DeleteSetLike, IdRanges } from '../id-ranges.js'
import { isParked } from '../store.js'
import { CausalPast } from './causal-past.js'
import { Passage, type Seen } from './passage.js'
import { fitInto } from './rebuild.js'
import { decodeSkeleton, encodeSkeleton } from './skeleton.js'
import { translateIds } from './translate.js'
import type { TranslationTable } from './translation-table.js'
import {
  type DecodedStruct,
  encodeUpdate,
  looseParent,
  type Sections,
  sectionsOf,
} from './update-encoding.js'

/** The operation can not be of the naming it claims. Whoever lets operations in turns it into a refusal. */
export class UntranslatableError extends Error {
  override readonly name = 'UntranslatableError'
}

export class Crossing {
  readonly table: TranslationTable
  readonly #old: Y.Doc
  readonly #past: CausalPast
  /** Operations that have been here. */
  readonly #carried = new Set<string>()
  /** The structs of those. */
  readonly #told = new IdRanges()
  #twins = 0

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

  /** As before the first operation: for those that are to be carried over in another order. */
  pristine(): Crossing {
    const copy = Crossing.decode(this.encode(), this.table)
    if (typeof copy === 'string') throw new Error(`A document at a cut can not be copied: ${copy}`)
    return copy
  }

  /** How often an operation told of what another one had told of: then the order in which they come counts. */
  get twins(): number {
    return this.#twins
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
  translate(update: Uint8Array, into: Y.Doc, origin?: Origin): Uint8Array {
    try {
      return this.#carry(update, into, origin)
    } catch (error) {
      if (error instanceof UntranslatableError) throw error
      throw new UntranslatableError('The operation does not fit the document at the cut', { cause: error })
    }
  }

  #carry(update: Uint8Array, into: Y.Doc, origin: Origin | undefined): Uint8Array {
    const { structs, ds } = decode(update)
    const sections = sectionsOf(structs, (client) => this.table.endOf(client))
    const isTwin = this.#noteTwins(sections, origin)
    if (sections.size > 0) this.#integrate(sections)
    // Also where it only deletes: it tells what its author had seen.
    const seen = this.#past.add(sections, ds, origin)
    const fresh = sectionsOf([...sections.values()].flat(), (client) => Y.getState(into.store, client))
    if (isTwin || sizeOf(fresh) < sizeOf(sections)) this.#twins++
    if (fresh.size === 0) return encodeUpdate(fresh, translateIds(ds, this.table))
    const passage = new Passage(this.#old, into, this.table, withTwins(seen, sections, fresh, into), {
      ...(origin && { deleted: () => this.#past.deletedFor(origin) }),
      deletedByReturner: isBroughtAlong(sections, origin) ? idsIn(ds) : undefined,
    })
    return encodeUpdate(passage.carry(fresh), translateIds(ds, this.table))
  }

  /** @returns whether another operation than this one has told of one of these structs. */
  #noteTwins(sections: Sections, origin: Origin | undefined): boolean {
    if (origin === undefined) return false
    const name = `${origin.seq} ${origin.author}`
    if (this.#carried.has(name)) return false
    this.#carried.add(name)
    const own = new IdRanges()
    for (const [client, structs] of sections) {
      for (const { id, length } of structs) own.add(client, id.clock, length)
    }
    const isTwin = sizeOf(own.minus(this.#told)) < sizeOf(own)
    for (const client of own.clients()) {
      for (const { clock, end } of own.of(client)) this.#told.add(client, clock, end - clock)
    }
    return isTwin
  }

  #integrate(sections: Sections): void {
    const { store } = this.#old
    for (const structs of sections.values()) {
      for (const struct of structs) {
        this.#assertKnown(struct, sections)
        if (struct instanceof Y.Item && this.#isCrossed(struct)) struct.rightOrigin = null
      }
    }
    // Deletions stay out: they say nothing about places.
    Y.applyUpdate(this.#old, fitInto(this.#old, encodeUpdate(sections, new IdRanges())))
    if (!isParked(store)) return
    store.pendingStructs = null
    store.pendingDs = null
    throw new UntranslatableError('The operation names itself in a circle')
  }

  /**
   * A right neighbour that lies left of the left one no document has written. Where between the two is, is nowhere; Yjs would
   * put the item where runs happen to be split, which is not the same in every copy of this document.
   */
  #isCrossed({ origin, rightOrigin }: Y.Item): boolean {
    const left = origin && this.#itemAt(origin)
    if (!origin || !rightOrigin || !left || !this.#itemAt(rightOrigin)) return false
    if (covers(left, rightOrigin)) return rightOrigin.clock <= origin.clock
    for (let item = left.right; item !== null; item = item.right) if (covers(item, rightOrigin)) return false
    return true
  }

  #itemAt(id: Y.ID): Y.Item | undefined {
    if (id.clock >= Y.getState(this.store, id.client)) return undefined
    const struct: Y.Item | Y.GC = Y.getItem(this.store, id)
    return struct instanceof Y.Item ? struct : undefined
  }

  #assertKnown(struct: DecodedStruct, sections: Sections): void {
    if (struct instanceof Y.Skip) throw new UntranslatableError('The operation has a gap')
    if (!(struct instanceof Y.Item)) return
    const parent = looseParent(struct)
    for (const id of [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null]) {
      if (id === null || id.clock < Y.getState(this.store, id.client)) continue
      const own = sections.get(id.client)
      const [first, last] = [own?.[0], own?.at(-1)]
      const isOwn =
        first !== undefined &&
        last !== undefined &&
        id.clock >= first.id.clock &&
        id.clock < last.id.clock + last.length
      if (!isOwn)
        throw new UntranslatableError(`The operation names ${id.client}:${id.clock}, which nobody knows`)
    }
  }
}

/** What somebody brings who comes back is its first operation in that room, and goes on from what it had said before. */
function isBroughtAlong(sections: Sections, origin: Origin | undefined): boolean {
  return origin?.seq === 1 && [...sections.values()].some(([first]) => (first?.id.clock ?? 0) > 0)
}

function idsIn(deletes: DeleteSetLike): IdRanges {
  const ids = new IdRanges()
  ids.addDeleteSet(deletes)
  return ids
}

/** What an operation tells of, and another one has told already, its author had seen all the same. */
function withTwins(seen: Seen, sections: Sections, fresh: Sections, into: Y.Doc): Seen {
  if (sizeOf(fresh) === sizeOf(sections)) return seen
  const all = new Map(seen)
  for (const [client, structs] of sections) {
    const last = structs.at(-1)
    const end = Math.min(last === undefined ? 0 : last.id.clock + last.length, Y.getState(into.store, client))
    all.set(client, Math.max(end, all.get(client) ?? 0))
  }
  return all
}

function covers({ id, length }: Y.Item, { client, clock }: Y.ID): boolean {
  return id.client === client && id.clock <= clock && clock < id.clock + length
}

/** In units. */
function sizeOf(ids: Sections | IdRanges): number {
  let size = 0
  if (ids instanceof IdRanges) {
    for (const client of ids.clients()) for (const { clock, end } of ids.of(client)) size += end - clock
  } else {
    for (const structs of ids.values()) for (const { length } of structs) size += length
  }
  return size
}

function decode(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdate(update)
  } catch (error) {
    throw new UntranslatableError('The operation can not be decoded', { cause: error })
  }
}
