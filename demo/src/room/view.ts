/** What the panels draw: the room at one moment, as plain data. */
import type { BlockReason, ConnectionStatus, TidemarkStats } from 'tidemark'
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

export interface MapRow {
  readonly member: Member
  /** Known clocks by member; undefined where the row does not say. */
  readonly known: readonly (number | undefined)[]
  readonly floor: number
}

export interface Compaction {
  readonly operationsBefore: number
  readonly operationsAfter: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface Dropped {
  readonly operations: number
  readonly bytes: number
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
  readonly map: readonly MapRow[]
  readonly snapshotPoint: number
  readonly operations: readonly SequencedOperation[]
  /** Everyone who ever wrote, for their colours. */
  readonly authors: ReadonlyMap<string, Member>
  readonly stats: TidemarkStats
  readonly dropped: Dropped
  readonly lastCompaction: Compaction | undefined
  readonly characters: number
}
