/**
 * What undo needs, carried through a cut: the stacks name ids, kept items must keep their content, and an item that
 * was brought back points at what it came back as.
 *
 * What a cut has purged can not be brought back: it leaves the stacks, and a step with nothing left goes with it. To
 * keep undo useful, let cuts lie some time behind the present.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { translateIds } from './translate.js'
import type { IdTranslation } from './translation-table.js'

export function translateUndoStacks(manager: Y.UndoManager, table: IdTranslation): void {
  for (const stack of [manager.undoStack, manager.redoStack]) {
    for (const item of stack) {
      item.insertions = toDeleteSet(translateIds(item.insertions, table))
      item.deletions = toDeleteSet(translateIds(item.deletions, table))
    }
  }
  const hasEffect = (item: (typeof manager.undoStack)[number]) =>
    item.insertions.clients.size > 0 || item.deletions.clients.size > 0
  manager.undoStack = manager.undoStack.filter(hasEffect)
  manager.redoStack = manager.redoStack.filter(hasEffect)
}

/** Marks in `rebuilt` what undo managers keep in `live`. */
export function carryKept(live: Y.Doc, rebuilt: Y.Doc, table: IdTranslation): void {
  const kept = new IdRanges()
  const redone: Redone[] = []
  for (const structs of live.store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item)) continue
      if (struct.keep) kept.add(struct.id.client, struct.id.clock, struct.length)
      if (struct.redone !== null) redone.push({ id: struct.id, length: struct.length, as: struct.redone })
    }
  }
  if (kept.isEmpty && redone.length === 0) return
  rebuilt.transact((transaction) => {
    Y.iterateDeletedStructs(transaction, toDeleteSet(translateIds(toDeleteSet(kept), table)), (struct) => {
      if (struct instanceof Y.Item) struct.keep = true
    })
    for (const entry of redone) carryRedone(transaction, entry, table)
  })
}

interface Redone {
  readonly id: Y.ID
  readonly length: number
  readonly as: Y.ID
}

function carryRedone(transaction: Y.Transaction, { id, length, as }: Redone, table: IdTranslation): void {
  for (let offset = 0; offset < length; ) {
    const from = renamed(table, id, offset)
    const to = renamed(table, as, offset)
    const units = Math.min(length - offset, from.length, to.length)
    offset += units
    const source = from.id
    const target = to.id
    if (source === null || target === null) continue
    const range = new IdRanges()
    range.add(source.client, source.clock, units)
    Y.iterateDeletedStructs(transaction, toDeleteSet(range), (struct) => {
      if (!(struct instanceof Y.Item)) return
      struct.redone = Y.createID(target.client, target.clock + struct.id.clock - source.clock)
    })
  }
}

function renamed(
  table: IdTranslation,
  { client, clock }: Y.ID,
  offset: number,
): { readonly id: Y.ID | null; readonly length: number } {
  const id = Y.createID(client, clock + offset)
  const fate = table.find(id)
  if (fate === undefined) return { id, length: Number.POSITIVE_INFINITY }
  return { id: fate.kind === 'live' ? table.id(fate.clock) : null, length: fate.length }
}

type DeleteSet = ReturnType<typeof Y.createDeleteSet>

export function toDeleteSet(ids: IdRanges): DeleteSet {
  // Yjs exports no class for these; a merged copy of plain ranges is one.
  const clients = new Map(
    [...ids.clients()].map((client) => [
      client,
      ids.of(client).map(({ clock, end }) => ({ clock, len: end - clock })),
    ]),
  )
  return Y.mergeDeleteSets([{ clients }])
}
