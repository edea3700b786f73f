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

export class Electorates {
  private readonly stable = new Map<ReplicaId, Clock>()

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
    for (const operation of operations) fold(this.stable, operation)
  }

  /**
   * Whether a set of replicas is a majority, or half with the oldest member, in every electorate.
   * @param above the operations above the snapshot point, in total order.
   */
  isPrimary(quorum: ReadonlySet<ReplicaId>, above: readonly Operation[]): boolean {
    const electorate = new Map(this.stable)
    if (!isMajority(quorum, electorate)) return false
    for (const operation of above) {
      if (fold(electorate, operation) && !isMajority(quorum, electorate)) return false
    }
    return true
  }
}

/** @returns whether the operation concerned membership. */
function fold(electorate: Map<ReplicaId, Clock>, operation: Operation): boolean {
  if (operation.kind === 'join') {
    electorate.set(operation.who, operation.clock)
    return true
  }
  const ended = endedBy(operation)
  for (const who of ended) electorate.delete(who)
  return ended.length > 0
}

function isMajority(quorum: ReadonlySet<ReplicaId>, electorate: Electorate): boolean {
  const positions = [...electorate].map(([author, clock]) => ({ author, clock }))
  const votes = positions.filter(({ author }) => quorum.has(author)).length
  if (2 * votes !== positions.length) return 2 * votes > positions.length
  const [oldest] = positions.sort(compareOperations)
  return oldest !== undefined && quorum.has(oldest.author)
}
