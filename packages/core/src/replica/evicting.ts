/**
 * Taking out members that are silent, by agreement (protocol rules EV1 to EV7): what `eviction/` knows, meeting the
 * history, the roster, the reports and the links.
 *
 * Agree on whom (in reports), flush (everybody's fence is its cut-off), evict (an operation, once all fences are
 * applied): the latter two are in `flush.ts`. Suspicion, and with it every clock, decides only when that is begun.
 */
import type { History } from '../causality/history.js'
import { type Body, endedBy, type Operation, type ReplicaId } from '../causality/operation.js'
import type { AgreementState } from '../eviction/acceptor-state.js'
import { Agreement } from '../eviction/agreement.js'
import { Arrears } from '../eviction/arrears.js'
import { Electorates } from '../eviction/electorates.js'
import { Suspicion } from '../eviction/suspicion.js'
import type { Vouching } from '../identity/vouching.js'
import type { Milliseconds, ReplicaConfig } from '../machine.js'
import type { MemberRecord, Roster } from '../membership/roster.js'
import { slowdown } from '../snapshot/reporting.js'
import type { Stability } from '../snapshot/stability.js'
import type { Welcome } from '../wire/messages.js'
import { Flush, type OpenEviction, SUCCESSION_MS } from './flush.js'

export interface EvictingParts {
  readonly self: ReplicaId
  readonly history: History
  readonly roster: Roster
  readonly stability: Stability
  readonly vouching: Vouching
  author(body: Body): void
  /** Asks through other members whether this one is there. */
  probe(member: ReplicaId): void
  /** A cut is due that waits for somebody. */
  isCutHeld(): boolean
}

/** What became of us: undefined as long as we are a member. */
export type Verdict =
  | undefined
  | {
      readonly type: 'out'
      readonly reason: string
      /** It can not even leave: others take the id for somebody else's, too. */
      readonly isDead: boolean
    }
  /** No side that we can reach may decide: it is time to go on by ourselves (rule LI8). */
  | { readonly type: 'fork'; readonly reason: string }

/** Which members can not be reached by way of our links. */
export interface Reach {
  readonly isMissingSomebody: boolean
  /** Whether it may be one of those. */
  misses(member: ReplicaId): boolean
}

/** So often a member that is waited for is looked at until it is suspected. */
const LOOKS = 4
/** Before a decision is made again it gets this many report intervals; the older go first. */
const RETRY_INTERVALS = 4
/** Whoever lets so many reports go by, and a minute besides, does not mean to make any. */
const REPORTS_IN_TIME = 8
/** Says of somebody that nothing of it is taken any more, while the cut-off is not known yet. */
export const NOT_KNOWN_YET = 2 ** 32 - 1

export class Evicting {
  readonly agreement: Agreement
  readonly electorates: Electorates
  readonly suspicion: Suspicion
  private readonly flush: Flush
  private readonly arrears: Arrears
  private readonly parts: EvictingParts
  private readonly config: ReplicaConfig
  /** Why we can be no member any more. */
  private outReason: string | undefined
  private isSpoilt = false
  private mustTell = false
  private nextProposalAt: Milliseconds | undefined
  private stuckSince: Milliseconds | undefined
  private lookAt = Number.POSITIVE_INFINITY
  private othersAmong: readonly MemberRecord[] | undefined
  private knownOthers: readonly ReplicaId[] = []
  /** Before this moment nobody among the others is a suspect: they need not all be looked at after each input. */
  private nobodyBefore = Number.NEGATIVE_INFINITY

  constructor(parts: EvictingParts, config: ReplicaConfig) {
    this.parts = parts
    this.config = config
    this.electorates = new Electorates(parts.vouching.isOn)
    this.agreement = new Agreement(parts.self, RETRY_INTERVALS * config.reportIntervalMs)
    this.suspicion = new Suspicion(config.suspectAfterMs)
    this.arrears = new Arrears(this.patienceOf(1))
    this.flush = new Flush(parts, this.agreement)
    parts.history.isHeld = (operation) => this.flush.isHeld(operation)
    parts.history.isFenced = (author) => this.flush.isFenced(author)
  }

  // ------------------------------------------------------------------ beginnings

  found(): void {
    this.electorates.found(this.parts.self)
    this.flush.found()
  }

  /** @param operations all that the sponsor held above the base. */
  import(welcome: Welcome, operations: readonly Operation[]): void {
    const { electorate, former, stage, decided } = welcome
    this.electorates.import(electorate, former)
    this.agreement.import(stage, decided)
    for (const [author, seq] of welcome.cutOffs) this.parts.history.cutOff(author, seq)
    this.flush.import(welcome, operations)
  }

