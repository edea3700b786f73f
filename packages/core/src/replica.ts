/**
 * One replica of the protocol: a deterministic state machine.
 *
 * `handle(input, now)` is the only way in, its outputs are the only way out. No I/O, no clock, no randomness:
 * the same inputs at the same times give the same outputs, in a browser, in Node and in the simulator.
 * The structure it replicates is called synchronously and only through the Structure interface.
 */
import { History } from './causality/history.js'
import type { Clock, Operation, ReplicaId } from './causality/operation.js'
import { DEFAULT_CONFIG, type Input, type Output, type ReplicaConfig } from './machine.js'
import { Joining, type Reply } from './membership/joining.js'
import { Roster } from './membership/roster.js'
import { type PendingJoin, Sponsoring } from './membership/sponsoring.js'
import { answer, offersNews, syncOf } from './overlay/anti-entropy.js'
import type { Link } from './overlay/links.js'
import { Neighbourhood } from './overlay/neighbourhood.js'
import { Presences } from './overlay/presences.js'
import { type Blocker, blockers } from './snapshot/blockers.js'
import type { NetworkMap } from './snapshot/network-map.js'
import { Reporting } from './snapshot/reporting.js'
import { Stability } from './snapshot/stability.js'
import type { Structure } from './structure.js'
import { decodeMessage } from './wire/codec.js'
import type { Go, Gossip, Hello, Message, Piece, Sync, Welcome } from './wire/messages.js'

/**
 * - `idle`: not started; `seeking`: looking for the room; `joining`: being let in by a sponsor;
 * - `member`: its own join is applied (or it founded the room);
 * - `over`: left, or the attempt failed. Nothing comes out any more.
 */
export type Status = 'idle' | 'seeking' | 'joining' | 'member' | 'over'

export class Replica {
  readonly id: ReplicaId
  readonly config: ReplicaConfig
  readonly history: History
  readonly roster = new Roster()
  readonly stability: Stability
  private readonly structure: Structure
  private readonly sponsoring: Sponsoring
  private readonly neighbourhood: Neighbourhood
  private readonly presences = new Presences()
  private readonly reporting: Reporting
  private joining: Joining | undefined
  private current: Status = 'idle'
  private lineage = ''
  private outputs: Output[] = []
  private greeting = false
  private lastNow: number | undefined
  private timerAt: number | null = null
  private seekAt = Number.POSITIVE_INFINITY

  constructor(id: ReplicaId, structure: Structure, config: Partial<ReplicaConfig> = {}) {
    this.id = id
    this.structure = structure
    this.config = { ...DEFAULT_CONFIG, ...config }
    const { maxWaitingOperations: maxOperations, maxWaitingBytes: maxBytes, keepLog } = this.config
    this.history = new History(id, { maxOperations, maxBytes }, keepLog)
    this.stability = new Stability(id)
    this.reporting = new Reporting(this.config.reportIntervalMs)
    this.sponsoring = new Sponsoring(this.config)
    this.neighbourhood = new Neighbourhood(
      id,
      this.config,
      (output) => this.emit(output),
      () => this.holdings(),
    )
  }

  get status(): Status {
    return this.current
  }

  /** Works off one input. @param now never smaller than in the call before. */
  handle(input: Input, now: number): Output[] {
    this.noticeSleep(now)
    if (this.current !== 'over') this.dispatch(input, now)
    if (this.current !== 'over') this.settle(now)
    const { outputs } = this
    this.outputs = []
    return outputs
  }

  private dispatch(input: Input, now: number): void {
    switch (input.type) {
      case 'start':
        this.current = 'seeking'
        return this.emit({ type: 'seek' })
      case 'alone':
        return this.alone()
      case 'link-up':
        return this.neighbourhood.linkUp(input.link, this.lineage, now)
      case 'link-down':
        return this.linkDown(input.link, input.reason)
      case 'message':
        return this.received(input.link, input.bytes, now)
      case 'local-change':
        return this.takeLocalChange()
      case 'presence':
        if (this.current === 'member') {
          this.neighbourhood.spreadPresence(this.presences.publish(this.id, input.bytes))
        }
        return
      case 'signal':
        return this.relay(input.to, this.id, 0, input.bytes)
      case 'dial-failed':
        return this.neighbourhood.dialFailed(input.peer, now)
      case 'leave':
        return this.leave()
      case 'timer':
        return
    }
  }

