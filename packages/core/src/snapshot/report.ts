/**
 * Reports: a replica's statement about itself (protocol rules RE1 to RE4).
 */
import type { Clock, ReplicaId } from '../causality/operation.js'
import type { AgreementState } from '../eviction/acceptor-state.js'

export interface Report {
  readonly replica: ReplicaId
  /** 1, 2, 3, … per replica; of two reports the one with the larger number is the newer. */
  readonly n: number
  /** Its last operation. The report takes effect once that one is applied (rule RE2). */
  readonly seq: number
  /** Its Lamport clock: each later operation of its has a larger one. */
  readonly clock: Clock
  readonly epoch: number
  /** Hash of its base, empty in epoch 0 (rule CU5). */
  readonly base: string
  /** It holds every operation with a clock up to this one, of everyone it knows or answers for. */
  readonly floor: Clock
  /** Its known clock of every member it knows. Only in small rooms, for people who look at the map. */
  readonly row?: ReadonlyMap<ReplicaId, Clock>
  /** Whom it wants, has promised or knows to be evicted; absent where nobody ever was (rule EV2). Read at once. */
  readonly agreement?: AgreementState
  /** Hash of everything up to its floor, in total order, where members sign (rule ID9). */
  readonly history?: Uint8Array
  /** Its replica's, where members sign what they say (rule ID2). */
  readonly signature?: Uint8Array
}

/**
 * Rooms up to this size carry full rows. A row in every report costs each member the square of the room, so only rooms
 * small enough to be looked at member by member pay for it.
 */
export const MAX_MEMBERS_WITH_ROWS = 10
