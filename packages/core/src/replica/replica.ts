/**
 * One replica of the protocol: a deterministic state machine.
 *
 * `handle(input, now)` is the only way in, its outputs are the only way out. No I/O, no clock, no randomness:
 * the same inputs at the same times give the same outputs, in a browser, in Node and in the simulator.
 * The structure it replicates is called synchronously and only through the Structure interface.
 */
import type { Clock, ReplicaId } from '../causality/operation.js'
import {
  DEFAULT_CONFIG,
  type FormerBase,
  type Input,
  type Milliseconds,
  type Notice,
  type Output,
  type ReplicaConfig,
  type RoomMode,
} from '../machine.js'
import type { MemberRecord } from '../membership/roster.js'
import type { Link } from '../overlay/links.js'
import { Neighbourhood } from '../overlay/neighbourhood.js'
import type { Blocker } from '../snapshot/blockers.js'
import type { NetworkMap } from '../snapshot/network-map.js'
import { Reporting, slowdown } from '../snapshot/reporting.js'
import type { Structure } from '../structure.js'
import { decodeMessage } from '../wire/codec.js'
import type { Evicted, Hello, Message, Origins } from '../wire/messages.js'
import { ComingIn, type Outcome } from './coming-in.js'
import { Gossiping } from './gossiping.js'
import { LettingIn } from './letting-in.js'
import { Meeting } from './meeting.js'
import { Reachability } from './reachability.js'
import { Relaying } from './relaying.js'
import { Room } from './room.js'
import {
  blockersIn,
  type EvictionOutlook,
  holdsAllTold,
  outlookOf,
  type ReplicaStats,
  statsOf,
  unheardIn,
} from './standing.js'

/**
 * - `idle`: not started; `seeking`: looking for the room; `joining`: being let in by a sponsor;
 * - `member`: its own join is applied (or it founded the room);
 * - `over`: left, or the attempt failed. Nothing comes out any more.
 */
export type Status = 'idle' | 'seeking' | 'joining' | 'member' | 'over'

/** What is answered, with more than was said: so often in a row, and so often for long (rule WI5). */
const COSTLY: ReadonlySet<Message['type']> = new Set([
  'hello',
  'origins',
  'sync',
  'join-request',
  'installed',
  'evicted',
])

const OTHER_MODE: Record<RoomMode, string> = {
  compaction: 'all members of a room must use the same compaction mode',
  identities: 'all members of a room must have identities, or none of them',
}

export class Replica {
  readonly id: ReplicaId
  readonly config: ReplicaConfig
  readonly room: Room
  private readonly structure: Structure
  private readonly neighbourhood: Neighbourhood
  private readonly gossiping: Gossiping
  private readonly relaying: Relaying
  private readonly meeting: Meeting
  private readonly lettingIn: LettingIn
  private readonly reporting: Reporting
  private readonly reachability: Reachability
  private comingIn: ComingIn | undefined
  private current: Status = 'idle'
  private told: Notice | undefined
  private outputs: Output[] = []
  private lastNow: number | undefined
  private timerAt: number | null = null

  constructor(id: ReplicaId, structure: Structure, config: Partial<ReplicaConfig> = {}) {
    this.id = id
    this.structure = structure
    this.config = { ...DEFAULT_CONFIG, ...config }
    const emit = (output: Output) => this.emit(output)
    this.room = new Room(id, structure, this.config, {
      tell: emit,
      spread: (operation) => this.neighbourhood.spreadOperation(operation),
      left: (replica) => this.memberLeft(replica),
      probe: (member) => this.relaying.probe(member),
      cap: () => this.lettingIn.sponsoring.cap,
    })
    this.neighbourhood = new Neighbourhood(id, this.config, emit, () => this.room.holdings)
    this.gossiping = new Gossiping(this.room, this.neighbourhood, emit)
    this.relaying = new Relaying(this.room, this.neighbourhood, emit)
    this.meeting = new Meeting(this.room, this.neighbourhood, (reason) => this.leave(reason))
    this.lettingIn = new LettingIn(this.room, this.neighbourhood, structure, this.config)
    const { reportIntervalMs, busyReportIntervals, maxConnections } = this.config
    this.reporting = new Reporting(reportIntervalMs, busyReportIntervals, maxConnections + 1)
    this.reachability = new Reachability(this.room, this.neighbourhood, this.config, emit)
  }

