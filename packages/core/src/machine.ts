/**
 * What goes into a replica and what comes out: inputs are facts, outputs are orders and news.
 */
import type { Clock, ReplicaId } from './causality/operation.js'
import type { Signatures } from './identity/signatures.js'
import type { Lane, LinkId } from './transport.js'

/** Milliseconds on any clock that does not go back; only differences matter. */
export type Milliseconds = number

export type Input =
  /** Look for the room. */
  | { readonly type: 'start' }
  /** Nobody is in the room: found it. */
  | { readonly type: 'alone' }
  /**
   * @property peer who has proved to be at its other end, where the transport asks for that (rule ID7).
   * @property isFound we had been looking for the room, or for another part of it, and this came of it.
   */
  | {
      readonly type: 'link-up'
      readonly link: LinkId
      readonly peer?: ReplicaId
      readonly isFound?: boolean
    }
  | { readonly type: 'link-down'; readonly link: LinkId; readonly reason: string }
  | { readonly type: 'message'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The structure has a local change to take. */
  | { readonly type: 'local-change' }
  /** Our own ephemeral state, to be shown to everybody. */
  | { readonly type: 'presence'; readonly bytes: Uint8Array }
  /** The transport wants this carried to another member. */
  | { readonly type: 'signal'; readonly to: ReplicaId; readonly bytes: Uint8Array }
  | { readonly type: 'dial-failed'; readonly peer: ReplicaId; readonly reason: string }
  /** The application asks for a cut of everything so far (rule CU8). */
  | { readonly type: 'compact' }
  /** Somebody who should know says that a member is gone: it need not be waited for (rule EV6). */
  | { readonly type: 'accuse'; readonly replica: ReplicaId }
  /** Leave politely. */
  | { readonly type: 'leave' }
  /** The time asked for by the last `timer` output has come. */
  | { readonly type: 'timer' }

/** Orders to the world around the replica. */
export type Order =
  | { readonly type: 'send'; readonly link: LinkId; readonly bytes: Uint8Array; readonly lane: Lane }
  | { readonly type: 'close'; readonly link: LinkId; readonly reason: string }
  | { readonly type: 'seek' }
  | { readonly type: 'greet'; readonly lineage: string | null }
  | { readonly type: 'dial'; readonly peer: ReplicaId }
  /** Negotiation bytes of another member, for the transport. */
  | { readonly type: 'signal'; readonly from: ReplicaId; readonly bytes: Uint8Array }
  /** Wake me at this time; replaces the wish before it. Null: no wish. */
  | { readonly type: 'timer'; readonly at: Milliseconds | null }
  /** This identity is over. Start another one with a new id. */
  | {
      readonly type: 'rejoin'
      readonly reason: string
      /** It has not left, and can not: the next one says that it need not be waited for. */
      readonly isDead?: boolean
    }
  /** The same, and the other one founds the room anew with what we hold: nobody here may decide (rule LI8). */
  | { readonly type: 'fork'; readonly reason: string }

/** News for the application. */
export type News =
  | { readonly type: 'progress'; readonly share: number }
  /** @property carriedBytes of the operation that brings in what the structure had of its own (rule JO8). */
  | { readonly type: 'joined'; readonly carriedBytes: number }
  | {
      readonly type: 'members'
      readonly joined: ReplicaId[]
      readonly left: ReplicaId[]
      readonly evicted: ReplicaId[]
    }
  | { readonly type: 'peers'; readonly added: ReplicaId[]; readonly removed: ReplicaId[] }
  | { readonly type: 'snapshot'; readonly move: SnapshotMove }
  /** A cut was executed. */
  | { readonly type: 'cut'; readonly cut: ExecutedCut }
  /** Somebody's base differs from ours in the same epoch, or its history does: one of us is wrong (rules CU5, ID9). */
  | {
      readonly type: 'alarm'
      readonly of: 'base' | 'history'
      readonly from: ReplicaId
      readonly reason: string
    }
  /** Someone's ephemeral state; null once it is gone. */
  | { readonly type: 'presence'; readonly replica: ReplicaId; readonly bytes: Uint8Array | null }
  /** A neighbour broke the rules and was cut off, or an operation made no sense and was skipped. */
  | {
      readonly type: 'refused'
      readonly from: ReplicaId | undefined
      readonly reason: string
      /** It keeps to other rules than we: this is what must be the same for all members of a room. */
      readonly differsIn?: RoomMode | undefined
    }

/** What all members of a room do alike, or none does. */
export type RoomMode = 'compaction' | 'identities'

export type Output = Order | News

export interface SnapshotMove {
  readonly point: Clock
  readonly epoch: number
  readonly droppedOperations: number
  /** Payload bytes in the log before and after. */
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface ExecutedCut {
  /** The epoch that began with it. */
  readonly epoch: number
  /** The new base holds everything with a clock up to this one. */
  readonly through: Clock
  /** Of the whole state, roughly. */
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface FormerBase {
  readonly lineage: string
  readonly epoch: number
  readonly hash: string
}

/** Whom the room has evicted, as somebody has told us, and up to where they count (rule EV7). */
export interface Notice {
  readonly lineage: string
  readonly cutOffs: ReadonlyMap<ReplicaId, number>
}

export interface ReplicaConfig {
  /** A neighbour that says nothing for this long loses its link. */
  readonly linkTimeoutMs: Milliseconds
  readonly heartbeatIntervalMs: Milliseconds
  /** At most one report per interval; it grows with the room beyond 16 members. */
  readonly reportIntervalMs: Milliseconds
  /** While operations keep coming, one report in so many intervals; in half as many where not everybody is linked to everybody. */
  readonly busyReportIntervals: number
  /** Longest silence in any step of a join. */
  readonly joinTimeoutMs: Milliseconds
  /** How long an established room with other members may seem out of reach before we look for it again. */
  readonly seekIntervalMs: Milliseconds
  readonly pieceBytes: number
  /** Pieces of a state on their way to one newcomer at most. */
  readonly pieceWindow: number
  readonly maxJoinsAtOnce: number
  readonly maxWaitingOperations: number
  readonly maxWaitingBytes: number
  /** Links that a replica keeps; smaller rooms are fully meshed. */
  readonly maxConnections: number
  /** How many members stay reachable for newcomers. */
  readonly greeters: number
  /** A cut is made once what it does away with is this share of the base, … */
  readonly cutShare: number
  /** … and at least so many bytes. */
  readonly cutMinBytes: number
  /** A room in which nobody has changed anything for this long is cut if there is anything to gain at all. */
  readonly idleCutMs: Milliseconds
  /** What was deleted within this time is left out of cuts, so that it can be undone. */
  readonly undoHorizonMs: Milliseconds
  /** Keep every operation (compaction off). Never with a structure that has epochs. */
  readonly keepLog: boolean
  /** Come in even if what we bring along can not be placed (rule CU11). */
  readonly insists: boolean
  /** The base that an earlier identity of ours was at when it ended (rule CU4). */
  readonly formerBase: FormerBase | undefined
  /** Ids of ours that gave up before they were members: they never author anything (rule JO9). */
  readonly formerIds: readonly ReplicaId[]
  /** Where members sign: of those ids, their word that they are over (rule ID5). */
  readonly withdrawals: ReadonlyMap<ReplicaId, Uint8Array>
  /** Ours; undefined in a room whose members do not sign what they say (rule ID1). */
  readonly signatures: Signatures | undefined
  /** A member that gives no sign of life for this long is suspected of being gone. */
  readonly suspectAfterMs: Milliseconds
  /** A side of the room that may not decide goes on by itself after this time. */
  readonly forkAfterMs: Milliseconds
  /** Ids of this device that died as members, without leaving: nobody need wait for them. */
  readonly retiredIds: readonly ReplicaId[]
  /** Found the room at once, in succession of the lineage that we were in last. */
  readonly founds: boolean
  /** The lineage that an earlier identity of ours was in. */
  readonly formerLineage: string
  /** Why an earlier identity of ours is over: others may not have heard yet that they are out, too. */
  readonly notice: Notice | undefined
}

export const DEFAULT_CONFIG: ReplicaConfig = {
  linkTimeoutMs: 5000,
  heartbeatIntervalMs: 1600,
  reportIntervalMs: 500,
  busyReportIntervals: 1,
  joinTimeoutMs: 10_000,
  seekIntervalMs: 3000,
  pieceBytes: 16 * 1024,
  pieceWindow: 64,
  maxJoinsAtOnce: 8,
  maxWaitingOperations: 20_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  maxConnections: 8,
  greeters: 3,
  cutShare: 1 / 3,
  cutMinBytes: 64 * 1024,
  idleCutMs: 3000,
  undoHorizonMs: 60_000,
  keepLog: false,
  insists: false,
  formerBase: undefined,
  formerIds: [],
  withdrawals: new Map(),
  signatures: undefined,
  suspectAfterMs: 5000,
  forkAfterMs: 60_000,
  retiredIds: [],
  founds: false,
  formerLineage: '',
  notice: undefined,
}
