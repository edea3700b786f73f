/**
 * What lies left of what in the lists of a document, asked for by the names that things have in another one. What was
 * written under a key is a list, too, of which the last one is shown.
 *
 * Invariant: the document does not change while this is in use. A list is gone through once, when something in it is first
 * asked for.
 */
import * as Y from 'yjs'
import type { IdTranslation } from './translation-table.js'

/** A run of units, by its new name, and how many units its list has before it. */
interface Stretch {
  readonly clock: number
  readonly end: number
  readonly position: number
}

interface List {
  readonly positions: ReadonlyMap<Y.Item, number>
  /** By new client, ascending. */
  readonly stretches: ReadonlyMap<number, readonly Stretch[]>
}

export class OldOrder {
  readonly #table: IdTranslation
  readonly #lists = new Map<Y.Item['parent'], Map<string | null, List>>()

  constructor(table: IdTranslation) {
    this.#table = table
  }

  /** Whether something lies left of a unit of an item, in its list. */
  isBefore({ client, clock }: Y.ID, placed: Y.Item, offset: number): boolean {
    const { positions, stretches } = this.#listOf(placed)
    const ascending = stretches.get(client) ?? []
    let [low, high] = [0, ascending.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ascending[middle]?.end ?? 0) <= clock) low = middle + 1
      else high = middle
    }
    const found = ascending[low]
    if (found === undefined || clock < found.clock) return false
    return found.position + clock - found.clock < (positions.get(placed) ?? 0) + offset
  }

  #listOf({ parent, parentSub }: Y.Item): List {
    const ofParent = this.#lists.get(parent) ?? new Map<string | null, List>()
    this.#lists.set(parent, ofParent)
    const list = ofParent.get(parentSub) ?? this.#read(parent, parentSub)
    ofParent.set(parentSub, list)
    return list
  }

  #read(parent: Y.Item['parent'], parentSub: string | null): List {
    const positions = new Map<Y.Item, number>()
    const stretches = new Map<number, Stretch[]>()
    const add = (client: number, clock: number, length: number, position: number) => {
      const stretch = { clock, end: clock + length, position }
      const known = stretches.get(client)
      if (known === undefined) stretches.set(client, [stretch])
      else known.push(stretch)
    }
    const start = parent instanceof Y.AbstractType ? firstIn(parent, parentSub) : null
    let position = 0
    for (let item = start; item !== null; position += item.length, item = item.right) {
      positions.set(item, position)
      const { client, clock } = item.id
      const end = clock + item.length
      const baseEnd = Math.min(end, this.#table.endOf(client))
      for (let at = clock; at < baseEnd; ) {
        const fate = this.#table.find({ client, clock: at })
        if (fate === undefined) break
        const units = Math.min(fate.length, baseEnd - at)
        if (fate.kind === 'live') add(this.#table.client, fate.clock, units, position + at - clock)
        at += units
      }
      const from = Math.max(clock, baseEnd)
      if (end > from) add(client, from, end - from, position + from - clock)
    }
    for (const ascending of stretches.values()) ascending.sort((a, b) => a.clock - b.clock)
    return { positions, stretches }
  }
}

/** Null: in the list itself, not under a key. */
export function firstIn(type: Y.ContentType['type'], parentSub: string | null): Y.Item | null {
  if (parentSub === null) return type._start
  let item = type._map.get(parentSub) ?? null
  while (item !== null && item.left !== null) item = item.left
  return item
}
