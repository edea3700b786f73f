/**
 * The names under which somebody of another room brings along what it has, if history was cut there and it does not
 * hold the tables that lead back to the authors (protocol rule LI4; otherwise see earlier-names.ts).
 *
 * A base is called after its room and epoch, but what lies above it bears its authors' ids, and these mean less in each
 * epoch: what an author did below the cut is in the base, and of its clocks only those above are left. Two who come
 * over from different epochs would use one client id for different things, and what is shown would depend on who came
 * first. So authors are renamed after the epoch: those who come from the same one still say the same.
 *
 * Invariant: a name is a function of room, epoch and author; two authors keep their order, by which Yjs tells apart
 * what is concurrent. Nothing that is shown changes, nor does any object that the application holds.
 */
import type { Naming } from '@tidemark/core'
import * as sha256 from 'lib0/hash/sha256'
import * as string from 'lib0/string'
import * as Y from 'yjs'

export type Rename = (client: number) => number
/** How an id that a document had is called in it now. */
export type RenameId = (id: Y.ID) => Y.ID

/** Yjs draws ids below it; what is above it, up to the largest exact integer, says where one comes from. */
const AUTHORS = 2 ** 32
const ORIGIN_BITS = 20

/** @param base the synthetic client of that epoch's base: it keeps its id. */
export function foreignNames({ lineage, epoch }: Naming, base: number): Rename {
  const origins = new Map<number, number>()
  const given = new Set<number>()
  return (client) => {
    const before = Math.floor(client / AUTHORS)
    // What has been renamed stays so: a position may come by more than once.
    if (client === base || given.has(before)) return client
    const origin = origins.get(before) ?? originOf(`${before} ${epoch} ${lineage}`)
    origins.set(before, origin)
    given.add(origin)
    return origin * AUTHORS + (client % AUTHORS)
  }
}

function originOf(text: string): number {
  const [a = 0, b = 0, c = 0] = sha256.digest(string.encodeUtf8(text))
  return 1 + (((a << 16) | (b << 8) | c) % (2 ** ORIGIN_BITS - 1))
}

/**
 * Renames the authors of a document that nobody is changing, its own user among them, where they stand.
 *
 * @returns how ids it had are called now.
 */
export function renameAuthors(doc: Y.Doc, rename: Rename, undoManagers: readonly Y.UndoManager[]): RenameId {
  const renameId: RenameId = ({ client, clock }) => Y.createID(rename(client), clock)
  const renamed = (id: Y.ID | null) => id && renameId(id)
  const clients: typeof doc.store.clients = new Map()
  for (const [client, structs] of doc.store.clients) {
    clients.set(rename(client), structs)
    for (const struct of structs) {
      struct.id = Y.createID(rename(client), struct.id.clock)
      if (!(struct instanceof Y.Item)) continue
      struct.origin = renamed(struct.origin)
      struct.rightOrigin = renamed(struct.rightOrigin)
      struct.redone = renamed(struct.redone)
    }
  }
  doc.store.clients = clients
  doc.clientID = rename(doc.clientID)
  for (const { undoStack, redoStack } of undoManagers) {
    for (const { insertions, deletions } of [...undoStack, ...redoStack]) {
      for (const { clients: ranges } of [insertions, deletions]) renameKeys(ranges, rename)
    }
  }
  return renameId
}

function renameKeys<T>(map: Map<number, T>, rename: Rename): void {
  const entries = [...map]
  map.clear()
  for (const [client, value] of entries) map.set(rename(client), value)
}

export function renamePosition(position: Y.RelativePosition, rename: RenameId): Y.RelativePosition {
  const renamed = (id: Y.ID | null) => id && rename(id)
  const { type, tname, item, assoc } = position
  return new Y.RelativePosition(renamed(type), tname, renamed(item), assoc)
}
