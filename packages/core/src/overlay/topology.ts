/**
 * Who should be linked to whom (overlay rule OV3): a pure function of the member list.
 *
 * Small rooms are fully meshed. In larger ones the ids form a ring; everybody links to its successor, which
 * keeps the room connected, and to a few members at hashed places of the ring, which keeps it shallow. A
 * member that comes or goes moves only the links next to it (consistent hashing).
 */
import { hash } from '../causality/hash.js'
import type { ReplicaId } from '../causality/operation.js'

interface Place {
  readonly member: ReplicaId
  readonly place: number
}

/** Members at their hashed places. Follows who comes and goes, rather than being sorted anew each time. */
export class Ring {
  private readonly places: Place[] = []
  private readonly present = new Set<ReplicaId>()

  constructor(members: Iterable<ReplicaId> = []) {
    this.follow(members)
  }

  follow(members: Iterable<ReplicaId>): void {
    const now = new Set(members)
    for (const member of [...this.present]) if (!now.has(member)) this.take(member)
    for (const member of now) if (!this.present.has(member)) this.put(member)
  }

  /** @param choices at most so many. */
  chosenBy(self: ReplicaId, choices: number): Set<ReplicaId> {
    const chosen = new Set<ReplicaId>()
    for (let i = 0; chosen.size < choices && i < 4 * choices; i++) {
      const next = this.after(i === 0 ? hash(self) : hash(`${self}:${i}`), self)
      if (next !== undefined) chosen.add(next)
    }
    return chosen
  }

  private after(place: number, self: ReplicaId): ReplicaId | undefined {
    const at = this.firstIndex((entry) => entry.place > place) % this.places.length
    const found = this.places[at]?.member
    return found === self ? this.places[(at + 1) % this.places.length]?.member : found
  }

  private put(member: ReplicaId): void {
    const entry = { member, place: hash(member) }
    this.present.add(member)
    this.places.splice(
      this.firstIndex((other) => !isBefore(other, entry)),
      0,
      entry,
    )
  }

  private take(member: ReplicaId): void {
    const entry = { member, place: hash(member) }
    this.present.delete(member)
    this.places.splice(
      this.firstIndex((other) => !isBefore(other, entry)),
      1,
    )
  }

  /** @param isThere false for the first ones, true for all others. */
  private firstIndex(isThere: (entry: Place) => boolean): number {
    let low = 0
    let high = this.places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.places[middle]
      if (entry && !isThere(entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isBefore(a: Place, b: Place): boolean {
  return a.place < b.place || (a.place === b.place && a.member < b.member)
}

/**
 * The members that `self` should link to by its own choice; others may choose `self` as well.
 * @param ring of these members, if there is one.
 */
export function chosenNeighbours(
  self: ReplicaId,
  members: readonly ReplicaId[],
  maxConnections: number,
  ring?: Ring,
): Set<ReplicaId> {
  const others = members.length - (members.includes(self) ? 1 : 0)
  if (others <= maxConnections) return new Set(members.filter((member) => member !== self))
  return (ring ?? new Ring(members)).chosenBy(self, Math.max(2, Math.floor(maxConnections / 2)))
}

/** Hops from one member to all others, about: what is chosen makes trees that branch as often as there are links. */
export function depth(members: number, maxConnections: number): number {
  return Math.ceil(Math.log(Math.max(2, members)) / Math.log(Math.max(2, maxConnections - 1)))
}