  export(): Pick<Welcome, 'electorate' | 'former' | 'stage' | 'decided' | 'cutOffs'> {
    const { electorates, agreement, parts } = this
    return {
      electorate: electorates.atPoint,
      former: electorates.former,
      stage: agreement.stage,
      decided: agreement.decided,
      cutOffs: parts.history.cutOffs,
    }
  }

  /** Of a member: how many stages it has fenced. */
  stageOf(member: ReplicaId): number {
    return this.flush.stageOf(member)
  }

  /** Ours: what a newcomer that we let in owes no fence for. */
  get ownStage(): number {
    return this.flush.ownStage
  }

  // ------------------------------------------------------------------ views

  get state(): AgreementState | undefined {
    return this.agreement.state
  }

  /** Our part in the agreement has changed, and our report should say so at once. */
  get hasNews(): boolean {
    return this.mustTell
  }

  told(): void {
    this.mustTell = false
  }

  /** Somebody is fenced. */
  get isFencing(): boolean {
    return this.flush.isFencing
  }

  isFenced(member: ReplicaId): boolean {
    return this.flush.isFenced(member)
  }

  /** Whom we have nothing to do with any more: who is being evicted, or was. */
  isShunned(replica: ReplicaId): boolean {
    return this.isFenced(replica) || this.parts.history.isGivenUp(replica)
  }

  /** What somebody has to know who may have been evicted, or brought in by someone who was (rule EV7). */
  noticeFor(replica: ReplicaId): ReadonlyMap<ReplicaId, number> {
    const { cutOffs, unfounded } = this.parts.history
    if (this.isFenced(replica)) return new Map([...cutOffs, [replica, NOT_KNOWN_YET]])
    const seq = unfounded.get(replica)
    return seq === undefined ? cutOffs : new Map([...cutOffs, [replica, seq]])
  }

  suspects(now: Milliseconds): ReplicaId[] {
    const { others, arrears, suspicion } = this
    const dependsOnTime = !arrears.isOwed && !suspicion.isAccusing
    if (dependsOnTime && now < this.nobodyBefore) return []
    const watched = others.filter((member) => !this.isFenced(member))
    const suspects = watched.filter((member) => arrears.has(member) || suspicion.isSuspect(member, now))
    this.nobodyBefore = dependsOnTime
      ? watched.reduce(
          (soonest, member) => Math.min(soonest, suspicion.notBefore(member, now)),
          Number.POSITIVE_INFINITY,
        )
      : Number.NEGATIVE_INFINITY
    return suspects
  }

  /** We were asleep, not the others. */
  slept(now: Milliseconds): void {
    this.nobodyBefore = Number.NEGATIVE_INFINITY
    this.suspicion.slept(now)
    this.arrears.clear()
  }

  /** Whether those who answer may decide for all (rule EV1). */
  isPrimaryNow(now: Milliseconds): boolean {
    const suspects = new Set(this.suspects(now))
    return this.isPrimary(new Set(this.voters.filter((member) => !suspects.has(member))))
  }

  /** Somebody is to be evicted, and as far as we know nobody has carried that out. */
  get isUnderWay(): boolean {
    return this.agreement.isOpen || !this.flush.isDone
  }

  /** What is decided and not carried out, stage by stage. */
  get open(): OpenEviction[] {
    return this.flush.open(this.voters)
  }

  /** How long until we found anew if nothing changes; undefined while nothing calls for it (rule LI8). */
  forksIn(now: Milliseconds): Milliseconds | undefined {
    if (this.stuckSince === undefined) return undefined
    const suspects = new Set(this.suspects(now))
    return Math.max(0, this.forkAt(this.stuckSince, suspects) - now)
  }

  /** Asked for after each input while something is waited for: made anew only when somebody has come or gone. */
  private get others(): readonly ReplicaId[] {
    const { roster, self } = this.parts
    const members = roster.byAge()
    if (this.othersAmong !== members) {
      this.othersAmong = members
      this.nobodyBefore = Number.NEGATIVE_INFINITY
      const times = slowdown(members.length)
      this.suspicion.slowBy(times)
      this.arrears.patienceMs = this.patienceOf(times)
      this.agreement.adapt(members.length, this.retryMs)
      this.knownOthers = members.flatMap(({ replica }) => (replica === self ? [] : [replica]))
    }
    return this.knownOthers
  }

  private get retryMs(): Milliseconds {
    return RETRY_INTERVALS * this.config.reportIntervalMs * slowdown(this.parts.roster.size)
  }

