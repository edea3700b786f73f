/**
 * An update in which no item names a right neighbour that stands left of its left one.
 *
 * No document writes such a pair, and where between the two is, is nowhere: the right one does not count (rule CU10). A
 * crossing drops it as well, so that what lies above a cut stands where it stood before. It says nothing about what else
 * the update holds.
 */
import * as Y from 'yjs'
import { inspectAboveCut } from '../gate.js'
import { IdRanges } from '../id-ranges.js'
import { encodeUpdate, sectionsOf } from '../renumbering/index.js'
import type { StructStore } from '../store.js'

/** What comes into the document of that store next; what fails the gate is left as it is. */
export function uncrossedIn(store: StructStore, update: Uint8Array): Uint8Array {
  const contents = inspectAboveCut(update, store)
  return typeof contents === 'string' ? update : uncrossed(update, contents.crossedIds)
}

/** @param crossed of the items that name such a pair. */
export function uncrossed(update: Uint8Array, crossed: readonly Y.ID[]): Uint8Array {
  if (crossed.length === 0) return update
  const { structs, ds } = Y.decodeUpdate(update)
  // Somebody may have crossed as many as fit into an update.
  const names = new Set(crossed.map(nameOf))
  for (const struct of structs) {
    if (struct instanceof Y.Item && names.has(nameOf(struct.id))) struct.rightOrigin = null
  }
  const deletes = new IdRanges()
  deletes.addDeleteSet(ds)
  return encodeUpdate(
    sectionsOf(structs, () => 0),
    deletes,
  )
}

function nameOf({ client, clock }: Y.ID): string {
  return `${client}:${clock}`
}
