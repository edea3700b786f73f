/**
 * Behind what something stands in the new document, in what an operation's author had seen of it.
 *
 * Invariant: the new document does not change while this is in use; what the operation itself puts into it is told by
 * {@link LeftNeighbours.note}.
 */
import * as Y from 'yjs'
import type { IdTranslation } from './translation-table.js'

export class LeftNeighbours {
  readonly #into: Y.Doc
  readonly #table: IdTranslation
  readonly #seenOf: (client: number) => number
  /** Where the operation has changed that; by id. */
  readonly #noted = new Map<string, Y.ID | null>()

  /** @param seenOf before which clock of a client above the base something counts. */
  constructor(into: Y.Doc, table: IdTranslation, seenOf: (client: number) => number) {
    this.#into = into
    this.#table = table
    this.#seenOf = seenOf
  }

  /** The operation has put an item of its own between these. */
  note({ id, length }: Y.Item, left: Y.ID | null, right: Y.ID | null): void {
    this.#noted.set(keyOf(id), left)
    if (right !== null) this.#noted.set(keyOf(right), Y.createID(id.client, id.clock + length - 1))
  }

  /** Null: it stands at the beginning. */
  of(id: Y.ID): Y.ID | null {
    const noted = this.#noted.get(keyOf(id))
    if (noted !== undefined) return noted
    const struct: Y.Item | Y.GC = Y.getItem(this.#into.store, id)
    if (!(struct instanceof Y.Item)) return null
    if (id.clock > struct.id.clock) return Y.createID(id.client, id.clock - 1)
    let { left } = struct
    while (left !== null && !this.#isSeen(left.id)) left = left.left
    if (left === null) return null
    const last = left.id.clock + left.length
    const { client } = left.id
    const end = client === this.#table.client ? last : Math.min(last, this.#seenOf(client))
    return Y.createID(client, end - 1)
  }

  #isSeen({ client, clock }: Y.ID): boolean {
    return client === this.#table.client || clock < this.#seenOf(client)
  }
}

const keyOf = ({ client, clock }: Y.ID): string => `${client}:${clock}`
