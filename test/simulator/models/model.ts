/**
 * A replicated structure with a user in front of it.
 */
import type { Structure } from '@tidemark/core'
import type { Random } from '../random.js'
import type { ActionId, TokenBook, TokenId } from './tokens.js'

/** Names a place that has an order or keys: a root by its name, a nested one by its token. */
export type ContainerId = string | TokenId

export interface Model {
  readonly structure: Structure
  /** The same edits on a structure that never forgets anything: what compaction must not change. */
  readonly twin?: Twin | undefined
  /** The user does something. @returns what, and nothing else, has changed by it. */
  edit(random: Random, book: TokenBook): readonly ActionId[]
  /** The user writes under a key of the map that everybody shares, or takes away what is there. */
  writeKey?(key: string, isWritten: boolean, book: TokenBook): readonly ActionId[]
  /** Everything shown, one entry per occurrence. */
  shown(): readonly TokenId[]
  /** What is there, and will be shown once more of it has come in. */
  unnamed?(): readonly TokenId[]
  /** Sequences in an order which all replicas share. */
  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]>
  /** Under which keys something is shown, by what they are in. */
  keys?(): ReadonlyMap<ContainerId, ReadonlySet<string>>
  /** Equal on two replicas exactly if their users see the same. */
  fingerprint(): string
  /** Something that must never be, in whatever state. */
  fault(): string | undefined
  /** Of a state that did not come as a whole. */
  readonly keepsNoHalves?: boolean
  /** Bytes of the encoded whole, and of a fresh one with the same content; for structures that get compacted. */
  store?(): Stored
  /** Before anything else. */
  restore?(stored: Stored): void
  sizes?(): { readonly bytes: number; readonly freshBytes: number }
}

/** A document as storage keeps it, and its twin. */
export interface Stored {
  readonly records: readonly Uint8Array[]
  readonly twin: Uint8Array | undefined
}

/** A document beside the model's own; what it exchanges is idempotent and commutative. */
export interface Twin {
  /** What the user did since the last call. */
  take(): Uint8Array | undefined
  apply(update: Uint8Array): void
  state(): Uint8Array
  /** What it holds may be news to the room: the next `take` gives everything. */
  carry(): void
  shown(): readonly TokenId[]
  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]>
}

export interface ModelOptions {
  readonly compaction: 'full' | 'fixed'
  /** What users of this schedule know how to do. */
  readonly features: ReadonlySet<Feature>
  readonly hasTwin: boolean
  /** It may be stored. */
  readonly isStored: boolean
  /** `structure.takeLocalChange` has something. */
  readonly onLocalChange: () => void
  /** Content could not be placed in the room that was joined. */
  readonly onOrphaned: () => void
  /** Something broke that the application would be told of. */
  readonly onError: (error: unknown) => void
}

export const FEATURES = [
  'text',
  'format',
  'embed',
  'list',
  'map',
  'nested',
  'xml',
  'attributes',
  'mixed',
] as const
export type Feature = (typeof FEATURES)[number]

export type MakeModel = (random: Random, options: ModelOptions) => Model
