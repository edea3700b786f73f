/**
 * Gives a live document the structure that was rebuilt after a cut, or on return.
 *
 * Invariants: the document, every shared type and every subdocument the application holds stay the same objects,
 * with their observers and undo managers; what they show changes only by events; the replica's own client goes on at
 * the clock it had. What the live document shows and the rebuilt one does not, vanishes by ordinary events. Local
 * changes that are to stay are therefore taken, and are part of the rebuilt document, beforehand.
 *
 * A type that was purged with its container may still be held by somebody. It is handed to a document of its own,
 * where writing to it has no effect: as before the cut, when it was merely deleted.
 *
 * Everything is one call, `moveInto`; within it, and in this order: the difference is shown (observers run, and may
 * edit), what they did is carried into the rebuilt document (`onAnswer`), and the structures are exchanged. Nothing is
 * sent or applied in between. What `onAnswer` gets is a local change of the new naming, to be sent like any other;
 * what the live document told about local changes since `moveInto` began names ids that are gone, and is dropped.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { isParked, type StructStore } from '../store.js'
import { compare, type Inserted, NO_DIFFERENCE, NOTHING_INSERTED } from './difference.js'
import { fillTo } from './rebuild.js'
import { Redone } from './redone.js'
import { showsSame } from './same-order.js'
import { carryAnswers, rootPairs, showDifference } from './show.js'
import { tellOfSubdocuments } from './subdocuments.js'
import type { IdTranslation } from './translation-table.js'
import { carryKept, rememberSteps, toDeleteSet, translateUndoStacks } from './undo.js'
import type { SharedType, TypePair } from './visible-units.js'

export interface MoveOptions {
  /** The origin of the transaction that shows a visible difference; what it changes must not be sent. */
  readonly origin: unknown
  /** An observer threw at it; the move goes on. Without this it is raised, and the document is of no use any more. */
  readonly onObserverError?: (error: unknown) => void
  readonly undoManagers?: readonly Y.UndoManager[]
  /** Of the live document, for whoever asks for it again once the structures are exchanged. */
  readonly redone?: Redone
  /**
   * The rebuilt document holds the very operations that the live one holds, as at a cut: then what lies below the cut
   * need not be compared, and nothing may be missing. Not so on return, and where total order refused an operation, or
   * the live document did: whoever names what it can not have seen finds it at some and not at others.
   */
  readonly sameOperations?: boolean
  /**
   * The rebuilt document may lack what the live one has: it was refused there, where it came in another order. It vanishes, and
   * its author's clocks are used up. Otherwise that is an error, as something would be lost.
   */
  readonly mayLack?: boolean
  /**
   * Gets what observers wrote in answer to a visible difference. Without it such an edit is an error: it would be
   * lost for everybody else.
   */
  readonly onAnswer?: (update: Uint8Array) => void
}

/** @returns whether anything visible has changed. `rebuilt` must not be used any more. */
export function moveInto(live: Y.Doc, rebuilt: Y.Doc, table: IdTranslation, options: MoveOptions): boolean {
  assertMovable(live)
  for (const { client, known, clock } of lackedBy(rebuilt, live, table)) {
    if (!options.mayLack)
      throw new Error(`The rebuilt document lacks what client ${client} did from ${known} to ${clock}`)
    fillTo(rebuilt, client, clock)
  }
  const difference = (names: Parameters<typeof compare>[1]) =>
    options.sameOperations && showsSame(live, rebuilt, table)
      ? NO_DIFFERENCE
      : compare(rootPairs(live, rebuilt), names)
  const forgetAnswers = rememberSteps(options.undoManagers ?? [])
  const shown = showDifference(live, rebuilt, table, difference, options)
  const answers = carryAnswers(live, rebuilt, shown)
  if (shown.isAnswered) forgetAnswers()
  const inserted = both(shown.inserted, answers?.inserted ?? NOTHING_INSERTED)
  const holders = relink(live, rebuilt, table, inserted, options)
  fillTo(live, live.clientID, shown.ownClock)
  const updates = answers === undefined ? [] : [answers.update]
  updates.push(...tellOfSubdocuments(live, holders, options))
  for (const update of updates) {
    if (options.onAnswer === undefined)
      throw new Error('An observer edited the document while a renumbering was being shown')
    options.onAnswer(update)
  }
  return shown.changedVisibly
}

function both(a: Inserted, b: Inserted): Inserted {
  return { types: [...a.types, ...b.types], documents: [...a.documents, ...b.documents] }
}

function assertMovable(live: Y.Doc): void {
  if (live._transaction !== null || live._transactionCleanups.length > 0) {
    throw new Error('A document can not be renumbered within a transaction')
  }
  if (isParked(live.store)) throw new Error('A document with parked updates can not be renumbered')
}

