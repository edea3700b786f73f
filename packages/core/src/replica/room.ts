/**
 * The room as one replica knows it: what is applied, who is a member, what is stable (protocol rules OP, RE, SP, LE).
 *
 * Knows no links: whatever must be spread or told goes out through the hooks.
 */
import { type Arrival, History } from '../causality/history.js'
import type { Body, Clock, Operation, ReplicaId } from '../causality/operation.js'
import { type BaseState, NO_BASE } from '../compaction/base.js'
import { Histories } from '../identity/histories.js'
import { Vouching } from '../identity/vouching.js'
import type { Milliseconds, News, ReplicaConfig } from '../machine.js'
import { lineageOf } from '../membership/lineage.js'
import { Roster } from '../membership/roster.js'
import type { Holdings } from '../overlay/anti-entropy.js'
import type { Mode } from '../overlay/neighbourhood.js'
import { Presences } from '../overlay/presences.js'
import type { Report } from '../snapshot/report.js'
import { slowdown } from '../snapshot/reporting.js'
import { Stability } from '../snapshot/stability.js'
import type { Epochs, Structure } from '../structure.js'
import type { Go, Welcome, WelcomeMember } from '../wire/messages.js'
import { Cuts } from './cuts.js'
import { Evicting } from './evicting.js'

export interface RoomHooks {
  /** Something the application may want to know. */
  tell(news: News): void
  /** A new operation of ours. */
  spread(operation: Operation): void
  /** A member is gone for good. */
  left(replica: ReplicaId): void
  /** Asks through other members whether one is there. */
  probe(member: ReplicaId): void
  /** What our floor must not exceed, because we answer for newcomers (rule JO3). */
  cap(): Clock
}

/**
 * How many of the operations that a cut held back are applied in one go: an editor may draw itself anew for each. Of
 * many, a share, so that it does not take long.
 */
const RELEASED_AT_ONCE = 1
const RELEASED_SHARE = 1 / 16

export class Room {
  readonly self: ReplicaId
  readonly history: History
  readonly roster = new Roster()
  readonly stability: Stability
  readonly presences = new Presences()
  readonly vouching: Vouching
  readonly histories: Histories
  /** Names this history of the room: the id of its founder. Empty before we are in it. */
  lineage = ''
  /** Undefined where history is not cut. */
  readonly cuts: Cuts | undefined
  readonly evicting: Evicting
  private readonly structure: Structure
  private readonly hooks: RoomHooks
  private readonly keepsLog: boolean
  /** How many operations may still be applied a few at a time, because a cut held them back; 0: as they come. */
  private heldBack = 0
  private releaseAt: Milliseconds | undefined

  constructor(self: ReplicaId, structure: Structure, config: ReplicaConfig, hooks: RoomHooks) {
    this.self = self
    this.structure = structure
    this.hooks = hooks
    const limits = { maxOperations: config.maxWaitingOperations, maxBytes: config.maxWaitingBytes }
    const { epochs } = structure
    if (epochs && config.keepLog) throw new Error('what is cut can not be kept: no keepLog with epochs')
    this.history = new History(self, limits, config.keepLog ? 'keep' : epochs ? 'until-cut' : 'drop')
    this.keepsLog = config.keepLog
    this.stability = new Stability(self)
    this.cuts = epochs && this.cutsOf(epochs, config)
    const { history, roster, stability } = this
    const vouching = new Vouching(config.signatures, () => this.lineage)
    this.vouching = vouching
    history.seal = (operation) => vouching.signed(operation)
    stability.seal = (report) => vouching.signedReport({ ...report, ...this.histories.upTo(report.floor) })
    const author = (body: Body) => this.author(body)
    const probe = (member: ReplicaId) => hooks.probe(member)
    const compared = { self, history, roster, stability, vouching }
    const outward = {
      lineage: () => this.lineage,
      tell: (news: News) => hooks.tell(news),
      slowdown: () => slowdown(roster.size),
    }
    this.histories = new Histories({ ...compared, ...outward }, config)
    const isCutHeld = () => this.cuts?.isHeld ?? false
    const around = { self, history, roster, stability, vouching, author, probe, isCutHeld }
    this.evicting = new Evicting(around, config)
  }

  private cutsOf(epochs: Epochs, config: ReplicaConfig): Cuts {
    return new Cuts(epochs, this.history, this.stability, config, {
      tell: (news) => this.hooks.tell(news),
      author: (body) => this.author(body),
      takeLocalChange: () => this.takeLocalChange(),
      stablePoint: () => this.stablePoint,
      passed: (operations, logBytes) => this.tellMove(operations, logBytes),
    })
  }

  /** Whether the structure is renumbered by cuts. All members of a room do it alike (rule CU9). */
  get renumbers(): boolean {
    return this.cuts !== undefined
  }

  /** What a hello says of the room. */
  get mode(): Mode {
    return { lineage: this.lineage, renumbers: this.renumbers, signs: this.vouching.isOn }
  }

  get base(): BaseState {
    return this.cuts?.base ?? NO_BASE
  }

