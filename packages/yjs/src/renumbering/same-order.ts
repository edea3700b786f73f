/**
 * Whether two documents made by the same operations, one before a cut and one after, show the same.
 *
 * What the base holds is in the same order in both. So they show the same if each item above the cut follows
 * the same visible item in both (a formatting mark in force is as good as visible), and each map entry written
 * above it has the same value. That costs as much as there is above the cut, however large the document.
 */
import * as Y from 'yjs'
import { eachStruct, type Struct } from '../store.js'
import type { IdTranslation } from './translation-table.js'

/** @returns false also in some cases where they do show the same: it then takes a comparison to know. */
export function showsSame(live: Y.Doc, rebuilt: Y.Doc, table: IdTranslation): boolean {
  const order = new Order(live, table)
  for (const [client, structs] of rebuilt.store.clients) {
    if (client === table.client) continue
    for (const struct of structs) {
      if (struct instanceof Y.Item && !order.isSame(struct)) return false
    }
  }
  return true
}

class Order {
  readonly #live: Y.Doc
  readonly #table: IdTranslation

  constructor(live: Y.Doc, table: IdTranslation) {
    this.#live = live
    this.#table = table
  }

  isSame(item: Y.Item): boolean {
    const { client, clock } = item.id
    const end = clock + item.length
    if (end > Y.getState(this.#live.store, client)) return false
    let isSame = true
    eachStruct(this.#live.store, client, clock, end, (struct) => {
      isSame &&= item.parentSub === null ? this.#isSamePart(struct, item) : this.#isSameEntry(struct, item)
    })
    return isSame
  }

  #isSamePart(struct: Struct, item: Y.Item): boolean {
    // What is collected is in a container that is deleted, or was deleted itself.
    if (!(struct instanceof Y.Item)) return item.deleted
    if (struct.deleted || item.deleted) return struct.deleted === item.deleted
    const clock = Math.max(struct.id.clock, item.id.clock)
    return this.#isSameId(
      visibleBefore(struct, clock - struct.id.clock),
      visibleBefore(item, clock - item.id.clock),
    )
  }

  #isSameEntry(struct: Struct, item: Y.Item): boolean {
    if (!(struct instanceof Y.Item)) return item.deleted
    return this.#isSameId(entryBeside(struct), entryBeside(item))
  }

  #isSameId(live: Y.ID | null, rebuilt: Y.ID | null): boolean {
    if (live === null || rebuilt === null) return live === rebuilt
    const fate = this.#table.find(live)
    if (fate === undefined) return Y.compareIDs(live, rebuilt)
    return fate.kind === 'live' && rebuilt.client === this.#table.client && rebuilt.clock === fate.clock
  }
}

/** The visible unit before the one at `offset`. */
function visibleBefore(item: Y.Item, offset: number): Y.ID | null {
  if (offset > 0) return Y.createID(item.id.client, item.id.clock + offset - 1)
  let left = item.left
  while (left?.deleted) left = left.left
  return left === null ? null : Y.createID(left.id.client, left.id.clock + left.length - 1)
}

/** What the map shows for the key that an item was written to. */
function entryBeside({ parent, parentSub }: Y.Item): Y.ID | null {
  if (!(parent instanceof Y.AbstractType) || parentSub === null) return null
  const entry = parent._map.get(parentSub)
  return entry === undefined || entry.deleted ? null : entry.id
}
