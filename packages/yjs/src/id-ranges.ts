/**
 * A set of ids, kept as ranges of clocks per client: what a Yjs delete set is.
 *
 * Invariant: seen from outside the ranges of a client are ascending and neither overlap nor touch. They are
 * brought into that form when first read after an addition, not at each addition.
 */
import * as Y from 'yjs'
import type { StructStore } from './store.js'

export interface IdRange {
  clock: number
  /** Exclusive. */
  end: number
}

interface ClientRanges {
  ranges: IdRange[]
  ordered: boolean
}

/** Anything that lists ranges as Yjs' delete sets do. */
export interface DeleteSetLike {
  readonly clients: ReadonlyMap<number, readonly { readonly clock: number; readonly len: number }[]>
}

export class IdRanges {
  readonly #clients = new Map<number, ClientRanges>()

  get isEmpty(): boolean {
    return this.#clients.size === 0
  }

  /** @returns whether a new range began, rather than that one grew. */
  add(client: number, clock: number, length: number): boolean {
    const end = clock + length
    const known = this.#clients.get(client)
    const last = known?.ranges.at(-1)
    if (known === undefined || last === undefined) {
      this.#clients.set(client, { ranges: [{ clock, end }], ordered: true })
      return true
    }
    if (clock <= last.end && end >= last.clock) {
      // Typing and erasing produce neighbours: growing the last range keeps hours of it small.
      if (clock < last.clock) {
        last.clock = clock
        known.ordered &&= known.ranges.length === 1
      }
      last.end = Math.max(last.end, end)
      return false
    }
    known.ordered &&= clock > last.end
    known.ranges.push({ clock, end })
    return true
  }

  addDeleteSet(deletes: DeleteSetLike): void {
    for (const [client, ranges] of deletes.clients) {
      for (const { clock, len } of ranges) this.add(client, clock, len)
    }
  }

  clients(): IterableIterator<number> {
    return this.#clients.keys()
  }

  of(client: number): readonly IdRange[] {
    const known = this.#clients.get(client)
    if (known === undefined) return []
    if (!known.ordered) {
      known.ranges = merged(known.ranges)
      known.ordered = true
    }
    return known.ranges
  }

  has({ client, clock }: { readonly client: number; readonly clock: number }): boolean {
    const ranges = this.of(client)
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ranges[middle]?.end ?? 0) <= clock) low = middle + 1
      else high = middle
    }
    return (ranges[low]?.clock ?? Number.POSITIVE_INFINITY) <= clock
  }

  /** What is in here and not in `other`. Linear in the number of ranges. */
  minus(other: IdRanges): IdRanges {
    const rest = new IdRanges()
    for (const client of this.#clients.keys()) {
      const taken = other.of(client)
      let next = 0
      for (const { clock, end } of this.of(client)) {
        for (let from = clock; from < end; ) {
          while (next < taken.length && (taken[next]?.end ?? 0) <= from) next++
          const cut = taken[next]
          const until = cut === undefined ? end : Math.min(end, cut.clock)
          if (until > from) rest.add(client, from, until - from)
          from = cut === undefined ? end : cut.end
        }
      }
    }
    return rest
  }
}

/** All that is deleted in a document. */
export function deletesOf(store: StructStore): IdRanges {
  const deletes = new IdRanges()
  deletes.addDeleteSet(Y.createDeleteSetFromStructStore(store))
  return deletes
}

function merged(ranges: IdRange[]): IdRange[] {
  ranges.sort((a, b) => a.clock - b.clock)
  const result: IdRange[] = []
  for (const range of ranges) {
    const last = result.at(-1)
    if (last !== undefined && range.clock <= last.end) last.end = Math.max(last.end, range.end)
    else result.push(range)
  }
  return result
}
