/**
 * A replicated structure with a user in front of it.
 */
import type { Structure } from '@tidemark/core'
import type { Random } from '../random.js'
import type { ActionId, TokenBook, TokenId } from './tokens.js'

export interface Model {
  readonly structure: Structure
  /** The user does something. @returns what, and nothing else, has changed by it. */
  edit(random: Random, book: TokenBook): readonly ActionId[]
  /** Everything shown, one entry per occurrence. */
  shown(): readonly TokenId[]
  /** The part of `shown` that has an order which all replicas share. */
  ordered(): readonly TokenId[]
  /** Equal on two replicas exactly if their users see the same. */
  fingerprint(): string
}

/** @param onLocalChange to be called when `structure.takeLocalChange` has something. */
export type MakeModel = (random: Random, onLocalChange: () => void) => Model