  /**
   * Works off one input.
   * @param now in milliseconds, never smaller than in the call before.
   * @param early takes what others wait for, before everything that is only due: a keystroke.
   * @returns what it has not taken.
   */
  handle(input: Input, now: number, early?: (outputs: readonly Output[]) => void): Output[] {
    this.noticeSleep(now)
    if (this.current !== 'over') this.dispatch(input, now)
    if (early && input.type === 'local-change' && this.current === 'member') {
      this.flush(now)
      early(this.takeOutputs())
    }
    if (this.current !== 'over') this.settle(now, input.type === 'timer')
    return this.takeOutputs()
  }

  private takeOutputs(): Output[] {
    const { outputs } = this
    this.outputs = []
    return outputs
  }

  // ------------------------------------------------------------------ views

  get status(): Status {
    return this.current
  }

  get snapshotPoint(): Clock {
    return this.room.history.point
  }

  /** This replica holds the room's state, as far as anybody it can reach can tell. */
  get isSynced(): boolean {
    const { roster, history } = this.room
    // What nobody known has made may wait for ever.
    if (this.current !== 'member' || history.waiting.waitsFor((author) => roster.has(author))) return false
    return holdsAllTold(this.room, this.neighbourhood)
  }

  get networkMap(): NetworkMap {
    return this.room.stability.networkMap(this.room.history.clock, this.lettingIn.sponsoring.cap)
  }

  /** The base that this replica is at; undefined where history is not cut. */
  get lastBase(): FormerBase | undefined {
    const { lineage, history, base, renumbers } = this.room
    return renumbers ? { lineage, epoch: history.epoch, hash: base.hash } : undefined
  }

  /** Members, oldest first. */
  get members(): ReplicaId[] {
    return this.room.roster.byAge().map(({ replica }) => replica)
  }

  /** Members at the other end of a link. */
  get neighbours(): ReplicaId[] {
    return this.neighbourhood.members
  }

  /** As of the latest input. */
  get blockedBy(): Blocker[] {
    return this.blockedByAt(this.lastNow ?? 0)
  }

  /** Who holds the snapshot point back, or a cut that is due, and why. Empty when nothing waits. */
  blockedByAt(now: Milliseconds): Blocker[] {
    if (this.current !== 'member') return []
    return blockersIn(this.room, this.neighbourhood, this.lettingIn.sponsoring.newcomers, this.config, now)
  }

  /** Who does not answer, and what this side may do about it. For people: nothing is decided by it. */
  eviction(now: Milliseconds): EvictionOutlook {
    if (this.current !== 'member')
      return { mayDecide: false, suspects: [], forksInMs: undefined, evictions: [] }
    return outlookOf(this.room.evicting, now)
  }

  /** Whom the room has evicted, if that means that we are no member any more. */
  get notice(): Notice | undefined {
    return this.told
  }

  /** That this id is over, for others to pass on (rule ID5). Undefined where members do not sign. */
  get withdrawal(): Uint8Array | undefined {
    return this.room.vouching.withdrawal().consent
  }

  /** How many of our updates no other member is known to have; once it is over, to have had. */
  get unheard(): number {
    return unheardIn(this.room)
  }

  get stats(): ReplicaStats {
    return statsOf(this.room, this.neighbourhood)
  }

  // ------------------------------------------------------------------ one input

  private dispatch(input: Input, now: number): void {
    switch (input.type) {
      case 'start':
        this.current = 'seeking'
        return this.config.founds ? this.found() : this.emit({ type: 'seek' })
      case 'alone':
        return this.found()
      case 'link-up':
        return this.neighbourhood.linkUp(input, this.room.mode, now)
      case 'link-down':
        return this.linkDown(input.link)
      case 'message':
        return this.received(input.link, input.bytes, now)
      case 'local-change':
        if (this.current === 'member') this.room.takeLocalChange()
        return
      case 'presence':
        return this.publishPresence(input.bytes)
      case 'signal':
        return this.relaying.signal(input.to, input.bytes)
      case 'dial-failed':
        return this.neighbourhood.dialFailed(input.peer, now)
      case 'compact':
        if (this.current === 'member') this.room.cuts?.request()
        return
      case 'accuse':
        return this.room.evicting.suspicion.accuse(input.replica)
      case 'leave':
        return this.leave()
      case 'timer':
        this.timerAt = null
        return
    }
  }