  get holdings(): Holdings {
    return {
      applied: this.history.applied,
      reports: this.stability.reports,
      presences: this.presences.all,
    }
  }

  /** What we vouch for towards everybody, newcomers in our care included. */
  get floor(): Clock {
    return this.stability.floor(this.history.clock, this.hooks.cap())
  }

  membersAmong(replicas: Iterable<ReplicaId>): ReplicaId[] {
    return [...replicas].filter((replica) => this.roster.has(replica))
  }

  // ------------------------------------------------------------------ beginnings

  /** Begins a new history of the room (rule LI1). @param former the lineage that it goes on from, if any (rule LI8). */
  found(former: string): void {
    this.lineage = lineageOf(this.self, former)
    this.history.admit(this.self)
    this.roster.add({ replica: this.self, joined: { clock: 0, author: this.self } })
    this.stability.addMember(this.self, { known: 0, floor: 0, n: 0, epoch: 0, since: 0 })
    this.evicting.found()
    this.cuts?.founded(this.lineage)
  }

  /** Where the room stands, for a newcomer that is given `floor` (rule JO2). */
  welcome(nonce: number, floor: Clock): Welcome {
    const state = this.history.export()
    const members = this.roster.byAge().map(({ replica, joined, sponsor }): WelcomeMember => {
      const standing = this.stability.standing(replica)
      if (!standing) throw new Error(`member ${replica} has no standing`)
      // Of ourselves we say what a report would: all our operations so far, and the floor of this welcome. It is
      // numbered like our last report, or that one, being older, would take the newcomer's view of us back.
      const n = this.stability.reportsMade
      const shown = replica === this.self ? { ...standing, known: state.clock, floor, n } : standing
      return { replica, joined: joined.clock, sponsor, ...shown, stage: this.evicting.stageOf(replica) }
    })
    const namings = this.cuts?.namings ?? []
    return {
      type: 'welcome',
      nonce,
      lineage: this.lineage,
      ...state,
      floor,
      namings,
      base: this.base,
      members,
      ...this.evicting.export(),
      ...this.histories.upTo(state.point),
    }
  }

  /** Takes over a sponsor's room. @returns whether we are a member of it now. */
  install(welcome: Welcome, operations: readonly Operation[], go: Go, now: Milliseconds): boolean {
    this.lineage = welcome.lineage
    this.history.import(welcome, welcome.base, operations)
    this.histories.begin(welcome.point, welcome.history)
    this.cuts?.joined(welcome, operations)
    for (const { replica, joined, sponsor, stage: _, ...standing } of welcome.members) {
      const record = { replica, joined: { clock: joined, author: replica } }
      this.roster.add(sponsor === undefined ? record : { ...record, sponsor })
      this.stability.addMember(replica, standing)
    }
    this.evicting.import(welcome, operations)
    this.hooks.tell({
      type: 'members',
      joined: welcome.members.map(({ replica }) => replica),
      left: [],
      evicted: [],
    })
    // One at a time: in total order none of them has to wait, so no limit on waiting concerns them.
    for (const operation of go.operations) {
      this.history.receive(operation, now)
      this.drain()
      this.cuts?.catchUp(() => this.drain())
    }
    return this.roster.has(this.self)
  }

  // ------------------------------------------------------------------ operations

  /**
   * Makes an operation of whatever the user changed since the last one.
   * @returns the bytes of its payload, 0 if nothing was changed.
   */
  takeLocalChange(): number {
    const payload = this.structure.takeLocalChange()
    if (payload) this.author({ kind: 'update', payload })
    return payload?.length ?? 0
  }

  author(body: Body): void {
    const operation = this.history.author(body)
    this.cuts?.note(operation)
    this.cuts?.applied(operation)
    this.takeEffect(operation)
    this.hooks.spread(operation)
  }

  /** What is wrong with an operation by itself: it is not to be stored, nor passed on. */
  vet(operation: Operation): string | undefined {
    if (this.history.isKnown(operation)) return undefined
    const forged = this.vouching.faultOf(operation)
    if (forged !== undefined || operation.kind !== 'update') return forged
    const reason = this.structure.vet?.(operation.payload)
    return reason && `operation ${operation.author} ${operation.seq}: ${reason}`
  }

  vetReport(report: Report): string | undefined {
    return this.stability.isNews(report) ? this.vouching.faultOfReport(report) : undefined
  }

  receive(operation: Operation, now: Milliseconds): Arrival {
    return this.history.receive(operation, now)
  }

  /** Applies what became ready, then lets the reports take effect that waited for it. */
  drain(): void {
    if (this.heldBack === 0) this.applyReady(Number.POSITIVE_INFINITY)
  }

  /** @returns how many it has applied. */
  private applyReady(limit: number): number {
    let count = 0
    for (; count < limit; count++) {
      const operation = this.history.takeReady()
      if (!operation) break
      this.cuts?.note(operation)
      if (operation.kind === 'update') this.applyPayload(operation)
      this.history.record(operation)
      this.cuts?.applied(operation)
      this.takeEffect(operation)
    }
    this.history.witness(this.stability.takeEffect(this.history.applied))
    return count
  }

