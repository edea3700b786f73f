/**
 * What a replica tells of its part in the agreement on whom to evict (protocol rule EV2): it goes with reports.
 */
import type { ReplicaId } from '../causality/operation.js'

/** Ordered by round, then by proposer. Round 0 is before every proposal. */
export interface Ballot {
  readonly round: number
  readonly proposer: ReplicaId
}

/** Honest members need one each time that they propose. Nobody gets there in steps that others follow. */
export const MAX_ROUND = 2 ** 52

export const NO_BALLOT: Ballot = { round: 0, proposer: '' }

export interface Acceptance {
  readonly ballot: Ballot
  readonly evicted: readonly ReplicaId[]
}

/** What a replica tells of its part in it. */
export interface AgreementState {
  /** So many stages are decided; the promise and the acceptance are about the next one. */
  readonly stage: number
  readonly promised: Ballot
  readonly accepted: Acceptance | undefined
  /** The sets of the last stages decided, oldest first: those that are not carried out everywhere yet. */
  readonly decided: readonly (readonly ReplicaId[])[]
}

export function isGreater(a: Ballot, b: Ballot): boolean {
  return a.round > b.round || (a.round === b.round && a.proposer > b.proposer)
}

export function isSame(a: Ballot | undefined, b: Ballot): boolean {
  return a !== undefined && a.round === b.round && a.proposer === b.proposer
}
