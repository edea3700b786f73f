/**
 * What became of every id below a cut when the document was renumbered.
 *
 * Invariant: per client the runs are ascending, begin at clock 0 and leave no hole, and two neighbours never say
 * the same; so equal fates make equal tables. An id at or above a client's end is not touched by the cut: it
 * belongs to an operation that comes after it.
 *
 * Memory is two numbers per run, and one gap for any number of runs that vanished at the same place.
 */
import * as Y from 'yjs'

/** Where in the new base something vanished. */
export interface Gap {
  /** Last id of the nearest survivor before it; of a map entry, its live value. Null: the start of the list. */
  readonly left: number | null
  /** First id of the nearest survivor after it. Null: the end of the list, or a map entry. */
  readonly right: number | null
  /** The surviving container: the name of a root type, or the clock of the item that holds the type. */
  readonly parent: string | number
  /** The key, if the container's map held it; null in a list. */
  readonly parentSub: string | null
}

/** The fate of an id below the cut, and of `length - 1` more after it. */
export type Fate =
  /** The content survives under the base's client at `clock`, and upwards. */
  | { readonly kind: 'live'; readonly clock: number; readonly length: number }
  /** The content is gone, what contained it survives. */
  | { readonly kind: 'gone'; readonly gap: Gap; readonly length: number }
  /** The container is gone as well. */
  | { readonly kind: 'dead'; readonly length: number }

/** Runs of one client: the run at an index begins at `clocks[index]`. */
export interface ClientRuns {
  readonly clocks: readonly number[]
  /** A new clock, or {@link DEAD}, or {@link goneAt} of an index into the gaps. */
  readonly fates: readonly number[]
  readonly end: number
}

export const DEAD = -1
/** A gap's index as a fate, and back. */
export const goneAt = (gap: number): number => -2 - gap

/** What there is to know about ids that one or more cuts have renumbered: a table, or several in a row. */
export interface IdTranslation {
  /** The synthetic client of the base it leads to. */
  readonly client: number
  /** The first clock of this client that no cut covers. */
  endOf(client: number): number
  /** @returns undefined for an id that is not below a cut, and stays as it is. */
  find(id: { readonly client: number; readonly clock: number }): Fate | undefined
  /** The new clock of the last id that survives, of those from `from` up to `to` (exclusive). */
  lastLive(client: number, from: number, to: number): number | undefined
  /** An id of the base it leads to. */
  id(clock: number): Y.ID
}

/** What is called so is called in the new naming; null: it is gone. */
export function newNameOf(id: Y.ID, table: IdTranslation): Y.ID | null {
  const fate = table.find(id)
  if (fate === undefined) return id
  return fate.kind === 'live' ? table.id(fate.clock) : null
}

export class TranslationTable implements IdTranslation {
  /** The synthetic client of the new base. */
  readonly client: number
  readonly gaps: readonly Gap[]
  readonly #clients: ReadonlyMap<number, ClientRuns>

  /** For {@link TableBuilder} and the decoder, which keep the invariant. */
  constructor(client: number, gaps: readonly Gap[], clients: ReadonlyMap<number, ClientRuns>) {
    this.client = client
    this.gaps = gaps
    this.#clients = clients
  }

  get clients(): ReadonlyMap<number, ClientRuns> {
    return this.#clients
  }

  get runCount(): number {
    let count = 0
    for (const { clocks } of this.#clients.values()) count += clocks.length
    return count
  }

  /** The first clock of this client that the cut does not cover. */
  endOf(client: number): number {
    return this.#clients.get(client)?.end ?? 0
  }

  /** @returns undefined for an id that is not below the cut, and stays as it is. */
  find(id: { readonly client: number; readonly clock: number }): Fate | undefined {
    const runs = this.#clients.get(id.client)
    if (runs === undefined || id.clock >= runs.end) return undefined
    const index = lastAtOrBelow(runs.clocks, id.clock)
    const start = runs.clocks[index]
    const fate = runs.fates[index]
    if (start === undefined || fate === undefined) throw new Error('A translation table has a hole')
    const length = (runs.clocks[index + 1] ?? runs.end) - id.clock
    if (fate >= 0) return { kind: 'live', clock: fate + id.clock - start, length }
    if (fate === DEAD) return { kind: 'dead', length }
    const gap = this.gaps[-2 - fate]
    if (gap === undefined) throw new Error('A translation table names a gap it does not hold')
    return { kind: 'gone', gap, length }
  }

  lastLive(client: number, from: number, to: number): number | undefined {
    const runs = this.#clients.get(client)
    if (runs === undefined) return undefined
    let end = Math.min(to, runs.end)
    if (from >= end) return undefined
    for (let index = lastAtOrBelow(runs.clocks, end - 1); index >= 0 && end > from; index--) {
      const start = runs.clocks[index] ?? 0
      const fate = runs.fates[index] ?? DEAD
      if (fate >= 0) return fate + end - 1 - start
      end = start
    }
    return undefined
  }

  id(clock: number): Y.ID {
    return Y.createID(this.client, clock)
  }
}

function lastAtOrBelow(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** Puts a table together, client by client in ascending order, each from clock 0 upwards. */
export class TableBuilder {
  readonly #client: number
  readonly #known: readonly Gap[]
  /** Where known gaps have come to lie in the table, which holds those in use, in order of their first use. */
  readonly #places = new Map<number, number>()
  readonly #gaps: Gap[] = []
  readonly #clients = new Map<number, { clocks: number[]; fates: number[]; end: number }>()

  /** @param gaps may grow meanwhile. */
  constructor(client: number, gaps: readonly Gap[]) {
    this.#client = client
    this.#known = gaps
  }

  /** @param fate As in {@link ClientRuns.fates}, with indices into the gaps given to the constructor. */
  add(client: number, length: number, fate: number): void {
    let runs = this.#clients.get(client)
    if (runs === undefined) {
      runs = { clocks: [], fates: [], end: 0 }
      this.#clients.set(client, runs)
    }
    const code = fate < DEAD ? this.#goneIn(goneAt(fate)) : fate
    const last = runs.fates.length - 1
    const before = runs.fates[last]
    const continues =
      before !== undefined &&
      (code >= 0 ? before >= 0 && before + runs.end - (runs.clocks[last] ?? 0) === code : before === code)
    if (!continues) {
      runs.clocks.push(runs.end)
      runs.fates.push(code)
    }
    runs.end += length
  }

  finish(): TranslationTable {
    return new TranslationTable(this.#client, this.#gaps, this.#clients)
  }

  #goneIn(known: number): number {
    const gap = this.#known[known]
    if (gap === undefined) throw new Error('A run names a gap that is not there')
    let place = this.#places.get(known)
    if (place === undefined) {
      place = this.#gaps.push(gap) - 1
      this.#places.set(known, place)
    }
    return goneAt(place)
  }
}
