/**
 * The room as one replica knows it: what is applied, who is a member, what is stable (protocol rules OP, RE, SP, LE).
 *
 * Knows no links: whatever must be spread or told goes out through the hooks.
 */
import { type Arrival, History } from '../causality/history.js'
import type { Body, Clock, CutOperation, Operation, ReplicaId } from '../causality/operation.js'
import { advance, type BaseState, baseHash, NO_BASE } from '../compaction/base.js'
import { CutPolicy } from '../compaction/cut-policy.js'
import { Cutting } from '../compaction/cutting.js'
import type { News, ReplicaConfig } from '../machine.js'
import { Roster } from '../membership/roster.js'
import type { Holdings } from '../overlay/anti-entropy.js'
import { Presences } from '../overlay/presences.js'
import type { Report } from '../snapshot/report.js'
import { Stability } from '../snapshot/stability.js'
import type { NamedPayload, Naming, Structure } from '../structure.js'
import type { Go, Welcome, WelcomeMember } from '../wire/messages.js'

/** A prepared cut waits for an open transaction of the application, or for somebody's word that it is stable. */
const COMMIT_RETRY_MS = 20

export interface RoomHooks {
  /** Something the application may want to know. */
  tell(news: News): void
  /** A new operation of ours. */
  spread(operation: Operation): void
  /** A member is gone for good. */
  left(replica: ReplicaId): void
  /** What our floor must not exceed, because we answer for newcomers (rule JO3). */
  cap(): Clock
}

