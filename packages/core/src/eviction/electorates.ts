/**
 * Who has a say in an eviction: every electorate from the snapshot point up to now (protocol rule EV1).
 *
 * Two sides of a room can not both be primary. The one with the lower snapshot point knows every join below the other's,
 * so both would need a majority of one and the same electorate (dynamic linear voting, Jajodia and Mutchler 1990).
 */
import {
  type Clock,
  compareOperations,
  endedBy,
  type Operation,
  type ReplicaId,
} from '../causality/operation.js'

/** Members by the clock of their join. */
type Electorate = ReadonlyMap<ReplicaId, Clock>

/** An id counts once: who lets a former member in again under it breaks the rules (rule JO1), and nobody would ever take it out. */
const MAX_FORMER = 1024

export class Electorates {
  private readonly stable = new Map<ReplicaId, Clock>()
  private readonly former = new Set<ReplicaId>()

  /** Who is a member at the snapshot point, and since when. */
  get atPoint(): Electorate {
    return this.stable
  }

  found(founder: ReplicaId): void {
    this.stable.set(founder, 0)
  }

  import(atPoint: Electorate): void {
    for (const [member, joined] of atPoint) this.stable.set(member, joined)
  }

  /** The snapshot point has passed these operations. */
  passed(operations: readonly Operation[]): void {
    for (const operation of operations) fold(this.stable, this.former, operation)
    for (const oldest of this.former) {
      if (this.former.size <= MAX_FORMER) break
      this.former.delete(oldest)
    }
  }

  /** Whether somebody was a member, and is none any more, as far back as we remember. */
  isFormer(replica: ReplicaId): boolean {
    return this.former.has(replica)
  }

  /**
   * Whether a set of replicas is a majority, or half with the oldest member, in every electorate.
   * @param above the operations above the snapshot point, in total order.
   */
  isPrimary(quorum: ReadonlySet<ReplicaId>, above: readonly Operation[]): boolean {
    const electorate = new Map(this.stable)
    const former = new Set(this.former)
    if (!isMajority(quorum, electorate)) return false
    for (const operation of above) {
      if (fold(electorate, former, operation) && !isMajority(quorum, electorate)) return false
    }
    return true
  }
}

/** @returns whether the operation concerned membership. */
function fold(electorate: Map<ReplicaId, Clock>, former: Set<ReplicaId>, operation: Operation): boolean {
  if (operation.kind === 'join') {
    const { who, clock } = operation
    if (electorate.has(who) || former.has(who)) return false
    electorate.set(who, clock)
    return true
  }
  const ended = endedBy(operation)
  for (const who of ended) if (electorate.delete(who)) former.add(who)
  return ended.length > 0
}

function isMajority(quorum: ReadonlySet<ReplicaId>, electorate: Electorate): boolean {
  const positions = [...electorate].map(([author, clock]) => ({ author, clock }))
  const votes = positions.filter(({ author }) => quorum.has(author)).length
  if (2 * votes !== positions.length) return 2 * votes > positions.length
  const [oldest] = positions.sort(compareOperations)
  return oldest !== undefined && quorum.has(oldest.author)
}
