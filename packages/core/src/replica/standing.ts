/**
 * How a replica stands, for people who look at it: nothing is decided by what is said here.
 */
import type { Clock, ReplicaId } from '../causality/operation.js'
import type { Milliseconds, ReplicaConfig } from '../machine.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import { type Blocker, blockers } from '../snapshot/blockers.js'
import type { Evicting } from './evicting.js'
import type { OpenEviction } from './flush.js'
import type { Room } from './room.js'

export interface ReplicaStats {
  readonly epoch: number
  readonly snapshotPoint: Clock
  readonly clock: Clock
  readonly logOperations: number
  /** Payload bytes of the log. */
  readonly logBytes: number
  /** The base holds everything with a clock up to this one. */
  readonly baseThrough: Clock
  /** Operations at or below the snapshot point that are not in the base yet. */
  readonly segmentOperations: number
  readonly segmentBytes: number
  readonly members: number
  readonly links: number
  /** Operations that wait for their past. */
  readonly waiting: number
}

/** Who does not answer, and what this side may do about it. */
export interface EvictionOutlook {
  readonly mayDecide: boolean
  readonly suspects: ReplicaId[]
  readonly forksInMs: Milliseconds | undefined
  readonly evictions: OpenEviction[]
}

export function blockersIn(
  room: Room,
  neighbourhood: Neighbourhood,
  newcomers: readonly ReplicaId[],
  { maxConnections }: ReplicaConfig,
  now: Milliseconds,
): Blocker[] {
  const { self, cuts, evicting, history, roster, stability } = room
  const isSettled = history.point >= history.clock
  if (isSettled && !cuts?.isHeld) return []
  const linked = new Set(neighbourhood.members)
  const suspects = new Set(evicting.suspects(now))
  const isFullMesh = roster.size - 1 <= maxConnections
  return blockers({
    epoch: isSettled ? history.epoch : undefined,
    self,
    members: roster.byAge().map(({ replica }) => replica),
    newcomers,
    standing: (member) => stability.standing(member),
    point: history.point,
    isSilent: (member) => isFullMesh && !linked.has(member),
    isSuspected: (member) => suspects.has(member),
    isBeingEvicted: (member) => evicting.isFenced(member),
  })
}

export function outlookOf(evicting: Evicting, now: Milliseconds): EvictionOutlook {
  return {
    mayDecide: evicting.isPrimaryNow(now),
    suspects: evicting.suspects(now),
    forksInMs: evicting.forksIn(now),
    evictions: evicting.open,
  }
}

/** Whether we hold all that anybody we can reach has told of (rule JO11). */
export function holdsAllTold({ roster }: Room, neighbourhood: Neighbourhood): boolean {
  return roster.size === 1 || neighbourhood.isCaughtUp
}

/** How many of our updates no other member says it has; none while there is no other. */
export function unheardIn({ history, self, stability }: Room): number {
  const heard = stability.heardThrough
  if (heard === undefined) return 0
  return history.log.by(self).filter(({ kind, clock }) => kind === 'update' && clock > heard).length
}

export function statsOf({ history, roster }: Room, { links }: Neighbourhood): ReplicaStats {
  return {
    epoch: history.epoch,
    snapshotPoint: history.point,
    clock: history.clock,
    logOperations: history.log.length,
    logBytes: history.log.bytes,
    baseThrough: history.baseThrough,
    segmentOperations: history.segment.length,
    segmentBytes: history.segmentBytes,
    members: roster.size,
    links: links.inRoom.length,
    waiting: history.waiting.size,
  }
}
