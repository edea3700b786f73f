/**
 * Reading Yjs' struct store: per client an array of structs, ordered by clock and without gaps.
 *
 * Invariant: an array position or a struct is valid only until control returns to the application. Edits split,
 * merge and replace structs, so whatever outlives a call is remembered as (client, clock).
 */
import * as Y from 'yjs'

export type Struct = Y.Item | Y.GC
export type StructStore = Y.Doc['store']

/** Per client the clock after what is meant: a Yjs state vector. A missing entry is 0. */
export type StateVector = ReadonlyMap<number, number>

export function stateVector(store: StructStore): Map<number, number> {
  const clocks = new Map<number, number>()
  for (const client of store.clients.keys()) clocks.set(client, Y.getState(store, client))
  return clocks
}

export function isParked(store: StructStore): boolean {
  return store.pendingStructs !== null || store.pendingDs !== null
}

/** Walks one client's structs from a clock on, within one call. */
export class StructCursor {
  readonly #structs: readonly Struct[]
  #index: number

  constructor(store: StructStore, client: number, clock: number) {
    const structs = store.clients.get(client)
    if (structs === undefined || clock >= Y.getState(store, client)) {
      throw new Error(`The store has no struct ${client}:${clock}`)
    }
    this.#structs = structs
    this.#index = Y.findIndexSS(structs, clock)
  }

  get struct(): Struct {
    const struct = this.#structs[this.#index]
    if (struct === undefined) throw new Error('A struct cursor ran past the end of its client')
    return struct
  }

  advance(): void {
    this.#index++
  }
}

/** Calls `visit` for each struct that overlaps the clocks from `from` up to `to` (exclusive). */
export function eachStruct(
  store: StructStore,
  client: number,
  from: number,
  to: number,
  visit: (struct: Struct) => void,
): void {
  if (from >= to) return
  const cursor = new StructCursor(store, client, from)
  for (let clock = from; clock < to; ) {
    const struct = cursor.struct
    visit(struct)
    clock = struct.id.clock + struct.length
    if (clock < to) cursor.advance()
  }
}