  /** After each input: apply what became ready, decide, spread, and say when to be woken. */
  private settle(now: number, isTimer: boolean): void {
    this.closeDeadLinks(now)
    if (this.current === 'member') this.settleAsMember(now, isTimer)
    else if (this.current === 'joining' && this.comingIn)
      this.conclude(this.comingIn.continue(now), undefined, now)
    if (this.current === 'over') return
    this.neighbourhood.beat(now)
    this.flush(now)
    this.updateTimer(now)
  }

  private flush(now: number): void {
    this.neighbourhood.flush(now, this.reporting.forwardingMs(this.room.roster.size))
  }

  private settleAsMember(now: number, isTimer: boolean): void {
    this.room.history.waiting.expire(now)
    this.room.drain()
    if (!this.room.roster.has(this.id)) return this.part('somebody has made this replica leave')
    this.retireFormerIds()
    const verdict = this.room.evicting.step(now, this.reachability)
    if (verdict?.type === 'out') return this.part(verdict.reason, verdict.isDead)
    if (verdict?.type === 'fork') return this.fork(verdict.reason)
    this.shun()
    this.room.drain()
    this.lettingIn.expire(now)
    this.lettingIn.pump()
    const { cuts } = this.room
    cuts?.consider(now, this.elders)
    this.room.decide()
    const differs = this.room.histories.compare(now)
    if (differs !== undefined) return this.giveUp(differs, 'history')
    const wrong = isTimer ? this.room.step(now) : undefined
    if (wrong !== undefined) return this.giveUp(wrong, 'base')
    // The cut held operations, the point and the next cut back, and there may be no other input for long.
    if (cuts) {
      this.room.drain()
      cuts.consider(now, this.elders)
      this.room.decide()
    }
    cuts?.untangle()
    cuts?.checkBases()
    cuts?.settle()
    if (this.room.evicting.hasNews || this.isReportDue(now))
      this.neighbourhood.spreadReport(this.room.report())
    this.gossiping.askAboutGaps(now)
    this.neighbourhood.maintain(this.company, now)
    this.reachability.greet()
    this.reachability.seek(now)
  }

  private isReportDue(now: number): boolean {
    const { hasNews, history, cuts, roster } = this.room
    const isAwaited = hasNews && cuts?.awaitsReports === true
    return this.reporting.isDue(hasNews, history.clock, isAwaited, roster.size, now)
  }

  // ------------------------------------------------------------------ messages

  private received(id: number, bytes: Uint8Array, now: number): void {
    const link = this.neighbourhood.links.get(id)
    if (!link) return
    link.lastHeardAt = now
    if (link.inRoom && link.peer) this.room.evicting.suspicion.sign(link.peer, now)
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return this.refuse(link, decoded.reason)
    const { message } = decoded
    if (COSTLY.has(message.type) && !link.questions.take(now)) return this.refuse(link, 'asks too often')
    if (message.type === 'hello') return this.greeted(link, message, now)
    if (message.type === 'origins') return this.heardOrigins(link, message)
    if (message.type === 'evicted') return this.heardOfEvictions(link, message)
    if (link.inRoom) this.fromNeighbour(link, message, now)
    this.handshake(link, message, now)
  }

  private fromNeighbour(link: Link, message: Message, now: number): void {
    switch (message.type) {
      case 'heartbeat':
        return this.compare(link, message.digest)
      case 'gossip': {
        const fault = this.gossiping.received(link, message, now)
        return fault === undefined ? undefined : this.metAlien(link, fault)
      }
      case 'sync':
        return this.gossiping.asked(link, message)
      case 'prune':
        return this.neighbourhood.tree.pruned(link.id, this.room.membersAmong(message.authors))
      case 'graft':
        return this.neighbourhood.tree.grafted(link.id, message.authors)
      case 'relay':
        return this.relaying.relay(message, link.id)
      case 'probe':
        return this.relaying.probed(message, link.id, now)
    }
  }

  private compare(link: Link, digest: number): void {
    const { size } = this.room.roster
    const { neighbourhood, reporting } = this
    if (neighbourhood.compare(link, digest, slowdown(size), reporting.forwardingMs(size)))
      this.gossiping.ask(link)
  }

