/**
 * The boundary between the protocol and whatever is being replicated.
 *
 * The core orders, spreads and drops operations; a Structure gives their payloads a meaning. Nothing in here
 * is asynchronous: long work is cut into pieces, and the core asks for one piece at a time.
 */
import type { Clock, ReplicaId } from './causality/operation.js'

/** One part of an encoded state. Parts are loaded in the order in which they were made. */
export interface StatePiece {
  /** At most about {@link Structure.encodeState}'s `pieceBytes` long. */
  readonly bytes: Uint8Array
  /** Share of the state that this piece and all before it make up, 0 to 1; the last piece has exactly 1. */
  readonly progress: number
}

export interface Structure {
  /**
   * Integrates the payload of one operation. Called in causal order, once per operation, never with this
   * replica's own operations.
   * @param epoch the naming that the payload was authored in: the present epoch, or the one before it.
   * @param origin who made it, and knowing what.
   * @returns why the payload was refused (then nothing changed), or undefined once it is applied.
   */
  apply(payload: Uint8Array, epoch: number, origin?: Origin): string | undefined

  /**
   * Asked before a payload is stored or passed on: whether it shows by itself, to everybody alike, that no such structure has
   * written it. Whoever sends it then loses its link. What an honest user can bring about is refused by `apply` instead.
   * @returns why, or undefined.
   */
  vet?(payload: Uint8Array): string | undefined

  /**
   * Takes what the user changed since the last call, as the payload of one new operation.
   * @returns undefined if there is nothing.
   */
  takeLocalChange(): Uint8Array | undefined

  /**
   * The state for a newcomer. Read slowly, one piece at a time, while further operations are applied in between:
   * each piece must be loadable after those before it.
   *
   * Without `epochs` all pieces together hold at least what was applied when this was called. With `epochs` they
   * hold exactly the base as it was then; the newcomer applies the operations above it itself.
   * @param tablesFrom with `epochs`: the pieces also hold what leads from this epoch to the present one.
   */
  encodeState(pieceBytes: number, tablesFrom?: number | undefined): Iterator<StatePiece, undefined>

  /** A sponsor's state is about to be loaded. What the user made before stays, as a local change of its own. */
  beginLoad(): void

  /** Loads one piece. @returns why it was refused, or undefined. */
  loadPiece(bytes: Uint8Array): string | undefined

  /**
   * All pieces are loaded (with `epochs`: and the operations above the base applied), or the sponsor is gone and
   * no more will come. From here on `takeLocalChange` holds whatever this side has and the room had not.
   *
   * Half of a state may hold half of what its sponsor has told nobody of: where that can be worse than nothing, keep none of it.
   * @param isWhole whether all has come.
   * @returns why it does not fit what is here, if it does not.
   */
  endLoad(isWhole: boolean): string | undefined

  /** Bytes the whole state takes when encoded: an estimate for statistics, may be cached. */
  stateBytes(): number

  /** Present where history can be cut: then the structure is renumbered, and as large as its content. */
  readonly epochs?: Epochs
}

/** Who made a payload, and what else its author had seen. */
export interface Origin {
  readonly author: ReplicaId
  /** With the author, its place in the total order. */
  readonly clock: Clock
  /** Payloads of one author are numbered in ascending order. */
  readonly seq: number
  /**
   * Of each author, up to which number, where that has changed since this author's payload before. Whoever has seen a
   * payload has also seen what its author had. What lies below the present base may be left out.
   */
  readonly past: ReadonlyMap<ReplicaId, number>
}

/** A payload, and the naming it was authored in. */
export interface NamedPayload {
  readonly payload: Uint8Array
  readonly epoch: number
  readonly origin?: Origin
}

/** How payloads name things: the room's lineage, and how many cuts were executed in it. */
export interface Naming {
  readonly lineage: string
  readonly epoch: number
}

/** What a structure needs for cuts (protocol rules CU1 to CU9). */
export interface Epochs {
  /**
   * The naming of what the structure holds, and those that mean the same without any table (the room was founded
   * with what another one left behind): newest first. Empty before the first room.
   */
  readonly namings: readonly Naming[]
  /**
   * Earlier namings that the structure can lead back to, newest first: what it holds can be told by the names it had
   * then. Where two histories that both went on meet, the newest that both know leads from one to the other.
   */
  readonly origins: readonly Naming[]
  /** Bytes of the present base. */
  readonly baseBytes: number

  /** A lineage begins at epoch 0, with whatever the structure holds as its base. */
  found(lineage: string): void

  /** Called between `beginLoad` and the first piece: the namings of the sponsor. */
  enter(namings: readonly Naming[]): void

  /** Whether what was named so can be led to the present naming: the tables in between are kept. */
  reaches(naming: Naming): boolean

  /** Bytes that a cut does away with on account of this payload, roughly: its own, and those of what it deletes. */
  weight(payload: Uint8Array): number

  /** Operations of the epoch before this one will not come any more, and none is above the base. */
  settle(): void

  /**
   * Called right after a cut, at the replica that made it: the structure may change what has no effect any more, to be
   * taken like a change of the user's. The next cut does away with it.
   */
  tidy?(): void

  /**
   * Payloads that were applied brought the same thing, each in its own way: what counts is the first in total order, and
   * they did not come in that order. To be asked after payloads were applied; then {@link untangle} is called as soon as
   * it can be.
   */
  readonly isTangled?: boolean

  /** @param operations everything above the base, in total order. */
  untangle?(operations: readonly NamedPayload[]): void

  /** Begins to execute a cut. There is one at a time: beginning another one, or a load, abandons it. */
  begin(cut: Cut): CutWork
}

export interface Cut {
  readonly lineage: string
  /** The epoch that begins with it. */
  readonly epoch: number
  /**
   * Everything between the present base and the cut, in total order. What the structure refuses in that order has no
   * part in the next base, whatever became of it when it came.
   */
  readonly below: readonly NamedPayload[]
  /** Everything applied above the cut, in an order that respects causality. Grows while the work goes on. */
  readonly above: readonly NamedPayload[]
}

/** A cut on its way. Until `commit` the structure stays in the epoch it is in. */
export interface CutWork {
  /** Does a small part of the work, a millisecond at most. @returns whether everything so far is prepared. */
  prepare(): boolean
  /** Names the content of the new base: equal on all replicas. Once prepared. */
  readonly fingerprint: Uint8Array
  /** Whether the structure can be switched at this moment: the application is in the middle of nothing. */
  readonly canCommit: boolean
  /** Switches to the new base with everything in `above`. One short task. Local changes not yet taken stay so. */
  commit(): CutResult
}

export interface CutResult {
  /** Of the whole state, roughly. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Insertions changed places: whoever looks on was told by ordinary events. */
  readonly changedVisibly: boolean
}