  /** After each input: apply what became ready, decide, spread, and say when to be woken. */
  private settle(now: number): void {
    this.drain()
    this.closeSilentLinks(now)
    if (this.current === 'member') {
      this.retireFormerIds()
      this.expireJoins(now)
      this.pumpPieces()
      this.decide()
      this.reportIfDue(now)
      this.neighbourhood.maintain([...this.roster.ids()], now)
      this.maintainGreeting()
      this.seekIfIsolated(now)
    } else if (this.current === 'joining') {
      this.continueJoining(now)
    }
    if (this.current === 'over') return
    this.neighbourhood.beat(now)
    this.neighbourhood.flush()
    this.updateTimer()
  }

  // ------------------------------------------------------------------ views

  get snapshotPoint(): Clock {
    return this.history.point
  }

  /** This replica holds the room's state, as far as anybody it can reach can tell. */
  get isSynced(): boolean {
    if (this.current !== 'member' || this.history.waiting.size > 0) return false
    return this.roster.size === 1 || this.neighbourhood.links.inRoom.some((link) => link.caughtUp)
  }

  get networkMap(): NetworkMap {
    return this.stability.networkMap(this.history.clock, this.sponsoring.cap)
  }

  get neighbours(): ReplicaId[] {
    return this.neighbourhood.links.inRoom.flatMap((link) => link.peer ?? [])
  }

  /** Who holds the snapshot point back, and why. Empty when nothing waits. */
  get blockedBy(): Blocker[] {
    if (this.current !== 'member' || this.history.point >= this.history.clock) return []
    const linked = new Set(this.neighbours)
    const isFullMesh = this.roster.size - 1 <= this.config.maxConnections
    return blockers({
      self: this.id,
      members: [...this.roster.ids()],
      newcomers: this.sponsoring.newcomers,
      standing: (member) => this.stability.standing(member),
      point: this.history.point,
      isSilent: (member) => isFullMesh && !linked.has(member),
    })
  }

  private holdings() {
    return {
      applied: this.history.applied,
      reports: this.stability.reports,
      presences: this.presences.all,
    }
  }

  // ------------------------------------------------------------------ links and messages

  private linkDown(id: number, _reason: string): void {
    const link = this.neighbourhood.forgetLink(id)
    if (link) this.lostLink(link)
  }

  private lostLink(link: Link): void {
    this.sponsoring.linkDown(link.id)
    if (this.joining?.link === link.id) this.failJoin('the sponsor is gone')
    else if (this.current === 'seeking') this.emit({ type: 'seek' })
  }

  private closeSilentLinks(now: number): void {
    for (const link of this.neighbourhood.silentLinks(now)) {
      this.neighbourhood.close(link, 'silent for too long')
      this.lostLink(link)
    }
    const patience = now - this.config.joinTimeoutMs
    for (const link of this.neighbourhood.links.all) {
      const asks = link.peer !== undefined && this.sponsoring.newcomers.includes(link.peer)
      if (link.inRoom || asks || this.joining?.link === link.id || link.openedAt > patience) continue
      this.neighbourhood.close(link, 'asked for nothing')
      this.lostLink(link)
    }
  }

  private received(id: number, bytes: Uint8Array, now: number): void {
    const link = this.neighbourhood.links.get(id)
    if (!link) return
    link.lastHeardAt = now
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return this.refuse(link, decoded.reason)
    this.understood(link, decoded.message, now)
  }

  /** A neighbour that breaks the rules loses its link; nothing else changes (rule WI3). */
  private refuse(link: Link, reason: string): void {
    this.emit({ type: 'refused', from: link.peer, reason })
    this.neighbourhood.close(link, reason)
    this.lostLink(link)
  }

  private understood(link: Link, message: Message, now: number): void {
    switch (message.type) {
      case 'hello':
        return this.greeted(link, message, now)
      case 'heartbeat':
        if (link.inRoom && this.neighbourhood.compare(link, message.digest)) this.sync(link)
        return
      case 'gossip':
        if (link.inRoom) this.gossiped(link, message)
        return
      case 'sync':
        if (link.inRoom) this.synced(link, message)
        return
      case 'prune':
        return this.neighbourhood.tree.pruned(link.id, message.authors)
      case 'graft':
        return this.neighbourhood.tree.grafted(link.id, message.authors)
      case 'relay':
        if (link.inRoom) this.relay(message.to, message.from, message.hops, message.bytes, link.id)
        return
      case 'bye':
        return
      default:
        return this.handshake(link, message, now)
    }
  }

