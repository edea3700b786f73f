/**
 * What undo needs, carried through a cut: the stacks name ids, kept items must keep their content, and an item that
 * was brought back points at what it came back as.
 *
 * What a cut has purged can not be brought back: it leaves the stacks, and a step with nothing left goes with it. So
 * does one that replaced something: undone by half, it would take away what is there and put nothing in its place, for
 * everybody. The steps around it stay, as with Yjs, which passes over those that have no effect. To keep undo useful, let
 * cuts lie some time behind the present.
 */
import * as Y from 'yjs'
import { type DeleteSetLike, IdRanges } from '../id-ranges.js'
import { eachStruct, type Struct } from '../store.js'
import type { Redone } from './redone.js'
import { translateIds } from './translate.js'
import type { IdTranslation } from './translation-table.js'

type Step = Y.UndoManager['undoStack'][number]

/** While the live document still has the ids of before. */
export function translateUndoStacks(manager: Y.UndoManager, table: IdTranslation, redone: Redone): void {
  const latest = manager.undoStack.at(-1)
  const follows = (step: Step) => translateStep(step, manager, table, redone)
  manager.undoStack = manager.undoStack.filter(follows)
  manager.redoStack = manager.redoStack.filter(follows)
  // What is done next belongs to the step that is gone, and not to whatever was done before it.
  if (manager.undoStack.at(-1) !== latest) manager.stopCapturing()
}

/** @returns whether the step can still be undone. */
function translateStep(step: Step, manager: Y.UndoManager, table: IdTranslation, redone: Redone): boolean {
  const [inserted, deleted] = [idsOf(step.insertions), idsOf(step.deletions)]
  const translated = (ids: IdRanges) => translateIds(toDeleteSet(redone.survivors(ids, table)), table)
  const isHalved =
    !translated(inserted.minus(deleted)).isEmpty && losesContent(deleted.minus(inserted), manager, table)
  step.insertions = toDeleteSet(translated(inserted))
  step.deletions = toDeleteSet(translateIds(step.deletions, table))
  return !isHalved && (step.insertions.clients.size > 0 || step.deletions.clients.size > 0)
}

/** Whether a cut has purged something of it that the manager would have brought back. */
function losesContent(ids: IdRanges, { doc, scope }: Y.UndoManager, table: IdTranslation): boolean {
  const isWatched = (item: Y.Item) => scope.some((type) => type instanceof Y.Doc || Y.isParentOf(type, item))
  const lost = lostOf(ids, table)
  let loses = false
  for (const client of lost.clients()) {
    const known = Y.getState(doc.store, client)
    for (const { clock, end } of lost.of(client)) {
      eachStruct(doc.store, client, clock, Math.min(end, known), (struct) => {
        loses ||= canComeBack(struct) && isWatched(struct)
      })
    }
  }
  return loses
}

/** Not what others than the manager have brought back already. */
function canComeBack(struct: Struct): struct is Y.Item {
  return struct instanceof Y.Item && !(struct.content instanceof Y.ContentDeleted) && struct.redone === null
}

function lostOf(ids: IdRanges, table: IdTranslation): IdRanges {
  const lost = new IdRanges()
  for (const client of ids.clients()) {
    for (const { clock, end } of ids.of(client)) {
      for (let at = clock; at < end; ) {
        const fate = table.find({ client, clock: at })
        const length = Math.min(end - at, fate?.length ?? Number.POSITIVE_INFINITY)
        if (fate !== undefined && fate.kind !== 'live') lost.add(client, at, length)
        at += length
      }
    }
  }
  return lost
}

/**
 * What observers do while a difference is shown is done once more in the rebuilt document, under other ids than those a
 * manager has heard of. It is the application's answer, and no step of its user's.
 *
 * @returns a function that takes out of the stacks what has come in since.
 */
export function rememberSteps(managers: readonly Y.UndoManager[]): () => void {
  const known = new Map<Step, Pick<Step, 'insertions' | 'deletions'>>()
  for (const { undoStack, redoStack } of managers) {
    for (const step of [...undoStack, ...redoStack]) {
      known.set(step, { insertions: step.insertions, deletions: step.deletions })
    }
  }
  const restore = (step: Step) => {
    const before = known.get(step)
    if (before !== undefined) Object.assign(step, before)
    return before !== undefined
  }
  return () => {
    for (const manager of managers) {
      manager.undoStack = manager.undoStack.filter(restore)
      manager.redoStack = manager.redoStack.filter(restore)
      manager.stopCapturing()
    }
  }
}

/** Marks in `rebuilt` what undo managers keep in `live`. */
export function carryKept(live: Y.Doc, rebuilt: Y.Doc, table: IdTranslation): void {
  const kept = new IdRanges()
  const redone: Trace[] = []
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

interface Trace {
  readonly id: Y.ID
  readonly length: number
  readonly as: Y.ID
}

function carryRedone(transaction: Y.Transaction, { id, length, as }: Trace, table: IdTranslation): void {
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

function idsOf(ids: DeleteSetLike): IdRanges {
  const ranges = new IdRanges()
  ranges.addDeleteSet(ids)
  return ranges
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
