/**
 * What this document has and the state that was loaded into it had not: text typed offline, or brought along
 * from an earlier membership. It becomes a local change once the state is loaded.
 *
 * Structs are compared by clock, as a state vector can be; deletions by set difference, because a state vector
 * does not know of them.
 */
import * as Y from 'yjs'
import { type IdRange, IdRanges } from './id-ranges.js'
import type { LocalChanges } from './local-changes.js'
import type { StructStore } from './store.js'

/** What the gate found in one piece. */
export interface PieceContents {
  readonly sections: ReadonlyMap<number, { readonly clock: number; readonly end: number }>
  readonly deletes: Parameters<IdRanges['addDeleteSet']>[0]
}

export class Load {
  /** Per client the clock up to which the pieces, taken together, hold all structs. */
  readonly #state = new Map<number, number>()
  /** Kept only where there is something to compare it with: an empty document has nothing of its own to carry. */
  readonly #deletes: IdRanges | undefined

  constructor(store: StructStore) {
    this.#deletes = store.clients.size === 0 ? undefined : new IdRanges()
  }

  /** @returns why this piece can not follow those before it, or undefined. */
  add(piece: PieceContents): string | undefined {
    for (const [client, { clock }] of piece.sections) {
      const reached = this.#state.get(client) ?? 0
      if (clock > reached) return `the pieces hold nothing of client ${client} from ${reached} to ${clock}`
    }
    for (const [client, { end }] of piece.sections) {
      this.#state.set(client, Math.max(end, this.#state.get(client) ?? 0))
    }
    this.#deletes?.addDeleteSet(piece.deletes)
    return undefined
  }

  /** Leaves in `changes` exactly what the document has and the pieces had not. */
  finish(store: StructStore, changes: LocalChanges): void {
    if (this.#deletes === undefined) {
      changes.dropBelow(this.#state)
      return
    }
    const deletes = new IdRanges()
    deletes.addDeleteSet(Y.createDeleteSetFromStructStore(store))
    changes.replace(this.#newStructs(store), deletes.minus(this.#deletes))
  }

  #newStructs(store: StructStore): Map<number, IdRange> {
    const structs = new Map<number, IdRange>()
    for (const client of store.clients.keys()) {
      const clock = this.#state.get(client) ?? 0
      const end = Y.getState(store, client)
      if (end > clock) structs.set(client, { clock, end })
    }
    return structs
  }
}