  private handshake(link: Link, message: Message, now: number): void {
    switch (message.type) {
      case 'join-request':
        return this.joinRequested(link, now)
      case 'welcome':
        return this.welcomed(link, message, now)
      case 'piece':
        return this.pieceArrived(link, message, now)
      case 'piece-received':
        if (link.peer) this.sponsoring.pieceReceived(link.peer, message.nonce, message.count, now)
        return
      case 'installed':
        return this.installed(link, message.nonce, now)
      case 'go':
        return this.go(link, message, now)
      case 'no':
        if (this.joining?.link === link.id && this.joining.isRefusedBy(message.nonce))
          this.failJoin(message.reason)
        return
    }
  }

  private greeted(link: Link, hello: Hello, now: number): void {
    if (link.peer !== undefined && link.peer !== hello.replica) return this.refuse(link, 'changed its name')
    if (hello.replica === this.id) return this.refuse(link, 'has our name')
    link.peer = hello.replica
    if (this.current === 'seeking') {
      if (hello.lineage !== '') return this.askToJoin(link, now)
      this.neighbourhood.close(link, 'neither of us is in the room')
      return this.emit({ type: 'seek' })
    }
    if (this.current !== 'member' || hello.lineage === '' || link.inRoom) return
    if (hello.lineage !== this.lineage) return this.metOtherLineage(link, hello.lineage)
    if (!this.neighbourhood.enterRoom(link, hello.replica, now)) return
    this.sponsoring.forget(hello.replica)
    if (hello.digest === this.neighbourhood.digest()) link.caughtUp = true
    else this.sync(link)
  }

  /** Two rooms of one name, founded apart: one of the two yields, the same on both sides (rule LI2). */
  private metOtherLineage(link: Link, lineage: string): void {
    if (this.lineage < lineage) return
    this.neighbourhood.close(link, 'joining the other history of this room')
    this.leave('the room has an older or larger history')
  }

  private relay(to: ReplicaId, from: ReplicaId, hops: number, bytes: Uint8Array, by?: number): void {
    if (to === this.id) return this.emit({ type: 'signal', from, bytes })
    this.neighbourhood.relay({ type: 'relay', from, to, hops, bytes }, this.roster.get(to)?.sponsor, by)
  }

  // ------------------------------------------------------------------ gossip

  private gossiped(link: Link, message: Gossip): void {
    const fresh = new Set<ReplicaId>()
    const repeated = new Set<ReplicaId>()
    for (const operation of message.operations) {
      const arrival = this.history.receive(operation)
      if (arrival === 'new') this.neighbourhood.spreadOperation(operation, link.id)
      if (arrival !== 'no-room') (arrival === 'new' ? fresh : repeated).add(operation.author)
    }
    // Joins among these operations make the reports of their newcomers acceptable.
    this.drain()
    for (const report of message.reports) {
      const isNew = this.stability.receive(report)
      if (isNew) this.neighbourhood.spreadReport(report, link.id)
      ;(isNew ? fresh : repeated).add(report.replica)
    }
    for (const presence of message.presences) {
      if (!this.roster.has(presence.replica) || presence.replica === this.id) continue
      const isNew = this.presences.receive(presence)
      if (isNew) this.neighbourhood.spreadPresence(presence, link.id)
      if (isNew) this.emit({ type: 'presence', replica: presence.replica, bytes: presence.bytes })
      ;(isNew ? fresh : repeated).add(presence.replica)
    }
    // What was asked for says nothing about the tree, unless a branch of it turns out to be missing.
    this.neighbourhood.noteArrivals(link.id, fresh, message.answer ? new Set() : repeated)
    if (message.answer) link.caughtUp = true
  }

  private sync(link: Link): void {
    this.neighbourhood.send(link.id, syncOf(this.holdings(), this.history.point))
  }

  private synced(link: Link, theirs: Sync): void {
    const ours = this.holdings()
    const missing = this.history.missingFrom(theirs.applied)
    for (const message of answer(theirs, missing, ours)) this.neighbourhood.send(link.id, message)
    if (offersNews(theirs, ours, this.history.point)) this.sync(link)
  }