  /** How long a member may leave a clock untold (rule ID10). */
  private patienceOf(times: number): Milliseconds {
    const { forkAfterMs, suspectAfterMs, reportIntervalMs, busyReportIntervals } = this.config
    return forkAfterMs + times * (suspectAfterMs + REPORTS_IN_TIME * reportIntervalMs * busyReportIntervals)
  }

  /** Everybody whose vote counts, oldest first. */
  private get voters(): ReplicaId[] {
    return this.parts.roster.byAge().flatMap(({ replica }) => (this.isFenced(replica) ? [] : [replica]))
  }

  /** Whose vote counts, and who is not suspected, but ourselves. */
  private answering(now: Milliseconds): ReplicaId[] {
    const suspects = new Set(this.suspects(now))
    return this.voters.filter((member) => member !== this.parts.self && !suspects.has(member))
  }

  private isPrimary(quorum: ReadonlySet<ReplicaId>): boolean {
    const { history } = this.parts
    return this.electorates.isPrimary(quorum, history.after(history.point))
  }

  // ------------------------------------------------------------------ what operations mean

  /** An operation was applied, or made by us. */
  applied(operation: Operation): void {
    if (operation.kind === 'update' || operation.kind === 'cut') return
    if (operation.kind === 'fence' && this.agreement.learn(operation.stage, operation.decided))
      this.mustTell = true
    if (operation.kind === 'evict') for (const [who, seq] of operation.cutOffs) this.evicted(who, seq)
    for (const who of endedBy(operation)) this.suspicion.forget(who)
    this.flush.applied(operation)
    this.nobodyBefore = Number.NEGATIVE_INFINITY
  }

  /** The snapshot point has passed these. */
  passed(operations: readonly Operation[]): void {
    const joins = new Set(this.electorates.passed(operations))
    this.flush.passed(operations, joins)
  }

  /**
   * Somebody tells us who was evicted: we may be among them, or be there by one of them (rule EV7).
   * @returns whether that is so.
   */
  heard(cutOffs: ReadonlyMap<ReplicaId, number>): boolean {
    const { self, history } = this.parts
    const isOut = [...cutOffs].some(([who, seq]) => who === self || (history.applied.get(who) ?? 0) > seq)
    if (isOut) this.leftBehind()
    return isOut
  }

  /** Somebody else speaks in our name: nobody could tell us from it. */
  impersonated(): void {
    this.outReason ??= 'somebody else speaks in our name'
    this.isSpoilt = true
  }

  /** No member is as far behind as we are (rule CU6): the room went on without us. */
  leftBehind(): void {
    this.outReason ??= 'the room went on without us'
  }

  private evicted(who: ReplicaId, seq: number): void {
    const { self, history, vouching } = this.parts
    if (who === self) this.outReason ??= 'the room has evicted us'
    // Those who were let in by somebody evicted carry out the eviction, too, with what they hold of him: they never counted.
    // Where nobody need be trusted, anybody could throw all others out by that.
    if (!vouching.isOn && seq < (history.cutOffs.get(who) ?? 0))
      this.outReason ??= 'the room has cut off what brought us in'
    const held = history.applied.get(who)
    // Forgotten already, or never known: whoever says so breaks the rules, as an eviction follows all it counts.
    if (history.cutOffs.has(who) || held === undefined || held < seq) return
    // We hold what the others have cut off: who is there by an operation of that kind was never let in.
    if (held > seq) this.outReason ??= 'the room has cut off what brought us in'
    history.cutOff(who, seq)
  }

  // ------------------------------------------------------------------ step by step

  /**
   * After each input: agree, flush, evict, and propose what is due.
   * @param reach which members can not be reached.
   */
  step(now: Milliseconds, reach: Reach): Verdict {
    this.agree(now)
    this.carryOut(now)
    if (this.outReason !== undefined) return { type: 'out', reason: this.outReason, isDead: this.isSpoilt }
    return this.consider(now, reach)
  }

  private agree(now: Milliseconds): void {
    const { stability, roster } = this.parts
    if (!stability.takeStirred() && !this.agreement.isOpen) return
    const states = new Map<ReplicaId, AgreementState>()
    for (const { replica, agreement } of stability.reports.values()) {
      const counts = agreement && roster.has(replica) && !this.isFenced(replica)
      if (counts && replica !== this.parts.self) states.set(replica, agreement)
    }
    const isPrimary = (quorum: ReadonlySet<ReplicaId>) => this.isPrimary(quorum)
    const answering = () => this.answering(now)
    const isOld = (member: ReplicaId) => this.electorates.atPoint.has(member)
    while (this.agreement.read(states, { isPrimary, answering, isOld, now })) this.mustTell = true
  }

