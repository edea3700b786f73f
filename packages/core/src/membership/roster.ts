/**
 * Who is a member, as a function of the operations applied (protocol rules JO5, LE1, EV5).
 */
import type { JoinOperation, Operation, Position, ReplicaId } from '../causality/operation.js'
import { compareOperations, endedBy } from '../causality/operation.js'

export interface MemberRecord {
  readonly replica: ReplicaId
  /** Place of its join in the total order: the member's age. A founder stands at clock 0. */
  readonly joined: Position
  /** Who let it in; a founder has nobody. */
  readonly sponsor?: ReplicaId
}

export class Roster {
  private readonly members = new Map<ReplicaId, MemberRecord>()
  /** Made anew only after a change: in between, it is the same array. */
  private ordered: readonly MemberRecord[] | undefined

  get size(): number {
    return this.members.size
  }

  has(replica: ReplicaId): boolean {
    return this.members.has(replica)
  }

  get(replica: ReplicaId): MemberRecord | undefined {
    return this.members.get(replica)
  }

  /** Who let it in, who let that one in, and so on, as far as they are members, up to `end` without it. */
  sponsorsOf(replica: ReplicaId, atMost: number, end: ReplicaId): ReplicaId[] {
    const line: ReplicaId[] = []
    let sponsor = this.members.get(replica)?.sponsor
    while (sponsor !== undefined && sponsor !== end && line.length < atMost && this.members.has(sponsor)) {
      line.push(sponsor)
      sponsor = this.members.get(sponsor)?.sponsor
    }
    return line
  }

  /** Oldest first: the same order on every replica, and the same array until somebody comes or goes. */
  byAge(): readonly MemberRecord[] {
    this.ordered ??= [...this.members.values()].sort((a, b) => compareOperations(a.joined, b.joined))
    return this.ordered
  }

  add(record: MemberRecord): void {
    this.members.set(record.replica, record)
    this.ordered = undefined
  }

  /** Somebody known was let in once more: of both joins the earlier one in total order tells its age. */
  repeat({ who, clock, author }: JoinOperation): void {
    const known = this.members.get(who)
    const joined = { clock, author: who }
    if (known && compareOperations(joined, known.joined) < 0)
      this.add({ replica: who, joined, sponsor: author })
  }

  /** @returns who came or went by this operation. */
  apply(operation: Operation): { joined?: ReplicaId; gone: ReplicaId[] } {
    if (operation.kind === 'join') {
      const { who, clock, author } = operation
      this.add({ replica: who, joined: { clock, author: who }, sponsor: author })
      return { joined: who, gone: [] }
    }
    const gone = endedBy(operation).filter((who) => this.members.delete(who))
    if (gone.length > 0) this.ordered = undefined
    return { gone }
  }
}
