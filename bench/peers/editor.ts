/** What a history is replayed in: one author's copy of a text, in any library. */
import type { Patch } from '../../test/traces/sequential-trace.js'

export interface Editor {
  /** Edits made in one go. */
  apply(patches: readonly Patch[]): void
  /** What was edited by the last `apply`, for other copies; called after each, or never. */
  take(): Uint8Array
  merge(changes: Uint8Array): void
  /** What follows is by an author that nobody has seen before. */
  becomeStranger(): void
  readonly content: string
  /** The document in the forms that this library has for it. */
  forms(): Form[]
}

/** A document as bytes, on the three occasions where it is that. */
export interface Form {
  readonly who: string
  readonly encoded: Uint8Array
  /** All that a newcomer is sent. */
  readonly wire: Uint8Array
  /** What a device keeps. */
  readonly rest: Uint8Array
}

export interface Library {
  readonly name: string
  /** @param author of several who write at once: who stands first at one spot goes by their ids, as it did in the history. */
  open(author?: number): Editor
}

/** The form of a library that sends and keeps what it encodes. */
export function sameEverywhere(who: string, bytes: Uint8Array): Form {
  return { who, encoded: bytes, wire: bytes, rest: bytes }
}
