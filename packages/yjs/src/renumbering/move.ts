/**
 * Gives a live document the structure that was rebuilt after a cut.
 *
 * Invariants: the document, every shared type and every subdocument the application holds stay the same objects,
 * with their observers and undo managers; what they show changes only by events; the replica's own client goes on at
 * the clock it had. Everything in the live document is in the rebuilt one, so local changes are taken (and are
 * part of the window) beforehand.
 *
 * A type that was purged with its container may still be held by somebody. It is handed to a document of its own,
 * where writing to it has no effect: as before the cut, when it was merely deleted.
 */
import * as Y from 'yjs'
import { isParked, type StructStore } from '../store.js'
import { compare, type TypePair } from './difference.js'
import { fillTo } from './rebuild.js'
import type { TranslationTable } from './translation-table.js'
import { carryKept, translateUndoStacks } from './undo.js'
import type { Rename, SharedType } from './visible-units.js'

export interface MoveOptions {
  /**
   * The origin of the transaction that shows a visible difference; what it changes must not be sent. An observer
   * must not edit in answer to it: its edit would name structs that are gone the moment after, so that is an error.
   */
  readonly origin: unknown
  readonly undoManagers?: readonly Y.UndoManager[]
}

/** @returns whether anything visible has changed. `rebuilt` must not be used any more. */
export function moveInto(
  live: Y.Doc,
  rebuilt: Y.Doc,
  table: TranslationTable,
  options: MoveOptions,
): boolean {
  assertMovable(live, rebuilt, table)
  const ownClock = Y.getState(live.store, live.clientID)
  const difference = compare(live, rebuilt, renameBy(table))
  const inserted = difference.isEmpty ? [] : show(live, options.origin, difference.apply)
  carryKept(live, rebuilt, table)
  for (const manager of options.undoManagers ?? []) translateUndoStacks(manager, table)
  if (live.gc) Y.tryGc(Y.createDeleteSetFromStructStore(rebuilt.store), rebuilt.store, live.gcFilter)
  const pairs = [...pairRoots(live, rebuilt), ...inserted]
  pairs.push(...pairNested(live, rebuilt, table, inserted))
  adoptTypes(live, rebuilt.store)
  for (const pair of pairs) relink(pair, live)
  live.store.clients = rebuilt.store.clients
  fillTo(live, live.clientID, ownClock)
  return !difference.isEmpty
}

function assertMovable(live: Y.Doc, rebuilt: Y.Doc, table: TranslationTable): void {
  if (live._transaction !== null || live._transactionCleanups.length > 0) {
    throw new Error('A document can not be renumbered within a transaction')
  }
  if (isParked(live.store)) throw new Error('A document with parked updates can not be renumbered')
  for (const [client, structs] of live.store.clients) {
    // GC structs hold no content; the one below an author's first clock is not in the rebuilt document.
    const last = structs.findLast((struct) => struct instanceof Y.Item)
    const clock = last === undefined ? 0 : last.id.clock + last.length
    const known = Math.max(Y.getState(rebuilt.store, client), table.endOf(client))
    if (clock > known)
      throw new Error(`The rebuilt document lacks what client ${client} did from ${known} to ${clock}`)
  }
}

function renameBy(table: TranslationTable): Rename {
  return (client, clock, length) => {
    const fate = table.find({ client, clock })
    if (fate === undefined) return { client, clock, length }
    if (fate.kind !== 'live')
      throw new Error(`The live document shows ${client}:${clock}, which the cut has purged`)
    return { client: table.client, clock: fate.clock, length: Math.min(length, fate.length) }
  }
}

/**
 * Under a client id of its own: these structs are replaced at once, and their clocks must not be missing in the
 * replica's own sequence.
 */
function show(live: Y.Doc, origin: unknown, apply: () => TypePair[]): TypePair[] {
  const ownClient = live.clientID
  const restore = () => {
    live.clientID = ownClient
  }
  let isEdited = false
  const watch = (transaction: Y.Transaction) => {
    if (transaction.origin !== origin && transaction.changed.size > 0) isEdited = true
  }
  // Before observers run, so that what they write is the replica's own.
  live.on('beforeObserverCalls', restore)
  live.on('afterTransaction', watch)
  let inserted: TypePair[]
  try {
    inserted = live.transact(() => {
      live.clientID = unusedClient(live)
      return apply()
    }, origin)
  } finally {
    live.off('beforeObserverCalls', restore)
    live.off('afterTransaction', watch)
    restore()
  }
  if (isEdited) throw new Error('An observer edited the document while a renumbering was being shown')
  return inserted
}

function unusedClient(doc: Y.Doc): number {
  let client = 2 ** 32 - 1
  while (doc.store.clients.has(client)) client--
  return client
}

function pairRoots(live: Y.Doc, rebuilt: Y.Doc): TypePair[] {
  const names = new Set([...live.share.keys(), ...rebuilt.share.keys()])
  return [...names].map((name) => ({ live: live.get(name), rebuilt: rebuilt.get(name) }))
}

/** Matches nested types and subdocuments through the table; lays to rest those that have no counterpart. */
function pairNested(
  live: Y.Doc,
  rebuilt: Y.Doc,
  table: TranslationTable,
  inserted: readonly TypePair[],
): TypePair[] {
  const pairs: TypePair[] = []
  const shown = new Set(inserted.map((pair) => pair.live))
  const taken = new Set(inserted.map((pair) => pair.rebuilt))
  let grave: Y.Doc | undefined
  for (const structs of live.store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item)) continue
      const { content } = struct
      if (content instanceof Y.ContentDoc) rehouse(content.doc, counterpart(struct, rebuilt.store, table))
      if (!(content instanceof Y.ContentType) || shown.has(content.type)) continue
      const partner = counterpart(struct, rebuilt.store, table)
      if (partner?.content instanceof Y.ContentType && !taken.has(partner.content.type)) {
        pairs.push({ live: content.type, rebuilt: partner.content.type })
      } else {
        grave ??= new Y.Doc()
        bury(content.type, grave)
      }
    }
  }
  return pairs
}

function counterpart(item: Y.Item, store: StructStore, table: TranslationTable): Y.Item | undefined {
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

function adoptTypes(live: Y.Doc, store: StructStore): void {
  for (const structs of store.clients.values()) {
    for (const struct of structs) {
      if (struct instanceof Y.Item && struct.content instanceof Y.ContentType) struct.content.type.doc = live
    }
  }
}

function relink({ live, rebuilt }: TypePair, doc: Y.Doc): void {
  empty(live)
  live._start = rebuilt._start
  live._map = rebuilt._map
  live._length = rebuilt._length
  live._item = rebuilt._item
  live.doc = doc
  if (live._item?.content instanceof Y.ContentType) live._item.content.type = live
  for (let item = live._start; item !== null; item = item.right) item.parent = live
  for (const last of live._map.values()) {
    for (let item: Y.Item | null = last; item !== null; item = item.left) item.parent = live
  }
}