  private carryOut(now: Milliseconds): void {
    const { agreement, parts } = this
    if (agreement.decided.some((evicted) => evicted.includes(parts.self)))
      this.outReason ??= 'the room is about to evict us'
    if (this.outReason !== undefined) return this.flush.pause()
    this.flush.carryOut(now, () => this.voters)
  }

  private consider(now: Milliseconds, reach: Reach): Verdict {
    const { isWaiting } = this
    this.noteArrears(now, isWaiting)
    if (!isWaiting && !reach.isMissingSomebody) {
      this.stuckSince = this.nextProposalAt = undefined
      this.lookAt = Number.POSITIVE_INFINITY
      return undefined
    }
    if (this.isTimeToLook(now)) {
      // Everybody is silent in a large idle room: there only those are asked for whom we should be linked to, and not for ever.
      const isAskedFor = (member: ReplicaId) => reach.misses(member) && !this.isKnownToBeSilent(member, now)
      const inQuestion = isWaiting ? this.others : this.others.filter(isAskedFor)
      const silent = inQuestion.filter((member) => this.suspicion.shouldProbe(member, now))
      for (const member of silent) this.parts.probe(member)
    }
    // In an idle room nobody is in anybody's way: who sleeps may sleep a while.
    const patienceMs = isWaiting ? 0 : this.config.forkAfterMs
    const suspects = this.suspects(now).filter((member) =>
      this.suspicion.isSilentFor(member, patienceMs, now),
    )
    if (suspects.length === 0) {
      this.stuckSince = this.nextProposalAt = undefined
      return undefined
    }
    if (this.isPrimaryNow(now)) return this.propose(suspects, now)
    return isWaiting || this.parts.isCutHeld() ? this.despair(now) : undefined
  }

  /** Asked for so long, in vain, that it is evicted in an idle room, too: where nobody may do that, asking on tells nothing more. */
  private isKnownToBeSilent(member: ReplicaId, now: Milliseconds): boolean {
    const { suspicion, config } = this
    return suspicion.isSuspect(member, now) && suspicion.isSilentFor(member, config.forkAfterMs, now)
  }

  private noteArrears(now: Milliseconds, isWaiting: boolean): void {
    const { history, stability, vouching } = this.parts
    if (!vouching.isOn) return
    if (!isWaiting) return this.arrears.clear()
    const toldOf = (member: ReplicaId) => stability.standing(member)?.known
    this.arrears.look(now, history.clock, this.others, toldOf)
  }

  private isTimeToLook(now: Milliseconds): boolean {
    const isFirst = this.lookAt === Number.POSITIVE_INFINITY
    if (!isFirst && now < this.lookAt) return false
    this.lookAt = now + this.suspicion.afterMs / LOOKS
    return !isFirst
  }

  /** Something is held back by a member, whichever: from being decided, or from being applied. */
  private get isWaiting(): boolean {
    const { history, roster } = this.parts
    if (roster.size <= 1) return false
    const isMember = (author: ReplicaId) => roster.has(author)
    return history.point < history.clock || history.waiting.waitsOnSomeOf(isMember, history.applied)
  }

  private propose(suspects: readonly ReplicaId[], now: Milliseconds): undefined {
    this.stuckSince = undefined
    const { reportIntervalMs } = this.config
    const suspected = new Set(suspects)
    const rank = this.voters.filter((member) => !suspected.has(member)).indexOf(this.parts.self)
    const isKnown = suspects.some((member) => this.suspicion.isAccused(member))
    this.nextProposalAt ??= isKnown ? now : now + rank * this.retryMs
    if (now < this.nextProposalAt) return
    this.nextProposalAt = now + (1 + rank) * this.retryMs
    if (!this.agreement.propose(suspects, now)) {
      this.nextProposalAt = now + reportIntervalMs
      return
    }
    this.mustTell = true
    this.agree(now)
    this.carryOut(now)
  }

  /** No majority answers: nobody may decide. After long enough somebody of this side goes on by itself. */
  private despair(now: Milliseconds): Verdict {
    this.nextProposalAt = undefined
    this.stuckSince ??= now
    const suspects = new Set(this.suspects(now))
    if (now < this.forkAt(this.stuckSince, suspects)) return undefined
    return { type: 'fork', reason: 'no majority of the room answers' }
  }

  private forkAt(stuckSince: Milliseconds, suspects: ReadonlySet<ReplicaId>): Milliseconds {
    const rank = this.voters.filter((member) => !suspects.has(member)).indexOf(this.parts.self)
    return stuckSince + this.config.forkAfterMs + rank * SUCCESSION_MS
  }

  /** When to look again. */
  get nextDeadline(): Milliseconds {
    return Math.min(this.lookAt, this.flush.nextDeadline)
  }
}