  private handshake(link: Link, message: Message, now: number): void {
    const comingIn = this.comingIn?.joining.link === link.id ? this.comingIn : undefined
    switch (message.type) {
      case 'join-request':
        if (this.current === 'member') this.lettingIn.requested(link, message, now)
        return
      case 'piece-received':
        return this.lettingIn.pieceReceived(link, message, now)
      case 'installed':
        if (this.current === 'member') this.lettingIn.installed(link, message, now)
        return
      case 'welcome':
        return this.conclude(comingIn?.welcomed(message, now), link, now)
      case 'piece':
        return this.conclude(comingIn?.pieceArrived(message, now), link, now)
      case 'go':
        return this.conclude(comingIn?.go(message, now), link, now)
      case 'no':
        if (this.current === 'member') return this.lettingIn.withdrawn(link, message)
        return this.conclude(comingIn?.refused(message), link, now)
    }
  }

  private greeted(link: Link, hello: Hello, now: number): void {
    if (hello.replica === this.id) return this.refuse(link, 'has our name')
    if (link.peer !== undefined && link.peer !== hello.replica) return this.refuse(link, 'changed its name')
    if ((link.proven ?? hello.replica) !== hello.replica) return this.refuse(link, 'has not proved that name')
    link.peer = hello.replica
    link.lineage = hello.lineage
    if (hello.renumbers !== this.room.renumbers) return this.metOtherMode(link, 'compaction')
    if (hello.signs !== this.room.vouching.isOn) return this.metOtherMode(link, 'identities')
    if (this.current === 'seeking') return this.askToJoin(link, hello, now)
    if (this.current !== 'member' || hello.lineage === '' || link.inRoom) return
    if (hello.lineage !== this.room.lineage) return this.meeting.met(link)
    if (this.tellEvicted(link, hello.replica)) return
    if (!this.neighbourhood.enterRoom(link, hello.replica, now)) return
    this.lettingIn.sponsoring.forget(hello.replica)
    if (hello.digest === this.neighbourhood.digest()) link.caughtUp = link.isServed = true
    else this.gossiping.ask(link)
  }

  // ------------------------------------------------------------------ evictions

  /** @returns whether we have nothing to do with it any more (rule EV7). */
  private tellEvicted(link: Link, replica: ReplicaId): boolean {
    const { evicting, roster } = this.room
    const cutOffs = evicting.noticeFor(replica)
    const isShunned = evicting.isShunned(replica)
    // Somebody unknown may have been let in by somebody evicted.
    if (cutOffs.size > 0 && (isShunned || !roster.has(replica))) {
      this.neighbourhood.send(link.id, { type: 'evicted', cutOffs })
    }
    if (isShunned) this.closeLink(link, 'evicted from the room')
    return isShunned
  }

  private heardOfEvictions(link: Link, { cutOffs }: Evicted): void {
    const { lineage, evicting } = this.room
    if (this.current !== 'member' || link.lineage !== lineage || !evicting.heard(cutOffs)) return
    this.told = { lineage, cutOffs }
  }

  /** Links to those whom we take nothing of any more. */
  private shun(): void {
    const { evicting } = this.room
    for (const link of this.neighbourhood.links.inRoom) {
      if (link.peer !== undefined && evicting.isShunned(link.peer)) this.tellEvicted(link, link.peer)
    }
  }

  /** Members that we want links to, oldest first; the same array until something changes. */
  private get company(): readonly MemberRecord[] {
    const { evicting, roster } = this.room
    const members = roster.byAge()
    if (!evicting.isFencing) return members
    return members.filter(({ replica }) => !evicting.isFenced(replica))
  }

  /**
   * No member is so far away (rule CU6): either end was evicted and does not know it yet, unless the other end is
   * behind us and breaks the rules.
   */
  private metAlien(link: Link, reason: string): void {
    const { peer } = link
    if (peer === undefined || !this.room.roster.has(peer)) return this.closeLink(link, reason)
    this.refuse(link, reason)
  }

  /** What we hold goes on under another id, in a room founded anew. */
  private fork(reason: string): void {
    this.leave(undefined)
    this.emit({ type: 'fork', reason })
  }

