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

/** So many of those who were members are remembered where members sign, … */
export const MAX_FORMER = 8 * 1024
/** … by so many characters of their ids: 96 bits of a key. */
export const FORMER_LENGTH = 16

/** Members by the clock of their join. */
type Electorate = ReadonlyMap<ReplicaId, Clock>

export class Electorates {
  private readonly stable = new Map<ReplicaId, Clock>()
  /**
   * Those who were members, by the beginning of their ids, oldest first: an id counts once, so who lets one in again breaks the
   * rules (JO1). Newcomers are told, so that they take nobody for new whom the others know. Empty where nobody signs: there
   * anybody could let in anybody.
   */
  private readonly gone = new Set<string>()
  private readonly remembers: boolean

  /** @param remembers whether it is kept in mind who was a member. */
  constructor(remembers: boolean) {
    this.remembers = remembers
  }

  /** Who is a member at the snapshot point, and since when. */
  get atPoint(): Electorate {
    return this.stable
  }

  found(founder: ReplicaId): void {
    this.stable.set(founder, 0)
  }

  /** @param former what its sponsor has as `former`. */
  import(atPoint: Electorate, former: readonly string[]): void {
    for (const [member, joined] of atPoint) this.stable.set(member, joined)
    for (const beginning of former) this.remember(beginning)
  }

  /**
   * The snapshot point has passed these operations, in total order.
   * @returns the joins among them that have let somebody in.
   */
  passed(operations: readonly Operation[]): Operation[] {
    return operations.filter((operation) => {
      const { size } = this.stable
      for (const who of this.fold(operation, this.stable, NOBODY)) this.remember(beginningOf(who))
      return this.stable.size > size
    })
  }

  /** Who was a member up to the snapshot point, and is none any more, by the beginning of the id. */
  get former(): readonly string[] {
    return [...this.gone]
  }

  /** Whether somebody was a member, and is none any more, as far back as we remember. */
  isFormer(replica: ReplicaId): boolean {
    return this.gone.has(beginningOf(replica))
  }

  private remember(beginning: string): void {
    if (!this.remembers) return
    this.gone.add(beginning)
    const [oldest] = this.gone
    if (this.gone.size > MAX_FORMER && oldest !== undefined) this.gone.delete(oldest)
  }

  /**
   * Whether a set of replicas is a majority, or half with the oldest member, in every electorate.
   * @param above the operations above the snapshot point, in total order.
   */
  isPrimary(quorum: ReadonlySet<ReplicaId>, above: readonly Operation[]): boolean {
    const electorate = new Map(this.stable)
    const goneAbove = new Set<ReplicaId>()
    if (!isMajority(quorum, electorate)) return false
    for (const operation of above) {
      const { size } = electorate
      const gone = this.fold(operation, electorate, goneAbove)
      if (electorate.size !== size && !isMajority(quorum, electorate)) return false
      if (this.remembers) for (const who of gone) goneAbove.add(who)
    }
    return true
  }

  /** @returns who has gone by this operation. */
  private fold(
    operation: Operation,
    electorate: Map<ReplicaId, Clock>,
    goneAbove: ReadonlySet<ReplicaId>,
  ): ReplicaId[] {
    if (operation.kind !== 'join') return endedBy(operation).filter((who) => electorate.delete(who))
    const { who, clock } = operation
    const isUsed = electorate.has(who) || goneAbove.has(who) || this.isFormer(who)
    if (!isUsed) electorate.set(who, clock)
    return []
  }
}

const NOBODY: ReadonlySet<ReplicaId> = new Set()

/** Of a key: too much of it for two that begin alike to be found. */
function beginningOf(id: ReplicaId): string {
  return id.slice(0, FORMER_LENGTH)
}

function isMajority(quorum: ReadonlySet<ReplicaId>, electorate: Electorate): boolean {
  const positions = [...electorate].map(([author, clock]) => ({ author, clock }))
  const votes = positions.filter(({ author }) => quorum.has(author)).length
  if (2 * votes !== positions.length) return 2 * votes > positions.length
  const [oldest] = positions.sort(compareOperations)
  return oldest !== undefined && quorum.has(oldest.author)
}
