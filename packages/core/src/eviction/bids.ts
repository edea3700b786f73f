/**
 * Which ballots of others an acceptor promises to (protocol rule EV2). It owes that to nobody, so a member that bids without end, or
 * far ahead, need not keep the others from deciding.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'
import type { AgreementState, Ballot, Electors } from './agreement.js'

/** Nobody who counts in ones is so far ahead of most: who is means to use the numbers up, and is not followed. */
const MAX_ROUNDS_AHEAD = 2 ** 20
/** A stage that has seen more ballots than this has somebody in it who outbids the others on purpose. */
const ALL_AT_ONCE = 64
/** Nobody waits for more turns than this. */
const MAX_WAIT = 16

export class Bids {
  private readonly turnMs: Milliseconds
  private count = 0
  /** The highest ballot that is followed. */
  private lastRound = MAX_ROUNDS_AHEAD
  private highest = 0
  private leftAloneUntil: Milliseconds = Number.NEGATIVE_INFINITY
  /** How many turns each has had. */
  private readonly turns = new Map<ReplicaId, number>()

  /** @param turnMs so long the ballot whose turn it is is left alone. */
  constructor(turnMs: Milliseconds) {
    this.turnMs = turnMs
  }

  /** Another stage, whose ballots begin anew. */
  begin(): void {
    this.count = 0
    this.lastRound = MAX_ROUNDS_AHEAD
    this.highest = 0
    this.leftAloneUntil = Number.NEGATIVE_INFINITY
    this.turns.clear()
  }

  /**
   * Takes in what acceptors say.
   * @param own the round that we have promised to.
   */
  hear(others: ReadonlyMap<ReplicaId, AgreementState>, own: number, electors: Electors): void {
    const rounds = [...others.values()].map(({ promised }) => promised.round)
    if (own >= this.lastRound || rounds.some((round) => round > this.lastRound)) {
      const last = commonRound(others, electors.answering()) ?? own
      this.lastRound = Math.max(this.lastRound, last + MAX_ROUNDS_AHEAD)
    }
    for (const round of rounds) if (round <= this.lastRound) this.highest = Math.max(this.highest, round)
  }

  /** @returns whether a ballot that is above ours is promised to at once, whoever tells of it. */
  admit({ round }: Ballot): boolean {
    if (round > this.lastRound || this.isFight) return false
    this.count++
    return true
  }

  /** Where not everything is followed at once: the ballot whose turn it is now, of those whose proposers tell of them. */
  next(ballots: readonly Ballot[], { answering, now }: Electors): Ballot | undefined {
    if (!this.isFight || ballots.length === 0) return undefined
    const present = new Set(answering())
    const [next] = ballots
      .filter(({ round, proposer }) => round <= this.lastRound && present.has(proposer))
      .filter(({ proposer }) => now >= this.turnOf(proposer))
      .sort((a, b) => this.turnOf(a.proposer) - this.turnOf(b.proposer) || b.round - a.round)
    if (next) this.take(next.proposer, now)
    return next
  }

  /**
   * A round above all that others may have promised to, for a ballot of ours, or else the last that they follow: it brings them
   * nearer. Undefined if we have promised to that, or it is not our turn.
   * @param own the round that we have promised to.
   */
  nextRound(self: ReplicaId, own: number, now: Milliseconds): number | undefined {
    const round = Math.min(Math.max(own, this.highest) + 1, this.lastRound)
    if (round <= own || (this.isFight && now < this.turnOf(self))) return undefined
    if (this.isFight) this.take(self, now)
    this.count++
    return round
  }

  /** When it may have the next one: who has had many waits for as many more, so that others come between. */
  private turnOf(proposer: ReplicaId): Milliseconds {
    return this.leftAloneUntil + this.turnMs * Math.min(MAX_WAIT, this.turns.get(proposer) ?? 0)
  }

  private take(proposer: ReplicaId, now: Milliseconds): void {
    this.turns.set(proposer, (this.turns.get(proposer) ?? 0) + 1)
    this.leftAloneUntil = now + this.turnMs
  }

  private get isFight(): boolean {
    return this.count >= ALL_AT_ONCE
  }
}

/** The round that most of the others that answer have reached: a single liar neither raises it nor keeps it down for long. */
function commonRound(
  others: ReadonlyMap<ReplicaId, AgreementState>,
  answering: readonly ReplicaId[],
): number | undefined {
  const rounds = answering.map((member) => others.get(member)?.promised.round ?? 0)
  return rounds.sort((a, b) => b - a)[Math.floor(rounds.length / 2)]
}
