/**
 * The boundary between the protocol and whatever is being replicated.
 *
 * The core orders, spreads and drops operations; a Structure gives their payloads a meaning. Nothing in here
 * is asynchronous: long work is cut into pieces, and the core asks for one piece at a time.
 */

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
   * @returns why the payload was refused (then nothing changed), or undefined once it is applied.
   */
  apply(payload: Uint8Array): string | undefined

  /**
   * Takes what the user changed since the last call, as the payload of one new operation.
   * @returns undefined if there is nothing.
   */
  takeLocalChange(): Uint8Array | undefined

  /**
   * The state with everything applied so far, for a newcomer. Read slowly, one piece at a time, while further
   * operations are applied in between: each piece must be loadable after those before it, and all together
   * hold at least what was applied when this was called.
   */
  encodeState(pieceBytes: number): Iterator<StatePiece, undefined>

  /** A sponsor's state is about to be loaded. What the user made before stays, as a local change of its own. */
  beginLoad(): void

  /** Loads one piece. @returns why it was refused, or undefined. */
  loadPiece(bytes: Uint8Array): string | undefined

  /**
   * All pieces are loaded, or the sponsor is gone and no more will come. From here on `takeLocalChange` holds
   * whatever this side has and the pieces had not.
   */
  endLoad(): void

  /**
   * These payloads, in total order, went below the snapshot point: every member has applied them, and the core
   * has dropped them. A structure that keeps a copy at the snapshot point advances it here.
   */
  fold(payloads: readonly Uint8Array[]): void

  /** Bytes the whole state takes when encoded: an estimate for statistics, may be cached. */
  stateBytes(): number
}