/** Of which clients the live document has more, and up to where. */
function lackedBy(rebuilt: Y.Doc, live: Y.Doc, table: IdTranslation) {
  const lacked: { readonly client: number; readonly known: number; readonly clock: number }[] = []
  for (const [client, structs] of live.store.clients) {
    // GC structs hold no content; the one below an author's first clock is not in the rebuilt document.
    const last = structs.findLast((struct) => struct instanceof Y.Item)
    const clock = last === undefined ? 0 : last.id.clock + last.length
    const known = Math.max(Y.getState(rebuilt.store, client), table.endOf(client))
    if (clock > known) lacked.push({ client, known, clock })
  }
  return lacked
}

/** Exchanges the structures of two documents that show the same. @returns the items that hold subdocuments. */
function relink(
  live: Y.Doc,
  rebuilt: Y.Doc,
  table: IdTranslation,
  inserted: Inserted,
  { undoManagers = [], redone = new Redone(live.store) }: MoveOptions,
): Y.Item[] {
  carryKept(live, rebuilt, table)
  for (const manager of undoManagers) translateUndoStacks(manager, table, redone)
  const { deleted, holders } = adopt(live, rebuilt.store)
  if (live.gc && !deleted.isEmpty) Y.tryGc(toDeleteSet(deleted), rebuilt.store, live.gcFilter)
  const pairs = [...pairRoots(live, rebuilt), ...inserted.types]
  pairs.push(...pairNested(live, rebuilt, table, inserted))
  for (const pair of pairs) relinkType(pair, live)
  live.store.clients = rebuilt.store.clients
  return holders
}

function pairRoots(live: Y.Doc, rebuilt: Y.Doc): TypePair[] {
  const names = new Set([...live.share.keys(), ...rebuilt.share.keys()])
  return [...names].map((name) => ({ type: live.get(name), model: rebuilt.get(name) }))
}

/** Matches nested types and subdocuments through the table; lays to rest those that have no counterpart. */
function pairNested(live: Y.Doc, rebuilt: Y.Doc, table: IdTranslation, inserted: Inserted): TypePair[] {
  const pairs: TypePair[] = []
  const shown = new Set(inserted.types.map(({ type }) => type))
  const taken = new Set(inserted.types.map(({ model }) => model))
  let grave: Y.Doc | undefined
  for (const structs of live.store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item)) continue
      const { content } = struct
      if (content instanceof Y.ContentDoc) rehouse(content.doc, counterpart(struct, rebuilt.store, table))
      if (!(content instanceof Y.ContentType) || shown.has(content.type)) continue
      const partner = counterpart(struct, rebuilt.store, table)
      if (partner?.content instanceof Y.ContentType && !taken.has(partner.content.type)) {
        pairs.push({ type: content.type, model: partner.content.type })
      } else {
        grave ??= new Y.Doc()
        bury(content.type, grave)
      }
    }
  }
  // Last: what was shown takes the place of what had to go for it.
  for (const { item, model } of inserted.documents) {
    if (!item.deleted && item.content instanceof Y.ContentDoc) rehouse(item.content.doc, model)
  }
  return pairs
}

function counterpart(item: Y.Item, store: StructStore, table: IdTranslation): Y.Item | undefined {
  const fate = table.find(item.id)
  if (fate !== undefined && fate.kind !== 'live') return undefined
  const id = fate === undefined ? item.id : table.id(fate.clock)
  if (id.clock >= Y.getState(store, id.client)) return undefined
  const found = Y.getItem(store, id)
  return found instanceof Y.Item ? found : undefined
}

function rehouse(subdocument: Y.Doc, item: Y.Item | undefined): void {
  if (!(item?.content instanceof Y.ContentDoc)) return
  item.content.doc = subdocument
  subdocument._item = item
}

function bury(type: SharedType, grave: Y.Doc): void {
  empty(type)
  type.doc = grave
}

function empty(type: SharedType): void {
  type._start = null
  type._map = new Map()
  type._length = 0
  if (type._searchMarker !== null) type._searchMarker = []
}

/**
 * Gives all types to the live document; those that it has itself take their places later.
 * @returns what is deleted, and the items that hold subdocuments. One walk for all: a large document is in no cache.
 */
function adopt(live: Y.Doc, store: StructStore): { deleted: IdRanges; holders: Y.Item[] } {
  const deleted = new IdRanges()
  const holders: Y.Item[] = []
  for (const structs of store.clients.values()) {
    for (const struct of structs) {
      if (struct.deleted) deleted.add(struct.id.client, struct.id.clock, struct.length)
      if (struct instanceof Y.Item && struct.content instanceof Y.ContentType) struct.content.type.doc = live
      if (struct instanceof Y.Item && struct.content instanceof Y.ContentDoc && !struct.deleted)
        holders.push(struct)
    }
  }
  return { deleted, holders }
}

function relinkType({ type, model }: TypePair, doc: Y.Doc): void {
  if (type._searchMarker !== null) type._searchMarker = []
  type._start = model._start
  type._map = model._map
  type._length = model._length
  type._item = model._item
  type.doc = doc
  if (type._item?.content instanceof Y.ContentType) type._item.content.type = type
  for (let item = type._start; item !== null; item = item.right) item.parent = type
  for (const last of type._map.values()) {
    for (let item: Y.Item | null = last; item !== null; item = item.left) item.parent = type
  }
}
