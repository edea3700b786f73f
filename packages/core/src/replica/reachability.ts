/**
 * Staying reachable for newcomers, and finding back to the others (overlay rule OV8): what goes by way of the rendezvous
 * once somebody is a member.
 */
import { compareOperations, type ReplicaId } from '../causality/operation.js'
import type { Milliseconds, Output, ReplicaConfig } from '../machine.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { Room } from './room.js'

/** Between two looks for another part of the room at most, … */
const LONGEST_SEEK_INTERVALS = 16
/** … and from a side that may not decide: the room is more likely over there, and may have gone on without us. */
const LONGEST_SEEK_INTERVALS_OF_A_MINORITY = 4

export class Reachability {
  private readonly room: Room
  private readonly neighbourhood: Neighbourhood
  private readonly config: ReplicaConfig
  private readonly emit: (output: Output) => void
  private isGreeting = false
  private seekAt = Number.POSITIVE_INFINITY
  private seeks = 0
  private wasIsolated = false

  constructor(
    room: Room,
    neighbourhood: Neighbourhood,
    config: ReplicaConfig,
    emit: (output: Output) => void,
  ) {
    this.room = room
    this.neighbourhood = neighbourhood
    this.config = config
    this.emit = emit
  }

  get nextDeadline(): Milliseconds {
    return this.seekAt
  }

  /** Alone among members nobody has to be dialled in vain to know that somebody is missing. */
  get isMissingSomebody(): boolean {
    return this.isIsolated || this.neighbourhood.missesSomebody
  }

  /** Whether it is one of those whom we should be linked to; alone among members that is everybody. */
  misses(member: ReplicaId): boolean {
    return this.isIsolated || this.neighbourhood.wants(member)
  }

  private get isIsolated(): boolean {
    return this.room.roster.size > 1 && this.neighbourhood.links.inRoom.length === 0
  }

  /** The oldest members that see each other stay reachable for newcomers. */
  greet(): void {
    const { self, roster, lineage } = this.room
    const own = roster.get(self)
    const isOlder = (member: ReplicaId) => {
      const record = roster.get(member)
      return record && (!own || compareOperations(record.joined, own.joined) < 0)
    }
    const greets = this.neighbourhood.members.filter(isOlder).length < this.config.greeters
    if (greets === this.isGreeting) return
    this.isGreeting = greets
    this.emit({ type: 'greet', lineage: greets ? lineage : null })
  }

  /** In seek intervals. */
  private longestPause(now: Milliseconds): number {
    if (this.seekAt === Number.POSITIVE_INFINITY) return LONGEST_SEEK_INTERVALS
    const mayDecide = this.room.evicting.isPrimaryNow(now)
    return mayDecide ? LONGEST_SEEK_INTERVALS : LONGEST_SEEK_INTERVALS_OF_A_MINORITY
  }

  /**
   * With no link left, the rendezvous is the way back to the others. Where members can not be reached by way of
   * the neighbours, the room may have come apart: then whoever misses them looks there for the other part, ever
   * more rarely, because a member that is just silent looks the same.
   */
  seek(now: Milliseconds): void {
    const { isIsolated } = this
    const soon = now + this.config.seekIntervalMs / 10
    // Whoever missed but one before, and looked for it rarely, misses everybody now.
    if (isIsolated && !this.wasIsolated) this.seekAt = Math.min(this.seekAt, soon)
    this.wasIsolated = isIsolated
    const longestMs = this.config.seekIntervalMs * this.longestPause(now)
    // It may have turned into a side that may not decide since it looked last.
    if (this.seekAt < Number.POSITIVE_INFINITY) this.seekAt = Math.min(this.seekAt, now + longestMs)
    if (!this.isMissingSomebody) {
      this.seekAt = Number.POSITIVE_INFINITY
      this.seeks = 0
    } else if (this.seekAt === Number.POSITIVE_INFINITY) this.seekAt = soon
    else if (now >= this.seekAt) {
      const patience = isIsolated ? 1 : 2 ** this.seeks++
      this.seekAt = now + Math.min(this.config.seekIntervalMs * patience, longestMs)
      this.emit({ type: 'seek' })
    }
  }
}