  /** A neighbour that breaks the rules loses its link; nothing else changes (rule WI3). */
  private refuse(link: Link, reason: string, differsIn?: RoomMode): void {
    this.emit({ type: 'refused', from: link.peer, reason, differsIn })
    this.closeLink(link, reason)
  }

  // ------------------------------------------------------------------ links

  private linkDown(id: number): void {
    const link = this.neighbourhood.forgetLink(id)
    if (link) this.lost(link)
  }

  private closeLink(link: Link, reason: string): void {
    this.neighbourhood.close(link, reason)
    this.lost(link)
  }

  private lost(link: Link): void {
    this.lettingIn.sponsoring.linkDown(link.id)
    const spare = link.inRoom && this.neighbourhood.promoteSpare(link)
    if (spare) this.gossiping.ask(spare)
    if (this.comingIn?.joining.link === link.id) this.fail('the sponsor is gone')
    else if (this.current === 'seeking') this.emit({ type: 'seek' })
  }

  /** Links whose other end is silent, or wants nothing of us. */
  private closeDeadLinks(now: number): void {
    for (const link of this.neighbourhood.silentLinks(now)) this.closeLink(link, 'silent for too long')
    for (const link of this.neighbourhood.superfluousLinks(now)) this.closeLink(link, 'no longer needed')
    for (const link of this.neighbourhood.idleLinks(now)) {
      const isNewcomer = link.peer !== undefined && this.lettingIn.sponsoring.newcomers.includes(link.peer)
      if (isNewcomer || this.comingIn?.joining.link === link.id) continue
      this.closeLink(link, 'asked for nothing')
    }
  }

  private publishPresence(bytes: Uint8Array): void {
    if (this.current !== 'member') return
    this.neighbourhood.spreadPresence(this.room.presences.publish(this.id, bytes))
  }

  // ------------------------------------------------------------------ beginning and end

  private found(): void {
    if (this.current !== 'seeking') return
    const [newest] = this.structure.epochs?.namings ?? []
    this.room.found(newest?.lineage ?? this.config.formerLineage)
    this.becomeMember()
  }

  private askToJoin(link: Link, hello: Hello, now: number): void {
    if (hello.lineage === '') return this.closeLink(link, 'neither of us is in the room')
    this.current = 'joining'
    const send = this.neighbourhood.send.bind(this.neighbourhood)
    const tell = this.emit.bind(this)
    this.comingIn = new ComingIn(link, this.room, this.structure, this.config, send, tell, now)
  }

  /** Acts on what became of our attempt to get in. */
  private conclude(outcome: Outcome, link: Link | undefined, now: number): void {
    if (!outcome) return
    if (outcome.type === 'failed') return this.fail(outcome.reason)
    if (!link) return
    if (outcome.type === 'refuse') return this.refuse(link, outcome.reason)
    if (outcome.type === 'ahead') return this.goOnFrom(link)
    this.comingIn = undefined
    if (link.peer) this.neighbourhood.enterRoom(link, link.peer, now, true)
    link.isServed = true
    this.becomeMember()
    this.gossiping.ask(link)
  }

  /** We have been away while the room went on from an older state than ours: it is led back to what we hold (rule LI3). */
  private goOnFrom(link: Link): void {
    this.comingIn?.decline('what it holds goes on from there')
    this.comingIn = undefined
    this.current = 'seeking'
    this.found()
    this.neighbourhood.greet(link.id, this.room.mode)
    this.meeting.tellOrigins(link)
  }

  private becomeMember(): void {
    this.current = 'member'
    this.emit({ type: 'joined', carriedBytes: this.room.takeLocalChange() })
  }

  /** What a cut names anew only its own kind can follow, and who signs can not believe who does not (rules CU9, ID1). */
  private metOtherMode(link: Link, mode: RoomMode): void {
    const isSeeking = this.current === 'seeking'
    const reason = OTHER_MODE[mode]
    this.refuse(link, reason, mode)
    // Not at once again: what is wrong does not change by itself.
    if (isSeeking) this.fail(reason)
  }

  /**
   * This replica holds something else than the others of its lineage: it starts over as a newcomer (rules CU4, ID9). While somebody
   * is being evicted that is nothing to be alarmed at: it may be us, and we hold what does not count.
   */
  private giveUp(reason: string, of: 'base' | 'history'): void {
    if (!this.room.evicting.isUnderWay) this.emit({ type: 'alarm', of, from: this.id, reason })
    this.leave(reason)
  }