  private drain(): void {
    for (let operation = this.history.takeReady(); operation; operation = this.history.takeReady()) {
      this.applyRemote(operation)
      if (this.current === 'over') return
    }
    this.history.witness(this.stability.takeEffect(this.history.applied))
  }

  private applyRemote(operation: Operation): void {
    if (operation.kind === 'update') {
      const reason = this.structure.apply(operation.payload)
      // The check depends on the payload alone: whoever holds the operation skips it just so.
      if (reason !== undefined) this.emit({ type: 'refused', from: operation.author, reason })
    }
    this.history.record(operation)
    this.applied(operation)
  }

  /** What an operation means for membership and stability, whoever made it. */
  private applied(operation: Operation): void {
    this.stability.operationApplied(operation.author, operation.clock)
    const change = this.roster.apply(operation)
    if (operation.kind === 'join' && change.joined !== undefined) {
      this.history.admit(change.joined)
      const standing = { known: operation.clock, floor: operation.floor, n: 0 }
      this.stability.addMember(change.joined, standing, operation.epoch)
      this.emit({ type: 'members', joined: [change.joined], left: [] })
    }
    if (change.left !== undefined) this.memberLeft(change.left)
  }

  private memberLeft(replica: ReplicaId): void {
    this.stability.removeMember(replica)
    this.neighbourhood.tree.forget(replica)
    this.sponsoring.forget(replica)
    if (this.presences.delete(replica)) this.emit({ type: 'presence', replica, bytes: null })
    this.emit({ type: 'members', joined: [], left: [replica] })
  }

  // ------------------------------------------------------------------ our own operations

  private takeLocalChange(): void {
    if (this.current !== 'member') return
    const payload = this.structure.takeLocalChange()
    if (payload) this.author({ kind: 'update', payload })
  }

  private author(body: Parameters<History['author']>[0]): Operation {
    const operation = this.history.author(body)
    this.applied(operation)
    this.neighbourhood.spreadOperation(operation)
    return operation
  }

  // ------------------------------------------------------------------ snapshot point

  private decide(): void {
    const point = this.stability.snapshotPoint(this.history.clock, this.sponsoring.cap)
    if (point === this.history.point) return
    const bytesBefore = this.history.log.bytes
    const dropped = this.history.compactThrough(point)
    const payloads = dropped.flatMap((operation) => (operation.kind === 'update' ? [operation.payload] : []))
    if (payloads.length > 0) this.structure.fold(payloads)
    const { epoch } = this.history
    const bytesAfter = this.history.log.bytes
    const move = { point, epoch, droppedOperations: dropped.length, bytesBefore, bytesAfter }
    this.emit({ type: 'snapshot', move })
  }

  private reportIfDue(now: number): void {
    const { clock, epoch, seq } = this.history
    const { cap } = this.sponsoring
    const hasNews = this.stability.hasNews(clock, epoch, cap)
    if (!this.reporting.isDue(hasNews, this.roster.size, now)) return
    this.neighbourhood.spreadReport(this.stability.report(seq, clock, epoch, cap))
  }

  // ------------------------------------------------------------------ founding, leaving

  private alone(): void {
    if (this.current !== 'seeking') return
    this.lineage = this.id
    this.history.admit(this.id)
    this.roster.add({ replica: this.id, joined: { clock: 0, author: this.id } })
    this.stability.addMember(this.id, { known: 0, floor: 0, n: 0 }, this.history.epoch)
    this.becomeMember()
  }

  private becomeMember(): void {
    this.current = 'member'
    this.emit({ type: 'joined' })
    this.takeLocalChange()
  }

  /** @param rejoinReason set if another identity is to follow. */
  private leave(rejoinReason?: string): void {
    if (this.current === 'member') {
      this.takeLocalChange()
      for (const join of this.sponsoring.abandonAll()) this.refuseJoin(join, 'the sponsor is leaving')
      this.author({ kind: 'leave', who: this.id })
      this.neighbourhood.flush()
    }
    for (const link of this.neighbourhood.links.all) this.neighbourhood.close(link, 'left the room')
    this.emit({ type: 'greet', lineage: null })
    this.end(rejoinReason)
  }

