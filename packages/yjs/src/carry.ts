/**
 * A state on its way into a document whose ids stay as they are, and what the document has that the state had not: text
 * typed offline, or brought along from an earlier membership. That becomes a local change once the state is in.
 *
 * Invariant: the document gets the whole state or nothing of it. Half of one would hold parts of removals that its
 * sponsor need never have told anybody of.
 *
 * Structs are compared by clock, as a state vector can be; deletions by set difference, because a state vector
 * does not know of them.
 */
import * as Y from 'yjs'
import { inspect } from './gate.js'
import { deletesOf, type IdRange } from './id-ranges.js'
import type { LocalChanges } from './local-changes.js'
import { Rebuilding } from './renumbering/index.js'
import { type StructStore, stateVector } from './store.js'

export class Load {
  /** What has come so far, for looking over what comes next. */
  readonly #room = new Rebuilding()
  readonly #pieces: Uint8Array[] = []

  /** @returns why this piece can not follow those before it, or undefined. */
  add(piece: Uint8Array): string | undefined {
    const contents = inspect(piece, this.#room.doc.store)
    if (typeof contents === 'string') return contents
    this.#room.add(piece)
    this.#pieces.push(piece)
    return undefined
  }

  /**
   * All of it has come.
   * @param integrate is given one piece after the other.
   * @returns why a piece does not fit what the document had, or undefined: no honest sponsor sends such a thing.
   */
  into({ store }: Y.Doc, integrate: (piece: Uint8Array) => void): string | undefined {
    const isEmpty = store.clients.size === 0
    for (const piece of this.#pieces) {
      const contents = isEmpty ? undefined : inspect(piece, store)
      if (typeof contents === 'string') return contents
      integrate(piece)
    }
    return undefined
  }

  /** Leaves in `changes` exactly what the document has and the state had not. */
  leaveRest({ store }: Y.Doc, changes: LocalChanges): void {
    const room = this.#room.doc.store
    changes.replace(structsBeyond(stateVector(room), store), deletesOf(store).minus(deletesOf(room)))
  }
}

function structsBeyond(known: ReadonlyMap<number, number>, store: StructStore): Map<number, IdRange> {
  const structs = new Map<number, IdRange>()
  for (const client of store.clients.keys()) {
    const clock = known.get(client) ?? 0
    const end = Y.getState(store, client)
    if (end > clock) structs.set(client, { clock, end })
  }
  return structs
}