export class Room {
  readonly self: ReplicaId
  readonly history: History
  readonly roster = new Roster()
  readonly stability: Stability
  readonly presences = new Presences()
  /** Names this history of the room: the id of its founder. Empty before we are in it. */
  lineage = ''
  /** The state at the last cut, without its content. */
  base: BaseState = NO_BASE
  private readonly structure: Structure
  private readonly hooks: RoomHooks
  private readonly keepsLog: boolean
  private readonly policy: CutPolicy
  private cutting: Cutting | undefined
  /** Hash of the next base as our sponsor told it with `go`; otherwise reports tell it. */
  private told: { readonly epoch: number; readonly base: string } | undefined
  /** Members whose base differed from ours in this epoch: said once. */
  private readonly alarmed = new Set<ReplicaId>()

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
    this.policy = new CutPolicy(config)
  }

  /** Whether the structure is renumbered by cuts. All members of a room do it alike. */
  get renumbers(): boolean {
    return this.structure.epochs !== undefined
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

  /** Begins a new history of the room (rule LI1). */
  found(): void {
    this.lineage = this.self
    this.history.admit(this.self)
    this.roster.add({ replica: this.self, joined: { clock: 0, author: this.self } })
    this.stability.addMember(this.self, { known: 0, floor: 0, n: 0, epoch: 0, since: 0 })
    this.base = { ...NO_BASE, members: [this.self] }
    this.structure.epochs?.found(this.lineage)
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
      return { replica, joined: joined.clock, sponsor, ...shown }
    })
    const namings = this.structure.epochs?.namings ?? []
    return {
      type: 'welcome',
      nonce,
      lineage: this.lineage,
      ...state,
      floor,
      namings,
      base: this.base,
      members,
    }
  }

  /** The epoch from which on a newcomer needs tables: for what it brings, or for what may still arrive (rule CU7). */
  tablesFor(namings: readonly Naming[]): number {
    const { epoch } = this.history
    const { epochs } = this.structure
    if (!epochs || epoch === 0) return epoch
    const known = namings.find((naming) => epochs.reaches(naming))
    if (known) return Math.min(known.lineage === this.lineage ? known.epoch : 0, this.oldestArrival)
    return this.oldestArrival
  }

  /** Operations of an epoch before this one are above the base, or may still come. */
  private get oldestArrival(): number {
    const { epoch } = this.history
    const isOld = (operation: Operation) => operation.epoch < epoch
    const isSettled = this.stability.everybodySince(epoch) !== undefined
    return isSettled && !this.history.aboveBase.some(isOld) ? epoch : epoch - 1
  }

  /** Takes over a sponsor's room. @returns whether we are a member of it now. */
  install(welcome: Welcome, operations: readonly Operation[], go: Go): boolean {
    this.lineage = welcome.lineage
    this.base = welcome.base
    this.history.import(welcome, welcome.base.through, operations)
    for (const operation of operations) this.weigh(operation)
    for (const { replica, joined, sponsor, ...standing } of welcome.members) {
      const record = { replica, joined: { clock: joined, author: replica } }
      this.roster.add(sponsor === undefined ? record : { ...record, sponsor })
      this.stability.addMember(replica, standing)
    }
    this.told = go
    this.hooks.tell({ type: 'members', joined: welcome.members.map(({ replica }) => replica), left: [] })
    // One at a time: in total order none of them has to wait, so no limit on waiting concerns them.
    for (const operation of go.operations) {
      this.history.receive(operation)
      this.drain()
      this.catchUp()
    }
    return this.roster.has(this.self)
  }

  // ------------------------------------------------------------------ operations

  /** Makes an operation of whatever the user changed since the last one. */
  takeLocalChange(): void {
    const payload = this.structure.takeLocalChange()
    if (payload) this.author({ kind: 'update', payload })
  }

  author(body: Body): void {
    const operation = this.history.author(body)
    this.noteForCuts(operation)
    this.takeEffect(operation)
    this.hooks.spread(operation)
  }

  receive(operation: Operation): Arrival {
    return this.history.receive(operation)
  }

  /** Applies what became ready, then lets the reports take effect that waited for it. */
  drain(): void {
    for (let operation = this.history.takeReady(); operation; operation = this.history.takeReady()) {
      if (operation.kind === 'update') this.applyPayload(operation)
      this.history.record(operation)
      this.noteForCuts(operation)
      this.takeEffect(operation)
    }
    this.history.witness(this.stability.takeEffect(this.history.applied))
  }

  private applyPayload({ author, payload, epoch }: NamedPayload & Operation): void {
    const reason = this.structure.apply(payload, epoch)
    // Rule OP8: whoever holds the operation skips it just so.
    if (reason !== undefined) this.hooks.tell({ type: 'refused', from: author, reason })
  }

  private noteForCuts(operation: Operation): void {
    this.cutting?.applied(operation)
    this.weigh(operation)
  }

  private weigh(operation: Operation): void {
    const { epochs } = this.structure
    if (epochs && operation.kind === 'update') {
      this.policy.applied(operation.clock, epochs.weight(operation.payload))
    }
  }

  /** What an operation means for membership and stability, whoever made it. */
  private takeEffect(operation: Operation): void {
    this.stability.operationApplied(operation.author, operation.clock)
    const change = this.roster.apply(operation)
    if (operation.kind === 'join' && change.joined !== undefined) {
      this.history.admit(change.joined)
      // It makes nothing before it has applied this, so nothing of an earlier epoch (rule CU7).
      const { clock, floor, epoch } = operation
      this.stability.addMember(change.joined, { known: clock, floor, n: 0, epoch, since: clock })
      this.hooks.tell({ type: 'members', joined: [change.joined], left: [] })
    }
    if (change.left !== undefined) this.forget(change.left)
  }

  private forget(replica: ReplicaId): void {
    this.stability.removeMember(replica)
    if (this.presences.delete(replica)) this.hooks.tell({ type: 'presence', replica, bytes: null })
    this.hooks.left(replica)
    this.hooks.tell({ type: 'members', joined: [], left: [replica] })
  }

  // ------------------------------------------------------------------ stability

  /** Decides the snapshot point, here and now, and drops what lies below it (rules SP3 to SP5). */
  decide(): void {
    const { history } = this
    const stable = this.stability.snapshotPoint(history.clock, this.hooks.cap())
    const cut = history.nextCut
    if (cut && !this.cutting && (stable >= cut.clock || history.isCertified)) this.beginCut(cut)
    // The point does not pass a cut before it is executed (rule CU3), and has passed one that was certified.
    const limit = cut ? cut.clock - 1 : Number.POSITIVE_INFINITY
    const point = Math.max(history.point, Math.min(stable, limit))
    if (point === history.point) return
    const bytesBefore = history.log.bytes
    this.tellMove(history.compactThrough(point), bytesBefore)
  }

  private tellMove(passed: readonly Operation[], bytesBefore: number): void {
    const { point, epoch, log } = this.history
    const droppedOperations = this.keepsLog ? 0 : passed.length
    this.hooks.tell({
      type: 'snapshot',
      move: { point, epoch, droppedOperations, bytesBefore, bytesAfter: log.bytes },
    })
  }

  // ------------------------------------------------------------------ cuts

  /** When to go on with a cut: at once while there is work, a moment later where it has to wait. */
  nextStepAt(now: number): number {
    if (!this.cutting) return Number.POSITIVE_INFINITY
    return this.cutting.isPrepared ? now + COMMIT_RETRY_MS : now
  }

  private beginCut(cut: CutOperation): Cutting {
    const { epochs } = this.structure
    if (!epochs) throw new Error(`a cut in a room whose structure has no epochs`)
    const { history } = this
    const [below, above] = [history.upTo(cut.through), history.after(cut.through)]
    const cutting = new Cutting(cut, epochs, this.lineage, below, above)
    this.cutting = cutting
    return cutting
  }

  /**
   * Does a part of the work of the cut at hand; once prepared, executes it (rules CU3, CU4).
   * @returns why this replica can not go on in this lineage, or undefined.
   */
  stepCut(): string | undefined {
    const { cutting } = this
    if (!cutting) return undefined
    cutting.prepare()
    if (!cutting.isPrepared) return undefined
    this.takeLocalChange()
    return cutting.canCommit ? this.commitCut(cutting) : undefined
  }

  private commitCut(cutting: Cutting): string | undefined {
    const { history, stability } = this
    const { operation } = cutting
    const epoch = history.epoch + 1
    const below = advance(this.base, operation.through, history.upTo(operation.through))
    const hash = baseHash(this.lineage, epoch, below, cutting.fingerprint)
    const isStable = stability.snapshotPoint(history.clock, this.hooks.cap()) >= operation.clock
    if (!isStable) {
      // We were told by somebody ahead of us that it is stable; whoever was taken out meanwhile would be told so, too.
      const attested = this.attestedBase(epoch)
      if (attested === undefined) return undefined
      if (attested !== hash) return 'this replica holds something else than the room'
    }
    const { bytesBefore, bytesAfter } = cutting.commit()
    this.cutting = undefined
    this.base = { ...below, hash }
    const logBytes = history.log.bytes
    const passed = history.enterNextEpoch(operation)
    stability.enterEpoch(epoch, history.clock)
    this.policy.executed(operation.through)
    this.alarmed.clear()
    this.hooks.tell({ type: 'cut', cut: { epoch, through: operation.through, bytesBefore, bytesAfter } })
    if (passed.length > 0) this.tellMove(passed, logBytes)
    return undefined
  }

  private attestedBase(epoch: number): string | undefined {
    return this.told?.epoch === epoch ? this.told.base : this.stability.attestedBase(epoch)
  }

  /** Executes whatever cut stands between us and our own join, in one go: we are nobody's member yet (rule CU7). */
  private catchUp(): void {
    for (let cut = this.history.nextCut; cut && this.history.isCertified; cut = this.history.nextCut) {
      const cutting = this.beginCut(cut)
      while (!cutting.isPrepared) cutting.prepare()
      if (cutting.canCommit) this.commitCut(cutting)
      if (this.history.nextCut === cut) return
      this.drain()
    }
  }

  /** The application asks for a cut of everything so far. */
  requestCut(): void {
    this.takeLocalChange()
    if (this.renumbers) this.policy.request(this.history.clock)
  }

  /** Makes a cut if rule CU1 allows one and it pays (rule CU8). @param elders members older than we. */
  considerCut(now: number, elders: number): void {
    const { epochs } = this.structure
    if (!epochs) return
    const { clock, baseThrough, epoch, nextCut } = this.history
    const lowest = nextCut ? undefined : this.stability.everybodySince(epoch)
    const { baseBytes } = epochs
    const through = this.policy.decide(now, { clock, baseThrough, baseBytes, lowest, elders })
    if (through !== undefined) this.author({ kind: 'cut', through })
  }

  get nextDeadline(): number {
    return this.policy.nextDeadline
  }

  /** Compares what others say of their base with ours (rule CU5). */
  checkBases(): void {
    for (const { replica, epoch, base } of this.stability.reports.values()) {
      if (epoch !== this.history.epoch || base === this.base.hash || this.alarmed.has(replica)) continue
      this.alarmed.add(replica)
      const reason = `its base of epoch ${epoch} is ${base || 'none'}, ours is ${this.base.hash || 'none'}`
      this.hooks.tell({ type: 'alarm', from: replica, reason })
    }
  }

  /** Whether a report of ours would tell anybody anything (rule RE4). */
  get hasNews(): boolean {
    return this.stability.hasNews(this.history.clock, this.history.epoch, this.hooks.cap())
  }

  report(): Report {
    const { seq, clock, epoch } = this.history
    return this.stability.report({ seq, clock, epoch, base: this.base.hash }, this.hooks.cap())
  }
}