  /** This attempt, and this id, is over (rule JO1). */
  private fail(reason: string): void {
    this.comingIn?.withdraw(reason)
    for (const link of this.neighbourhood.links.all) this.neighbourhood.close(link, reason)
    this.end(reason)
  }

  /** @param rejoinReason set if another identity is to follow. */
  private leave(rejoinReason?: string): void {
    if (this.current === 'member') {
      this.room.takeLocalChange()
      this.lettingIn.abandonAll()
      this.room.author({ kind: 'leave', who: this.id })
      this.gossiping.handOver()
    } else this.comingIn?.withdraw('changed its mind')
    this.part(rejoinReason)
  }

  /** Nothing more is said under this id. @param rejoinReason set if another identity is to follow. */
  private part(rejoinReason?: string, isDead = false): void {
    for (const link of this.neighbourhood.links.all) this.neighbourhood.close(link, 'left the room')
    this.emit({ type: 'greet', lineage: null })
    this.end(rejoinReason, isDead)
  }

  /** This replica will not be asked again: what it had begun with the structure is brought to an end. */
  abandon(): void {
    this.current = 'over'
    this.comingIn?.abandon()
    this.comingIn = undefined
  }

  private end(rejoinReason?: string, isDead = false): void {
    this.abandon()
    this.emit({ type: 'timer', at: null })
    if (rejoinReason !== undefined)
      this.emit({ type: 'rejoin', reason: rejoinReason, ...(isDead && { isDead }) })
  }

  private heardOrigins(link: Link, origins: Origins): void {
    if (this.current === 'member') this.meeting.compare(link, origins)
  }

  private memberLeft(replica: ReplicaId): void {
    this.neighbourhood.tree.forget(replica)
    this.lettingIn.sponsoring.forget(replica)
  }

  private get elders(): number {
    return this.room.roster.byAge().findIndex(({ replica }) => replica === this.id)
  }

  /** An id that we gave up before it was a member may have been let in all the same (rule JO9). */
  private retireFormerIds(): void {
    for (const who of this.config.formerIds) {
      if (!this.room.roster.has(who)) continue
      const consent = this.config.withdrawals.get(who)
      if (this.room.vouching.hasWithdrawn(who, consent))
        this.room.author({ kind: 'leave', who, ...(consent && { consent }) })
    }
    for (const who of this.config.retiredIds) {
      if (this.room.roster.has(who)) this.room.evicting.suspicion.accuse(who)
    }
  }

  // ------------------------------------------------------------------ time

  /**
   * Woken long after the time that it asked for, this replica was asleep, not the others (overlay rule OV2). Whoever had nothing
   * to do for long was not.
   */
  private noticeSleep(now: number): void {
    const lastNow = this.lastNow ?? now
    this.lastNow = now
    const lateMs = now - (this.timerAt ?? lastNow)
    if (lateMs > 2 * this.config.heartbeatIntervalMs) this.fallBehind(now, now - lastNow)
  }

  private fallBehind(now: number, sleptMs: number): void {
    this.neighbourhood.excuseSleep(sleptMs)
    this.room.evicting.slept(now)
  }

  private updateTimer(now: number): void {
    // What is due has just been worked off, so nothing else can be due again at this very moment.
    const { hasPieces } = this.lettingIn.sponsoring
    const soonest = hasPieces ? now : this.room.nextStepAt(now)
    const deadline = Math.min(soonest, Math.max(this.nextDeadline, now + 1))
    const at = deadline === Number.POSITIVE_INFINITY ? null : deadline
    if (at === this.timerAt) return
    this.timerAt = at
    this.emit({ type: 'timer', at })
  }

  private get nextDeadline(): number {
    return Math.min(
      this.neighbourhood.nextDeadline,
      this.reporting.nextDeadline,
      this.gossiping.nextDeadline,
      this.room.cuts?.nextDeadline ?? Number.POSITIVE_INFINITY,
      this.lettingIn.sponsoring.nextDeadline,
      this.comingIn?.joining.nextDeadline ?? Number.POSITIVE_INFINITY,
      this.reachability.nextDeadline,
      this.room.evicting.nextDeadline,
    )
  }

  private emit(output: Output): void {
    this.outputs.push(output)
  }
}
