/**
 * One person's end of a room, whichever library it is made with: what is measured drives nothing else, in a page and
 * in Node alike, so that both sides do the same work.
 */
import type * as Y from 'yjs'

export interface JoinOptions {
  /** Where the library's own signaling server listens. */
  readonly signaling: string
  readonly room: string
  /** For simple-peer, which both use; in Node it brings the WebRTC implementation. */
  readonly peerOptions?: object
}

export interface Participant {
  /** What the others call it. */
  name(): string
  /** Those that an open data channel leads to. */
  neighbours(): readonly string[]
  /** How many others it counts as present. */
  present(): number
  /** What the library says of itself. */
  synced(): boolean
  disconnect(): void
  connect(): void
  destroy(): void
  /** Makes the document as small as the library can by itself, and resolves once it is done. */
  compact(): Promise<void>
}

export type Join = (doc: Y.Doc, options: JoinOptions) => Participant