  private end(rejoinReason?: string): void {
    this.current = 'over'
    this.emit({ type: 'timer', at: null })
    if (rejoinReason !== undefined) this.emit({ type: 'rejoin', reason: rejoinReason })
  }

  /** An id that we gave up before it was a member may have been let in all the same (rule JO9). */
  private retireFormerIds(): void {
    for (const id of this.config.formerIds) if (this.roster.has(id)) this.author({ kind: 'leave', who: id })
  }

  // ------------------------------------------------------------------ sponsor

  private joinRequested(link: Link, now: number): void {
    const newcomer = link.peer
    if (!newcomer || this.current !== 'member' || link.inRoom) return
    const isUsed = this.roster.has(newcomer) || this.history.applied.has(newcomer)
    if (isUsed || this.sponsoring.knows(newcomer)) return
    if (this.sponsoring.isBusy) {
      return this.neighbourhood.send(link.id, { type: 'no', nonce: 0, reason: 'busy with other newcomers' })
    }
    this.takeLocalChange()
    const { clock, applied } = this.history
    const floor = this.stability.floor(clock, this.sponsoring.cap)
    const state = this.structure.encodeState(this.config.pieceBytes)
    const join = this.sponsoring.begin(newcomer, link.id, floor, new Map(applied), state, now)
    this.neighbourhood.send(link.id, this.welcome(join.nonce, floor), 'bulk')
  }

  private welcome(nonce: number, floor: Clock): Welcome {
    const state = this.history.export()
    const members = this.roster.byAge().map(({ replica, joined, sponsor }) => {
      const standing = this.stability.standing(replica)
      if (!standing) throw new Error(`member ${replica} has no standing`)
      // Of ourselves we say what a report would: all our operations so far, and the floor of this welcome.
      const { known, n } = replica === this.id ? { known: state.clock, n: 0 } : standing
      const shown = replica === this.id ? floor : standing.floor
      return { replica, joined: joined.clock, sponsor, known, floor: shown, n }
    })
    const { lineage } = this
    return { type: 'welcome', nonce, lineage, ...state, floor, members }
  }

  private pumpPieces(): void {
    for (const { link, nonce, index, last, piece } of this.sponsoring.nextPieces()) {
      const permille = Math.round(piece.progress * 1000)
      this.neighbourhood.send(
        link,
        { type: 'piece', nonce, index, last, permille, bytes: piece.bytes },
        'bulk',
      )
    }
  }

  private installed(link: Link, nonce: number, now: number): void {
    const newcomer = link.peer
    if (!newcomer) return
    const acknowledged = this.sponsoring.acknowledge(newcomer, nonce)
    if (acknowledged.verdict === 'no') {
      return this.neighbourhood.send(link.id, { type: 'no', nonce, reason: 'this welcome has lapsed' })
    }
    if (acknowledged.verdict === 'admit') {
      // The state that went out may hold local changes made since; they must be in our past before the join.
      this.takeLocalChange()
      this.author({ kind: 'join', who: newcomer, floor: acknowledged.join.floor })
    }
    const since = acknowledged.verdict === 'admit' ? acknowledged.join.applied : acknowledged.applied
    this.neighbourhood.send(link.id, { type: 'go', nonce, operations: this.history.missingFrom(since) })
    this.neighbourhood.enterRoom(link, newcomer, now)
  }

  private expireJoins(now: number): void {
    for (const join of this.sponsoring.expire(now)) this.refuseJoin(join, 'the join took too long')
  }

  private refuseJoin(join: PendingJoin, reason: string): void {
    this.neighbourhood.send(join.link, { type: 'no', nonce: join.nonce, reason })
  }

  // ------------------------------------------------------------------ newcomer

  private askToJoin(link: Link, now: number): void {
    this.current = 'joining'
    this.joining = new Joining(link.id, now, this.config)
    this.reply({ type: 'join-request' })
  }

  private reply(reply: Reply): void {
    if (this.joining) this.neighbourhood.send(this.joining.link, reply)
  }

  private welcomed(link: Link, welcome: Welcome, now: number): void {
    if (this.joining?.link !== link.id || !this.joining.welcomed(welcome, now)) return
    this.structure.beginLoad()
    this.loadPieces(link, this.joining.loadable(now), now)
  }

