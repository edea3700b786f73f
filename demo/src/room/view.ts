/** What the panels draw: the room at one moment, as plain data. */
import type { BlockReason, ConnectionStatus, TidemarkStats } from 'tidemark'
import type { Measurement } from '../control/comparison.js'
import type { Identity } from './identity.js'
import type { SequencedOperation } from './operation-history.js'

export interface Member extends Identity {
  readonly replica: string
  readonly isYou: boolean
  /** Whether it has said its name yet. */
  readonly isNamed: boolean
  /** Members it says it has a link to; undefined as long as it has not said. */
  readonly peers: readonly string[] | undefined
}

export interface Block {
  readonly member: Member
  readonly reason: BlockReason
}

/** Decided, and not carried out yet. */
export interface Eviction {
  readonly evicted: readonly Member[]
  /** Who takes nothing from those any more, and who is still to say so. */
  readonly fenced: readonly Member[]
  readonly awaited: readonly Member[]
}

export interface MapRow {
  readonly member: Member
  /** Known clocks by member; undefined where the row does not say. */
  readonly known: readonly (number | undefined)[]
  readonly floor: number
}

/** A cut that was executed while this page was here. */
export interface Cut {
  readonly atMs: number
  /** That began with it. */
  readonly epoch: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly pauseMs: number
}

export interface RoomView {
  readonly roomName: string
  readonly status: ConnectionStatus
  readonly isSynced: boolean
  /** Share of the room's state that has been loaded, while it is being loaded. */
  readonly loading: number | undefined
  readonly you: Identity
  readonly members: readonly Member[]
  /** Newcomers that somebody is letting in. */
  readonly newcomers: readonly Member[]
  readonly links: readonly { readonly from: string; readonly to: string; readonly isOwn: boolean }[]
  readonly blockedBy: readonly Block[]
  /** Whether those who answer are enough to evict the others. */
  readonly mayDecide: boolean
  /** They are not: until this side goes on by itself. */
  readonly forksInMs: number | undefined
  readonly evictions: readonly Eviction[]
  /** Changes of this page that nobody else is known to have. */
  readonly unsynced: number
  readonly map: readonly MapRow[]
  readonly snapshotPoint: number
  readonly operations: readonly SequencedOperation[]
  /** Everyone who ever wrote, for their colours. */
  readonly authors: ReadonlyMap<string, Member>
  readonly stats: TidemarkStats
  /** Operations that have left the log as far as this page knows. */
  readonly droppedOperations: number
  /** How often the room has been compacted. */
  readonly epoch: number
  readonly cuts: readonly Cut[]
  /** Whether this page has asked for a cut that is still to come. */
  readonly isCompacting: boolean
  /** The document beside its control. */
  readonly measurement: Measurement
  /** Whose page counts what plain Yjs would hold; undefined if this one does. */
  readonly countedBy: Member | undefined
}
