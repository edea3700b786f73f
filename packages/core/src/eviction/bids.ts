/**
 * Which ballots of others an acceptor promises to (protocol rule EV2). It owes that to nobody, so a member that bids without end, or
 * far ahead, need not keep the others from deciding.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'
import type { AgreementState, Ballot } from './acceptor-state.js'

/** Nobody who counts in ones is so far ahead of most: who is means to use the numbers up, and is not followed. */
const MAX_ROUNDS_AHEAD = 2 ** 20
/** A stage that has seen more ballots than this, and than each member needs, has somebody in it who outbids the others on purpose. */
const ALL_AT_ONCE = 64
const BALLOTS_EACH = 4
/** Nobody waits for more turns than this. */
const MAX_WAIT = 16

/** What the others are, as we see it. */
export interface Electors {
  isPrimary(quorum: ReadonlySet<ReplicaId>): boolean
  /** Whose vote counts, and who is not suspected, but ourselves. */
  answering(): readonly ReplicaId[]
  /** Whether somebody was a member at the snapshot point already. */
  isOld(member: ReplicaId): boolean
  readonly now: Milliseconds
}

export class Bids {
  private readonly self: ReplicaId
  private turnMs: Milliseconds
  private allAtOnce = ALL_AT_ONCE
  private count = 0
  /** The highest ballot that is followed. */
  private lastRound = MAX_ROUNDS_AHEAD
  private highest = 0
  /** Since when ballots are out of reach, or it was made larger for that. */
  private outOfReachSince: Milliseconds | undefined
  private leftAloneUntil: Milliseconds = Number.NEGATIVE_INFINITY
  /** How many turns each has had. */
  private readonly turns = new Map<ReplicaId, number>()

  /** @param turnMs so long the ballot whose turn it is is left alone. */
  constructor(self: ReplicaId, turnMs: Milliseconds) {
    this.self = self
    this.turnMs = turnMs
  }

  /** Who is in the room has changed. */
  adapt(members: number, turnMs: Milliseconds): void {
    this.allAtOnce = Math.max(ALL_AT_ONCE, BALLOTS_EACH * members)
    this.turnMs = turnMs
  }

  /** Another stage, whose ballots begin anew. */
  begin(): void {
    this.count = 0
    this.lastRound = MAX_ROUNDS_AHEAD
    this.highest = 0
    this.outOfReachSince = undefined
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
      this.lastRound = Math.max(this.lastRound, Math.min(last, this.lastRound) + MAX_ROUNDS_AHEAD)
      this.reachFurther(electors.now)
    } else this.outOfReachSince = undefined
    for (const round of rounds) if (round <= this.lastRound) this.highest = Math.max(this.highest, round)
  }

  /** Where few are honest most say nothing: after a turn it goes a step further, so slowly that numbers last for centuries. */
  private reachFurther(now: Milliseconds): void {
    this.outOfReachSince ??= now
    if (now < this.outOfReachSince + this.turnMs) return
    this.outOfReachSince = now
    this.lastRound += MAX_ROUNDS_AHEAD
  }

  /** @returns whether a ballot that is above ours is promised to at once, whoever tells of it. */
  admit({ round }: Ballot): boolean {
    if (round > this.lastRound || this.isFight) return false
    this.count++
    return true
  }

  /** Where not everything is followed at once: the ballot whose turn it is now, of those whose proposers tell of them. */
  next(ballots: readonly Ballot[], electors: Electors): Ballot | undefined {
    if (!this.isFight || ballots.length === 0) return undefined
    const { now } = electors
    const present = new Set(electors.answering())
    const had = ({ proposer }: Ballot) => this.hadBy(proposer, electors)
    // Whoever has had more turns than we gives us time to take ours, should we want it.
    const isLater = (ballot: Ballot) => had(ballot) > (this.turns.get(this.self) ?? 0)
    const [next] = ballots
      .filter(({ round, proposer }) => round <= this.lastRound && present.has(proposer))
      .filter((ballot) => now >= this.turnAfter(had(ballot)) + (isLater(ballot) ? this.turnMs / 2 : 0))
      .sort((a, b) => had(a) - had(b) || b.round - a.round || (a.proposer < b.proposer ? 1 : -1))
    if (next) this.take(next.proposer, had(next), now)
    return next
  }

  /** Who came after the silent one may have been let in for this: it has no turn before the others. */
  private hadBy(proposer: ReplicaId, { isOld }: Electors): number {
    return this.turns.get(proposer) ?? (isOld(proposer) ? 0 : MAX_WAIT)
  }

  /**
   * A round above all that others may have promised to, for a ballot of ours, or else the last that they follow: it brings them
   * nearer. Undefined if we have promised to that, or it is not our turn.
   * @param own the round that we have promised to.
   */
  nextRound(own: number, now: Milliseconds): number | undefined {
    const round = Math.min(Math.max(own, this.highest) + 1, this.lastRound)
    const had = this.turns.get(this.self) ?? 0
    if (round <= own || (this.isFight && now < this.turnAfter(had))) return undefined
    if (this.isFight) this.take(this.self, had, now)
    this.count++
    return round
  }

  /** When somebody may have the next one: who has had many waits for as many more, so that others come between. */
  private turnAfter(had: number): Milliseconds {
    return this.leftAloneUntil + this.turnMs * Math.min(MAX_WAIT, had)
  }

  private take(proposer: ReplicaId, had: number, now: Milliseconds): void {
    this.turns.set(proposer, had + 1)
    this.leftAloneUntil = now + this.turnMs
  }

  private get isFight(): boolean {
    return this.count >= this.allAtOnce
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