  private pieceArrived(link: Link, piece: Piece, now: number): void {
    if (this.joining?.link !== link.id) return
    this.loadPieces(link, this.joining.received(piece, now), now)
  }

  private loadPieces(link: Link, pieces: readonly Piece[], now: number): void {
    for (const piece of pieces) {
      const reason = this.structure.loadPiece(piece.bytes)
      if (reason !== undefined) return this.refuse(link, reason)
      this.emit({ type: 'progress', share: Math.min(1, piece.permille / 1000) })
    }
    if (pieces.length === 0 || !this.joining) return
    if (this.joining.isInstalled) this.structure.endLoad()
    for (const reply of this.joining.acknowledgement(now)) this.reply(reply)
  }

  private continueJoining(now: number): void {
    if (this.joining?.isExpired(now)) return this.failJoin('the sponsor took too long')
    for (const reply of this.joining?.resend(now) ?? []) this.reply(reply)
  }

  private go(link: Link, go: Go, now: number): void {
    const { joining } = this
    const welcome = joining?.welcome
    if (!joining || !welcome || joining.link !== link.id || !joining.accepts(go)) return
    this.joining = undefined
    this.lineage = welcome.lineage
    this.history.import(welcome)
    for (const { replica, joined, sponsor, ...standing } of welcome.members) {
      const position = { clock: joined, author: replica }
      this.roster.add(
        sponsor === undefined ? { replica, joined: position } : { replica, joined: position, sponsor },
      )
      this.stability.addMember(replica, standing, welcome.epoch)
    }
    this.emit({ type: 'members', joined: welcome.members.map((member) => member.replica), left: [] })
    for (const operation of go.operations) this.history.receive(operation)
    this.drain()
    if (!this.roster.has(this.id)) return this.failJoin('the sponsor did not let us in')
    if (link.peer) this.neighbourhood.enterRoom(link, link.peer, now)
    this.becomeMember()
    this.sync(link)
  }

  private failJoin(reason: string): void {
    for (const link of this.neighbourhood.links.all) this.neighbourhood.close(link, reason)
    this.end(reason)
  }

  // ------------------------------------------------------------------ staying reachable, staying connected

  /** The oldest members that see each other stay reachable for newcomers (overlay rule OV8). */
  private maintainGreeting(): void {
    const linked = new Set(this.neighbours)
    const older: ReplicaId[] = []
    for (const { replica } of this.roster.byAge()) {
      if (replica === this.id) break
      if (linked.has(replica)) older.push(replica)
    }
    const greets = older.length < this.config.greeters
    if (greets === this.greeting) return
    this.greeting = greets
    this.emit({ type: 'greet', lineage: greets ? this.lineage : null })
  }

  /** With no link left, the rendezvous is the way back to the others. */
  private seekIfIsolated(now: number): void {
    const isIsolated = this.roster.size > 1 && this.neighbourhood.links.inRoom.length === 0
    if (!isIsolated) this.seekAt = Number.POSITIVE_INFINITY
    else if (this.seekAt === Number.POSITIVE_INFINITY) this.seekAt = now + this.config.seekIntervalMs / 10
    else if (now >= this.seekAt) {
      this.seekAt = now + this.config.seekIntervalMs
      this.emit({ type: 'seek' })
    }
  }

  // ------------------------------------------------------------------ time

  /** Long since the last input: we were asleep, not the others (overlay rule OV2). */
  private noticeSleep(now: number): void {
    const sleptMs = this.lastNow === undefined ? 0 : now - this.lastNow
    this.lastNow = now
    if (sleptMs > 2 * this.config.heartbeatIntervalMs) this.neighbourhood.excuseSleep(sleptMs)
  }

  private updateTimer(): void {
    const at = this.nextDeadline
    const wanted = at === Number.POSITIVE_INFINITY ? null : at
    if (wanted === this.timerAt) return
    this.timerAt = wanted
    this.emit({ type: 'timer', at: wanted })
  }

  private get nextDeadline(): number {
    if (this.sponsoring.hasPieces) return this.lastNow ?? 0
    return Math.min(
      this.neighbourhood.nextDeadline,
      this.reporting.nextDeadline,
      this.sponsoring.nextDeadline,
      this.joining?.nextDeadline ?? Number.POSITIVE_INFINITY,
      this.seekAt,
    )
  }

  private emit(output: Output): void {
    this.outputs.push(output)
  }
}
