/**
 * What a provider tells the application.
 */
import type { Blocker, OpenEviction, ReplicaId, SnapshotMove } from '@tidemark/core'
import type * as Y from 'yjs'

export type ConnectionStatus = 'connecting' | 'connected' | 'disconnected'

export interface Compaction {
  /** The epoch that began with it: how often this room has been compacted. */
  readonly epoch: number
  /** The whole document when encoded, roughly, history included. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** How long the document could not be edited on account of it. */
  readonly pauseMs: number
}

export interface Renumbering {
  /**
   * Leads relative positions from the ids that the document had to those it has now.
   *
   * @param value a `Y.RelativePosition`, its JSON, that as a string, or anything that holds such.
   * @returns a copy of what is around a position that has changed; the very same value if none has. A position whose place
   * is gone stays as it is, and leads nowhere.
   */
  readonly translate: <T>(value: T) => T
}

/** A type alias, because the base class wants an index signature. */
export type TidemarkEvents = {
  status: (event: { status: ConnectionStatus }) => void
  /** Whether this replica holds the room's state, as far as anybody it can reach can tell. */
  synced: (synced: boolean) => void
  sync: (synced: boolean) => void
  /** Members that a link leads to. */
  peers: (event: { added: ReplicaId[]; removed: ReplicaId[] }) => void
  members: (event: { joined: ReplicaId[]; left: ReplicaId[]; evicted: ReplicaId[] }) => void
  /** The snapshot point has moved on. */
  snapshot: (event: SnapshotMove) => void
  /** The document was compacted; its content is the same. */
  compacted: (event: Compaction) => void
  /**
   * The ids in the document have changed: it was compacted, or is back in a room that was. Cursors in awareness states and
   * tracked undo managers have followed. Relative positions that the application keeps elsewhere are to be translated now:
   * nothing else knows of them. Of those in the document itself every member rewrites what changes; all write the same.
   */
  renumbered: (event: Renumbering) => void
  /**
   * This replica was away for too long: what it had changed meanwhile could not be placed in the room's document,
   * which it shows now. This copy is the document as it was, with these changes.
   */
  orphaned: (event: { document: Y.Doc }) => void
  /**
   * This replica is back in a room in which it, or its device, had been before.
   * `carried`: bytes of the changes it has brought along; 0 if it had made none meanwhile.
   */
  returned: (event: { carried: number }) => void
  /** The document holds what storage had of it. Only with storage. */
  loaded: () => void
  /** Share of the room's state that has been loaded while joining, 0 to 1. */
  progress: (event: { share: number }) => void
  error: (error: Error) => void
}

export interface TidemarkStatus {
  readonly connection: ConnectionStatus
  /** Who holds the snapshot point back, or a cut that is due, and why. */
  readonly waitingFor: Blocker[]
  /** Whether those who answer are enough to go on without the others. */
  readonly mayDecide: boolean
  /** Members that have not answered for `suspectAfterMs` while they were waited for. */
  readonly suspects: ReplicaId[]
  /** Nobody here may decide: after so many milliseconds this side goes on by itself. */
  readonly forksInMs?: number
  /** Being evicted: everybody who stays closes itself to them first (`fenced`; `awaited` still have to). */
  readonly evictions: OpenEviction[]
  /**
   * Changes made here that nobody else is known to have: operations while in the room, transactions while out of it. Those
   * of an earlier page that storage has brought are not counted.
   */
  readonly unsynced: number
}

export interface TidemarkStats {
  readonly epoch: number
  readonly snapshotPoint: number
  /** Operations above the snapshot point, and the bytes of their payloads. */
  readonly logOperations: number
  readonly logBytes: number
  /** Operations below the snapshot point that the next compaction does away with. */
  readonly segmentOperations: number
  readonly segmentBytes: number
  /** The document's state when encoded; an estimate that lags behind by 1% at most. */
  readonly baseBytes: number
  readonly members: number
  readonly links: number
  /** Messages of all links since the provider was made, without what the network adds. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Operations that arrived before something they depend on. */
  readonly waiting: number
  /** Of this document, by this provider. */
  readonly storedBytes: number
}

export interface LoggedOperation {
  readonly author: ReplicaId
  /** 1, 2, 3, … per author. */
  readonly seq: number
  /** Lamport clock; (clock, author) is its place in the total order. */
  readonly clock: number
  /** A `cut` says up to where history is to be compacted. */
  readonly kind: 'update' | 'join' | 'leave' | 'cut' | 'fence' | 'evict'
  /** Of the payload; only updates have one. */
  readonly bytes: number
}
