/**
 * Several tables, each leading from the naming the one before leads to, seen as one.
 *
 * An id may be of any of the namings on the way: a base's own client tells which, and an author's clocks mean the
 * same in all of them. What vanished earlier lies, later on, where its neighbours have gone since.
 */
import * as Y from 'yjs'
import type { Fate, Gap, IdTranslation } from './translation-table.js'

/** @param tables At least one, oldest first. */
export function composed(tables: readonly IdTranslation[]): IdTranslation {
  const [first, ...others] = tables
  if (first === undefined) throw new Error('There is no table to be composed')
  return others.reduce<IdTranslation>((earlier, later) => new ComposedTable(earlier, later), first)
}

class ComposedTable implements IdTranslation {
  readonly client: number
  readonly #earlier: IdTranslation
  readonly #later: IdTranslation
  /** Gaps are told apart by identity; 'dead': what contained it has gone since. */
  readonly #gaps = new Map<Gap, Gap | 'dead'>()

  constructor(earlier: IdTranslation, later: IdTranslation) {
    this.client = later.client
    this.#earlier = earlier
    this.#later = later
  }

  endOf(client: number): number {
    return Math.max(this.#earlier.endOf(client), this.#later.endOf(client))
  }

  id(clock: number): Y.ID {
    return Y.createID(this.client, clock)
  }

  find(id: { readonly client: number; readonly clock: number }): Fate | undefined {
    const before = this.#earlier.find(id)
    if (before === undefined) return this.#later.find(id)
    if (before.kind === 'dead') return before
    if (before.kind === 'gone') {
      const gap = this.#gapSince(before.gap)
      return gap === 'dead' ? { kind: 'dead', length: before.length } : { ...before, gap }
    }
    const after = this.#later.find(this.#earlier.id(before.clock))
    if (after === undefined) throw new Error('A table does not cover the base it leads from')
    return { ...after, length: Math.min(before.length, after.length) }
  }

  lastLive(client: number, from: number, to: number): number | undefined {
    let last: number | undefined
    for (let clock = from; clock < to; ) {
      const fate = this.find({ client, clock })
      if (fate === undefined) break
      const length = Math.min(fate.length, to - clock)
      if (fate.kind === 'live') last = fate.clock + length - 1
      clock += length
    }
    return last
  }

  #gapSince(gap: Gap): Gap | 'dead' {
    let known = this.#gaps.get(gap)
    if (known === undefined) {
      known = this.#translateGap(gap)
      this.#gaps.set(gap, known)
    }
    return known
  }

  #translateGap({ left, right, parent, parentSub }: Gap): Gap | 'dead' {
    const container = typeof parent === 'string' ? undefined : this.#fateOf(parent)
    if (container !== undefined && container.kind !== 'live') return 'dead'
    return {
      left: this.#survivor(left, 'left'),
      right: this.#survivor(right, 'right'),
      parent: container === undefined ? parent : container.clock,
      parentSub,
    }
  }

  #survivor(clock: number | null, side: 'left' | 'right'): number | null {
    if (clock === null) return null
    const fate = this.#fateOf(clock)
    if (fate?.kind === 'live') return fate.clock
    return fate?.kind === 'gone' ? fate.gap[side] : null
  }

  #fateOf(clock: number): Fate | undefined {
    return this.#later.find(this.#earlier.id(clock))
  }
}
