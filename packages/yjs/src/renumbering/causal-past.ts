/**
 * What the author of an operation above a cut had seen: its own earlier operations, those it is told to have known,
 * what it names, and what the authors of all these had seen. What it names alone does not tell everything: of two
 * tombstones that it names, what somebody has typed beside them does not follow.
 *
 * Invariant: what is returned for an operation is a state vector that holds those of all operations in it. It is a
 * function of the operation and of those it depends on.
 */
import type { Origin } from '@tidemark/core'
import * as Y from 'yjs'
import { type DeleteSetLike, IdRanges } from '../id-ranges.js'
import type { TranslationTable } from './translation-table.js'
import { looseParent, type Sections } from './update-encoding.js'

type StateVector = ReadonlyMap<number, number>

interface Entry {
  /** Of the operation's first struct of this client. */
  readonly clock: number
  readonly seen: StateVector
}

/** What whoever has applied an author's operation has seen by that. */
interface Told {
  readonly seq: number
  readonly seen: StateVector
  /** Of the operation itself. */
  readonly ends: readonly (readonly [client: number, end: number])[]
  readonly past: Origin['past']
  readonly deletes: DeleteSetLike
}

const NOTHING: StateVector = new Map()

export class CausalPast {
  readonly #table: TranslationTable
  readonly #entries = new Map<number, Entry[]>()
  readonly #told = new Map<Origin['author'], Told[]>()

  constructor(table: TranslationTable) {
    this.#table = table
  }

  /** @returns what the author of these structs had seen besides themselves. */
  add(sections: Sections, deletes: DeleteSetLike, origin?: Origin): StateVector {
    const seen = this.#find(sections, origin)
    if (origin !== undefined) this.#tell(origin, sections, deletes, seen)
    return seen
  }

  /**
   * What the author of an operation had seen deleted above the cut, with what it deletes itself, in the naming before the cut.
   * Costs as much as there is above the cut.
   */
  deletedFor({ author, seq, past }: Origin): IdRanges {
    const deleted = new IdRanges()
    const visited = new Map<Origin['author'], number>()
    const left: (readonly [Origin['author'], number])[] = [[author, seq], ...past]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [who, upTo] = next
      const from = visited.get(who) ?? 0
      if (upTo <= from) continue
      visited.set(who, upTo)
      for (const told of this.#told.get(who) ?? []) {
        if (told.seq <= from || told.seq > upTo) continue
        deleted.addDeleteSet(told.deletes)
        left.push(...told.past)
      }
    }
    return deleted
  }

  #find(sections: Sections, origin: Origin | undefined): StateVector {
    const before = origin && this.#toldBy(origin)
    if (before !== undefined) return before.seen
    const past = new GrowingVector()
    // Others may have told of a part of it: what they had seen belongs to what is seen now, and is not all of it.
    for (const [client, [first]] of sections) {
      const known = first && this.#entryAt(client, first.id.clock)
      if (known !== undefined) past.join(known.seen)
    }
    if (origin !== undefined) {
      this.#addTold(past, origin.author, origin.seq - 1, sections)
      for (const [author, seq] of origin.past) this.#addTold(past, author, seq, sections)
    }
    for (const structs of sections.values()) {
      for (const struct of structs) {
        if (!(struct instanceof Y.Item)) continue
        this.#addNamed(past, struct.origin, sections)
        this.#addNamed(past, struct.rightOrigin, sections)
        const parent = looseParent(struct)
        if (parent instanceof Y.ID) this.#addNamed(past, parent, sections)
      }
    }
    const vector = past.vector
    for (const [client, [first]] of sections) {
      if (first !== undefined) this.#insert(client, { clock: first.id.clock, seen: vector })
    }
    return vector
  }

  /** An operation that has been here before. */
  #toldBy({ author, seq }: Origin): Told | undefined {
    const told = this.#told.get(author)
    return (told?.at(-1)?.seq ?? 0) < seq ? undefined : told?.findLast((one) => one.seq === seq)
  }

  /** An author's operations up to a number, as far as they lie above the cut: what lies below everybody has seen. */
  #addTold(past: GrowingVector, author: Origin['author'], seq: number, sections: Sections): void {
    const told = this.#told.get(author)?.findLast((one) => one.seq <= seq)
    if (told === undefined) return
    past.join(told.seen)
    // Where these structs go on, what is before them is seen anyhow; so an author who goes on alone shares one vector.
    for (const [client, end] of told.ends) if (!sections.has(client)) past.add(client, end)
  }

  #tell({ author, seq, past }: Origin, sections: Sections, deletes: DeleteSetLike, seen: StateVector): void {
    const told = this.#told.get(author) ?? []
    this.#told.set(author, told)
    if ((told.at(-1)?.seq ?? 0) >= seq) return
    const ends = [...sections].flatMap(([client, structs]) => {
      const last = structs.at(-1)
      return last === undefined ? [] : [[client, last.id.clock + last.length] as const]
    })
    told.push({ seq, seen, ends, past, deletes })
  }

  #addNamed(past: GrowingVector, id: Y.ID | null, sections: Sections): void {
    if (id === null || id.clock < this.#table.endOf(id.client)) return
    const own = sections.get(id.client)?.[0]
    if (own !== undefined && id.clock >= own.id.clock) return
    if (!past.add(id.client, id.clock + 1)) return
    const entry = this.#entryAt(id.client, id.clock)
    if (entry !== undefined) past.join(entry.seen)
  }

  /** The last entry at or below a clock. */
  #entryAt(client: number, clock: number): Entry | undefined {
    const entries = this.#entries.get(client)
    if (entries === undefined) return undefined
    return entries[countUpTo(entries, clock) - 1]
  }

  #insert(client: number, entry: Entry): void {
    const entries = this.#entries.get(client)
    const index = countUpTo(entries ?? [], entry.clock)
    if (entries === undefined) this.#entries.set(client, [entry])
    // What others had seen who bring the same, its author need not have seen.
    else if (entries[index - 1]?.clock !== entry.clock) entries.splice(index, 0, entry)
  }
}

function countUpTo(entries: readonly Entry[], clock: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.clock ?? Number.POSITIVE_INFINITY) <= clock) low = middle + 1
    else high = middle
  }
  return low
}

/** Shares the vector it began with for as long as nothing is added: an author mostly goes on alone. */
class GrowingVector {
  #vector: StateVector = NOTHING
  #own: Map<number, number> | undefined

  get vector(): StateVector {
    return this.#vector
  }

  join(other: StateVector): void {
    if (this.#vector.size === 0) {
      this.#vector = other
      return
    }
    if (this.#vector === other) return
    for (const [client, clock] of other) this.add(client, clock)
  }

  /** @returns whether that is new. */
  add(client: number, clock: number): boolean {
    if ((this.#vector.get(client) ?? 0) >= clock) return false
    if (this.#own === undefined) {
      this.#own = new Map(this.#vector)
      this.#vector = this.#own
    }
    this.#own.set(client, clock)
    return true
  }
}
