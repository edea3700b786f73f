/**
 * What this replica's user (or Yjs' own clean-up, an undo manager, another provider) changed and no operation
 * holds yet.
 *
 * It is kept as ids, not as Yjs' update messages, and read from the document when it is taken: a thousand
 * keystrokes come out as the one run Yjs has merged them into, text that was erased again leaves no content, and
 * no update is encoded for every transaction. `Y.mergeUpdates` merges no runs, and takes quadratic time for many
 * messages.
 *
 * Invariant: new structs of a client are one interval of clocks. Where another provider and this structure take
 * turns in integrating the same client, it spans what came in between too, which costs bytes and nothing else.
 */
import * as Y from 'yjs'
import type { IdRange, IdRanges } from './id-ranges.js'
import { IdRanges as Ranges } from './id-ranges.js'
import { eachStruct, type StateVector } from './store.js'
import { RootNames } from './struct-part.js'
import { UpdateWriter } from './update-writer.js'

export class LocalChanges {
  #structs = new Map<number, IdRange>()
  #deletes = new Ranges()

  get isEmpty(): boolean {
    return this.#structs.size === 0 && this.#deletes.isEmpty
  }

  /** @returns whether the transaction changed anything. */
  record(transaction: Y.Transaction): boolean {
    let changed = transaction.deleteSet.clients.size > 0
    for (const [client, end] of transaction.afterState) {
      const clock = transaction.beforeState.get(client) ?? 0
      if (end === clock) continue
      changed = true
      this.#addStructs(client, clock, end)
    }
    this.#deletes.addDeleteSet(transaction.deleteSet)
    return changed
  }

  /** Forgets everything recorded in favour of what is known to be missing elsewhere. */
  replace(structs: ReadonlyMap<number, IdRange>, deletes: IdRanges): void {
    this.#structs = new Map(structs)
    this.#deletes = deletes
  }

  clear(): void {
    this.replace(new Map(), new Ranges())
  }

  /** Adds what an update holds, which the document has got in another way than by a transaction of its own. */
  add(update: Uint8Array): void {
    const { structs, ds } = Y.decodeUpdate(update)
    for (const { id, length } of structs) this.#addStructs(id.client, id.clock, id.clock + length)
    this.#deletes.addDeleteSet(ds)
  }

  /** Forgets new structs that the others turn out to have. */
  dropBelow(known: StateVector): void {
    for (const [client, range] of this.#structs) {
      range.clock = Math.max(range.clock, known.get(client) ?? 0)
      if (range.clock >= range.end) this.#structs.delete(client)
    }
  }

  take(doc: Y.Doc): Uint8Array | undefined {
    if (this.isEmpty) return undefined
    const writer = new UpdateWriter(new RootNames(doc))
    for (const [client, { clock, end }] of this.#structs) {
      eachStruct(doc.store, client, clock, end, (struct) => {
        const start = struct.id.clock
        writer.addStruct(struct, Math.max(0, clock - start), Math.min(struct.length, end - start))
      })
    }
    for (const client of this.#deletes.clients()) {
      for (const { clock, end } of this.#deletes.of(client)) writer.addDelete(client, clock, end - clock)
    }
    this.clear()
    return writer.finish()
  }

  #addStructs(client: number, clock: number, end: number): void {
    const known = this.#structs.get(client)
    if (known === undefined) this.#structs.set(client, { clock, end })
    else known.end = end
  }
}
