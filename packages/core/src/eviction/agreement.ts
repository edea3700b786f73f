/**
 * Agreeing on whom to evict (protocol rule EV2): one decision per stage, by single-decree Paxos (Lamport 1998). The
 * acceptors' states travel in reports, so there are no messages of its own; a state read late is still a valid promise.
 *
 * Invariant: of each stage no two replicas ever learn different decisions, whatever is lost, late or accused wrongly.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'
import {
  type Acceptance,
  type AgreementState,
  type Ballot,
  isGreater,
  isSame,
  NO_BALLOT,
} from './acceptor-state.js'
import { Bids, type Electors } from './bids.js'

type States = ReadonlyMap<ReplicaId, AgreementState>

export class Agreement {
  private readonly self: ReplicaId
  private decidedStages = 0
  private open: readonly (readonly ReplicaId[])[] = []
  private promised: Ballot = NO_BALLOT
  private accepted: Acceptance | undefined
  private proposal: Acceptance | undefined
  private readonly bids: Bids

  /** @param turnMs how long a ballot is left alone in a fight that does not end. */
  constructor(self: ReplicaId, turnMs: Milliseconds) {
    this.self = self
    this.bids = new Bids(self, turnMs)
  }

  /** Who is in the room has changed. */
  adapt(members: number, turnMs: Milliseconds): void {
    this.bids.adapt(members, turnMs)
  }

  /** So many stages are decided. */
  get stage(): number {
    return this.decidedStages
  }

  /** The sets of stages that are not carried out everywhere yet, oldest first. */
  get decided(): readonly (readonly ReplicaId[])[] {
    return this.open
  }

  /** Somebody has proposed something that is not decided yet. */
  get isOpen(): boolean {
    return this.promised.round > 0
  }

  /** For our report; undefined where nothing was ever proposed. */
  get state(): AgreementState | undefined {
    const { decidedStages: stage, promised, accepted, open: decided } = this
    return stage === 0 && promised.round === 0 ? undefined : { stage, promised, accepted, decided }
  }

  import(stage: number, decided: readonly (readonly ReplicaId[])[]): void {
    this.decidedStages = stage
    this.open = [...decided]
  }

  /**
   * Proposes a set for the next stage, under a ballot above all we know of.
   * @returns whether it has: not if the others would not follow it, for now.
   */
  propose(evicted: readonly ReplicaId[], now: Milliseconds): boolean {
    const round = this.bids.nextRound(this.promised.round, now)
    if (round === undefined) return false
    const ballot = { round, proposer: this.self }
    this.promised = ballot
    this.proposal = { ballot, evicted }
    return true
  }

  /**
   * Takes in what is decided, by a report or a fence.
   * @param stage so many stages are decided. @param decided the sets of the last ones among them.
   * @returns whether that was news.
   */
  learn(stage: number, decided: readonly (readonly ReplicaId[])[]): boolean {
    const before = this.decidedStages
    const first = stage - decided.length
    // Stages that everybody has carried out are told no more; whoever missed one of those is no member.
    if (stage <= before || first > before) return false
    this.decide(decided.slice(before - first))
    return true
  }

  /**
   * Reads the acceptors' states and does our part.
   * @param others of the members that may vote, but ourselves.
   * @returns whether our own state has changed, and should be told.
   */
  read(others: States, electors: Electors): boolean {
    const { isPrimary } = electors
    let hasChanged = false
    for (const { stage, decided } of others.values()) if (this.learn(stage, decided)) hasChanged = true
    const here = new Map([...others].filter(([, { stage }]) => stage === this.decidedStages))
    this.bids.hear(here, this.promised.round, electors)
    for (const state of here.values()) if (this.follow(state)) hasChanged = true
    if (this.takeTurn(here, electors)) hasChanged = true
    if (this.acceptOwn(here, isPrimary)) hasChanged = true
    const { accepted } = this
    if (accepted) {
      const voters = this.voters(here, (state) => isSame(state.accepted?.ballot, accepted.ballot))
      if (isPrimary(voters)) {
        this.decide([accepted.evicted])
        hasChanged = true
      }
    }
    return hasChanged
  }

  /** Stages up to this one are carried out by everybody, and need not be told any more. */
  forgetThrough(stage: number): void {
    const kept = Math.min(this.open.length, Math.max(0, this.decidedStages - stage))
    this.open = this.open.slice(this.open.length - kept)
  }

  /** An acceptor's step: promises to the highest ballot heard of, and accepts what was proposed under it. */
  private follow({ promised, accepted }: AgreementState): boolean {
    const hasPromised = isGreater(promised, this.promised) && this.promise(promised)
    if (!accepted || isGreater(this.promised, accepted.ballot)) return hasPromised
    const isNews = !this.accepted || isGreater(accepted.ballot, this.accepted.ballot)
    if (!isNews || !this.promise(accepted.ballot)) return hasPromised
    this.accepted = accepted
    return true
  }

  /** @returns whether it is promised to now. */
  private promise(ballot: Ballot): boolean {
    if (isSame(this.promised, ballot)) return true
    if (!this.bids.admit(ballot)) return false
    this.promised = ballot
    return true
  }

  /** The same where somebody bids without end: one ballot is promised to, told by whoever makes it, and left alone for a while. */
  private takeTurn(others: States, electors: Electors): boolean {
    const ballots = [...others].flatMap(([replica, { promised }]) => {
      const isBid = promised.proposer === replica && isGreater(promised, this.promised)
      return isBid ? [promised] : []
    })
    const next = this.bids.next(ballots, electors)
    if (next) this.promised = next
    return next !== undefined
  }

  /** A proposer's step: with a quorum's promises it asks for what was accepted last, or else for what it wants. */
  private acceptOwn(others: States, isPrimary: Electors['isPrimary']): boolean {
    const { proposal } = this
    if (!proposal || !isSame(proposal.ballot, this.promised)) return false
    if (isSame(this.accepted?.ballot, proposal.ballot)) return false
    const promisers = this.voters(others, (state) => isSame(state.promised, proposal.ballot))
    if (!isPrimary(promisers)) return false
    let last = this.accepted
    for (const voter of promisers) {
      const theirs = others.get(voter)?.accepted
      if (theirs && (!last || isGreater(theirs.ballot, last.ballot))) last = theirs
    }
    this.accepted = { ballot: proposal.ballot, evicted: last?.evicted ?? proposal.evicted }
    return true
  }

  private voters(others: States, agrees: (state: AgreementState) => boolean): Set<ReplicaId> {
    const voters = new Set([this.self])
    for (const [replica, state] of others) if (agrees(state)) voters.add(replica)
    return voters
  }

  private decide(stages: readonly (readonly ReplicaId[])[]): void {
    this.decidedStages += stages.length
    // Reports and fences that were made before keep what they have.
    this.open = [...this.open, ...stages]
    this.promised = NO_BALLOT
    this.accepted = undefined
    this.proposal = undefined
    this.bids.begin()
  }
}