  private applyPayload(operation: Operation & { readonly kind: 'update' }): void {
    const origin = this.cuts?.originOf(operation)
    const reason = this.structure.apply(operation.payload, operation.epoch, origin)
    if (reason === undefined) return
    // Rule OP8: whoever holds the operation skips it just so.
    this.cuts?.leaveOut(operation)
    this.hooks.tell({ type: 'refused', from: operation.author, reason })
  }

  // ------------------------------------------------------------------ work for cuts, a little at a time

  /** When there is something to be done for a cut, or after one. */
  nextStepAt(now: Milliseconds): Milliseconds {
    if (this.heldBack === 0) return this.cuts?.nextStepAt(now) ?? Number.POSITIVE_INFINITY
    this.releaseAt ??= now
    return this.releaseAt
  }

  /**
   * To be called when that time has come, and not while other input is worked off, which takes its own time.
   * @returns why this replica can not go on in this lineage, or undefined.
   */
  step(now: Milliseconds): string | undefined {
    if (this.heldBack > 0) {
      this.release()
      return undefined
    }
    const { epoch } = this.history
    const wrong = this.cuts?.step(now)
    // Twice as many as wait now, because others go on: but not for ever.
    if (this.history.epoch > epoch) this.heldBack = 2 * this.history.waiting.size
    return wrong
  }

  private release(): void {
    this.releaseAt = undefined
    const limit = Math.max(RELEASED_AT_ONCE, Math.ceil(this.history.waiting.size * RELEASED_SHARE))
    const count = this.applyReady(limit)
    this.heldBack = count < limit ? 0 : Math.max(0, this.heldBack - count)
  }

  /** What an operation means for membership and stability, whoever made it. */
  private takeEffect(operation: Operation): void {
    this.stability.operationApplied(operation.author, operation.clock)
    this.histories.applied(operation)
    // An id is let in once (rule JO1): a join of one that we know acknowledges nothing, and brings nobody back who has left.
    if (operation.kind === 'join' && this.isKnown(operation.who)) return this.roster.repeat(operation)
    const change = this.roster.apply(operation)
    if (operation.kind === 'join' && change.joined !== undefined) {
      this.history.admit(change.joined)
      // It makes nothing before it has applied this, so nothing of an earlier epoch (rule CU7).
      const { clock, floor, epoch } = operation
      this.stability.addMember(change.joined, { known: clock, floor, n: 0, epoch, since: clock })
      this.hooks.tell({ type: 'members', joined: [change.joined], left: [], evicted: [] })
    }
    this.evicting.applied(operation)
    const isEvicted = operation.kind === 'evict'
    for (const who of change.gone) this.forget(who, isEvicted)
  }

  /** Is a member, or was, as far back as we remember: its id is used (rule JO1). */
  isKnown(replica: ReplicaId): boolean {
    return this.history.applied.has(replica) || this.evicting.electorates.isFormer(replica)
  }

  private forget(replica: ReplicaId, isEvicted: boolean): void {
    this.stability.removeMember(replica)
    this.histories.forget(replica)
    if (this.presences.delete(replica)) this.hooks.tell({ type: 'presence', replica, bytes: null })
    this.hooks.left(replica)
    const left = isEvicted ? { left: [], evicted: [replica] } : { left: [replica], evicted: [] }
    this.hooks.tell({ type: 'members', joined: [], ...left })
  }

  // ------------------------------------------------------------------ stability

  /** Decides the snapshot point, here and now, and drops what lies below it (rules SP3 to SP5). */
  decide(): void {
    const { history } = this
    const stable = this.stablePoint
    // The point does not pass a cut before it is executed, and has passed one that was certified (rules CU3, CU4).
    const limit = this.cuts?.limit(stable) ?? Number.POSITIVE_INFINITY
    const point = Math.max(history.point, Math.min(stable, limit))
    if (point === history.point) return
    const bytesBefore = history.log.bytes
    this.tellMove(history.compactThrough(point), bytesBefore)
  }

  private get stablePoint(): Clock {
    return this.stability.snapshotPoint(this.history.clock, this.hooks.cap())
  }

  private tellMove(passed: readonly Operation[], bytesBefore: number): void {
    const { point, epoch, log } = this.history
    this.evicting.passed(passed)
    this.histories.passed(passed, point)
    const droppedOperations = this.keepsLog ? 0 : passed.length
    this.hooks.tell({
      type: 'snapshot',
      move: { point, epoch, droppedOperations, bytesBefore, bytesAfter: log.bytes },
    })
  }

  /** Whether a report of ours would tell anybody anything (rule RE4). */
  get hasNews(): boolean {
    if (this.evicting.hasNews) return true
    return this.stability.hasNews(this.history.clock, this.history.epoch, this.hooks.cap())
  }

  report(): Report {
    const { seq, clock, epoch } = this.history
    this.evicting.told()
    const agreement = this.evicting.state
    return this.stability.report({ seq, clock, epoch, base: this.base.hash, agreement }, this.hooks.cap())
  }
}
