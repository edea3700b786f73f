/**
 * What undo has brought back is another item, with ids of its own: the deleted one remembers them (`redone`), and there
 * Yjs looks for whatever names it, a step of the undo stack or a cursor. A cut purges the deleted one. So what names it is
 * called after what it came back as before it is translated.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import type { StructStore } from '../store.js'
import type { IdTranslation } from './translation-table.js'

/** What an id is called, and `length - 1` more after it. */
interface Named {
  readonly id: Y.ID
  readonly length: number
}

/** Not the item itself, which would hold all of the document that a cut replaces. */
interface Trace {
  readonly clock: number
  readonly length: number
  readonly as: Y.ID
}

export class Redone {
  /** Ascending, per client. */
  readonly #clients = new Map<number, readonly Trace[]>()

  /** @param store of the document that still has the ids of before. */
  constructor(store: StructStore) {
    for (const [client, structs] of store.clients) {
      const traces: Trace[] = []
      for (const struct of structs) {
        if (!(struct instanceof Y.Item) || struct.redone === null) continue
        traces.push({ clock: struct.id.clock, length: struct.length, as: struct.redone })
      }
      if (traces.length > 0) this.#clients.set(client, traces)
    }
  }

  /** The first that the table leads somewhere, of an id and those it came back as; if it does so for none, the last. */
  survivor(id: Y.ID, table: IdTranslation): Named {
    let length = Number.POSITIVE_INFINITY
    for (let at = id; ; ) {
      const fate = table.find(at)
      length = Math.min(length, fate?.length ?? length)
      if (fate === undefined || fate.kind === 'live') return { id: at, length }
      const next = this.#after(at)
      length = Math.min(length, next.length)
      if (next.id === undefined) return { id: at, length }
      at = next.id
    }
  }

  survivors(ids: IdRanges, table: IdTranslation): IdRanges {
    const survivors = new IdRanges()
    for (const client of ids.clients()) {
      for (const { clock, end } of ids.of(client)) {
        for (let at = clock; at < end; ) {
          const { id, length } = this.survivor(Y.createID(client, at), table)
          const units = Math.min(length, end - at)
          survivors.add(id.client, id.clock, units)
          at += units
        }
      }
    }
    return survivors
  }

  /** Undefined for what has not come back. */
  #after({ client, clock }: Y.ID): { readonly id: Y.ID | undefined; readonly length: number } {
    const trace = firstEndingAfter(this.#clients.get(client) ?? [], clock)
    if (trace === undefined) return { id: undefined, length: Number.POSITIVE_INFINITY }
    const offset = clock - trace.clock
    if (offset < 0) return { id: undefined, length: -offset }
    return { id: Y.createID(trace.as.client, trace.as.clock + offset), length: trace.length - offset }
  }
}

function firstEndingAfter(traces: readonly Trace[], clock: number): Trace | undefined {
  let [low, high] = [0, traces.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const { clock: start = 0, length = 0 } = traces[middle] ?? {}
    if (start + length <= clock) low = middle + 1
    else high = middle
  }
  return traces[low]
}
