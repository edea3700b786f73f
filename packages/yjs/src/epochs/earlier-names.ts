/**
 * Giving a document back the names that its content had before some cuts (protocol rule LI5): those of an earlier
 * naming for what stood in it, and for what was written since those that it was authored under.
 *
 * Where two histories that both went on meet, these are the names that both know. Somebody of the other history may
 * still hold, and type beside, what the cuts have let go here: so that comes back, too, without its content, in the gap
 * that it left. Only what was in something that is gone as a whole has no place: it is named as collected.
 *
 * Invariants: nothing that is shown changes, nor does any object that the application holds. An item of the base no
 * longer says what it was written beside, only where it stands.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { type Gap, type Inverse, toDeleteSet } from '../renumbering/index.js'
import type { Struct, StructStore } from '../store.js'
import type { RenameId } from './foreign-names.js'
import { type Fragment, Fragments } from './fragments.js'

/** Of a document that nobody is changing. @returns how ids it had are called now. */
export function restoreNames(doc: Y.Doc, inverse: Inverse, undoManagers: readonly Y.UndoManager[]): RenameId {
  const rename: RenameId = (id) => {
    if (id.client !== inverse.client) return id
    const { client, clock } = inverse.find(id.clock)
    return Y.createID(client, clock)
  }
  const { store } = doc
  const vanished = [...vanishedOf(inverse)]
  const base = takeBase(store, inverse, vanished)
  for (const structs of store.clients.values()) {
    for (const struct of structs) {
      if (!(struct instanceof Y.Item)) continue
      struct.origin = struct.origin && rename(struct.origin)
      struct.rightOrigin = struct.rightOrigin && rename(struct.rightOrigin)
      struct.redone = struct.redone && rename(struct.redone)
    }
  }
  const restored = new Map<number, Y.Item[]>()
  const restore = (item: Y.Item) => {
    const ofClient = restored.get(item.id.client)
    if (ofClient === undefined) restored.set(item.id.client, [item])
    else ofClient.push(item)
  }
  for (const { clock, item } of base.all) {
    item.id = rename(Y.createID(inverse.client, clock))
    item.redone = item.redone && rename(item.redone)
    restore(item)
  }
  for (const { id, length, gap } of vanished) {
    const item = base.putBack(doc, id, length, gap)
    if (item !== undefined) restore(item)
  }
  for (const [client, end] of inverse.ends) {
    const items = (restored.get(client) ?? []).sort((a, b) => a.id.clock - b.id.clock)
    store.clients.set(client, gapless(client, items, end, store.clients.get(client) ?? []))
  }
  for (const { undoStack, redoStack } of undoManagers) {
    for (const step of [...undoStack, ...redoStack]) {
      step.insertions = toDeleteSet(renamedRanges(step.insertions, inverse))
      step.deletions = toDeleteSet(renamedRanges(step.deletions, inverse))
    }
  }
  return rename
}

interface Vanished {
  readonly id: Y.ID
  readonly length: number
  readonly gap: Gap
}

/** What the cuts have let go of what they have kept the container of. */
function* vanishedOf({ ends, table }: Inverse): Generator<Vanished> {
  for (const [client, end] of ends) {
    for (let clock = 0; clock < end; ) {
      const fate = table.find({ client, clock })
      const length = Math.min(fate?.length ?? end, end - clock)
      if (fate?.kind === 'gone') yield { id: Y.createID(client, clock), length, gap: fate.gap }
      clock += length
    }
  }
}

/** Takes the base's items out of the store, each as a whole of what was written, and has stayed, in one piece. */
function takeBase(store: StructStore, inverse: Inverse, vanished: readonly Vanished[]): Fragments {
  const gapsAt = new Set(vanished.flatMap(({ gap }) => (gap.left === null ? [] : [gap.left + 1])))
  const fragments: Fragment[] = []
  for (const struct of store.clients.get(inverse.client) ?? []) {
    let rest: Y.Item | undefined = struct instanceof Y.Item ? struct : undefined
    while (rest !== undefined) {
      const item: Y.Item = rest
      const { clock } = item.id
      let length = Math.min(inverse.find(clock).length, item.length)
      for (let at = 1; at < length; at++) if (gapsAt.has(clock + at)) length = at
      rest = length < item.length ? splitOff(item, length) : undefined
      item.origin = null
      item.rightOrigin = null
      fragments.push({ clock, item })
    }
  }
  store.clients.delete(inverse.client)
  return new Fragments(fragments)
}

/** What Yjs does within a transaction; here it is none, and nothing may be merged again. */
function splitOff(item: Y.Item, offset: number): Y.Item {
  const { client, clock } = item.id
  const { right, parent, parentSub, content, redone } = item
  const id = Y.createID(client, clock + offset)
  const rest = new Y.Item(id, item, null, right, null, parent, parentSub, content.splice(offset))
  if (item.deleted) rest.markDeleted()
  if (item.keep) rest.keep = true
  if (redone !== null) rest.redone = Y.createID(redone.client, redone.clock + offset)
  item.right = rest
  if (right !== null) right.left = rest
  else if (parentSub !== null && parent instanceof Y.AbstractType) parent._map.set(parentSub, rest)
  item.length = offset
  return rest
}

/** @param above what the client has written above the base; the gap below its first clock is filled anyhow. */
function gapless(
  client: number,
  restored: readonly Y.Item[],
  end: number,
  above: readonly Struct[],
): Struct[] {
  const structs: Struct[] = []
  let reached = 0
  const collect = (to: number) => {
    if (to <= reached) return
    const last = structs.at(-1)
    if (last instanceof Y.GC) last.length += to - reached
    else structs.push(new Y.GC(Y.createID(client, reached), to - reached))
    reached = to
  }
  const add = (item: Y.Item) => {
    if (item.id.clock < reached) throw new Error(`Two things are called ${client}:${item.id.clock}`)
    collect(item.id.clock)
    structs.push(item)
    reached += item.length
  }
  for (const item of restored) add(item)
  collect(end)
  for (const struct of above) {
    if (struct instanceof Y.Item) add(struct)
    else collect(struct.id.clock + struct.length)
  }
  return structs
}

function renamedRanges(ids: Parameters<IdRanges['addDeleteSet']>[0], inverse: Inverse): IdRanges {
  const renamed = new IdRanges()
  for (const [client, ranges] of ids.clients) {
    for (const { clock, len } of ranges) {
      if (client !== inverse.client) {
        renamed.add(client, clock, len)
        continue
      }
      for (let at = clock; at < clock + len; ) {
        const name = inverse.find(at)
        const length = Math.min(name.length, clock + len - at)
        renamed.add(name.client, name.clock, length)
        at += length
      }
    }
  }
  return renamed
}
