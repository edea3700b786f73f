/**
 * What neighbours tell each other about the room: eager push in, anti-entropy both ways (rules OV4 to OV7, RE3).
 */
import type { Gap } from '../causality/causal-buffer.js'
import type { Arrival } from '../causality/history.js'
import type { Clock, Operation, ReplicaId } from '../causality/operation.js'
import type { Milliseconds, News } from '../machine.js'
import { answer, batches, digestOf, gossip, offersNews, syncOf } from '../overlay/anti-entropy.js'
import { GapWatch } from '../overlay/gap-watch.js'
import type { Link } from '../overlay/links.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { LinkId } from '../transport.js'
import type { Gossip, Presence, Sync } from '../wire/messages.js'
import type { Room } from './room.js'

/** Whose news a message brought, and whose it repeated. */
interface Arrivals {
  readonly fresh: Set<ReplicaId>
  readonly repeated: Set<ReplicaId>
}

const NOTHING: ReadonlyMap<string, Gap> = new Map()
const MAX_CLOCK_JUMP = 2 ** 24
/** Beyond this there would soon be no larger number. */
const MAX_OUTBID = 2 ** 52

export class Gossiping {
  private readonly room: Room
  private readonly neighbourhood: Neighbourhood
  private readonly tell: (news: News) => void
  private readonly gaps = new GapWatch()
  /** By which link the last operation has come that had to wait. */
  private lastWaitingFrom: LinkId = -1

  constructor(room: Room, neighbourhood: Neighbourhood, tell: (news: News) => void) {
    this.room = room
    this.neighbourhood = neighbourhood
    this.tell = tell
  }

  /** @returns which rule the message breaks, or undefined. */
  received(link: Link, message: Gossip, now: Milliseconds): string | undefined {
    const arrivals: Arrivals = { fresh: new Set(), repeated: new Set() }
    const ours = this.inOurName(message)
    if (ours !== undefined) {
      if (ours.fault === undefined) this.room.evicting.impersonated()
      return ours.fault
    }
    const fault =
      farFetched(link, message, this.room.history.clock) ?? this.takeOperations(link, message, arrivals, now)
    if (fault !== undefined) return fault
    const { suspicion } = this.room.evicting
    // Joins among these operations make the reports of their newcomers acceptable.
    this.room.drain()
    const { waiting } = this.room.history
    if (message.operations.some(({ author, seq }) => waiting.has(author, seq))) this.lastWaitingFrom = link.id
    if (link.peer !== undefined && this.room.history.liars.has(link.peer))
      return 'its operations contradict what they follow'
    for (const report of message.reports) {
      const forged = this.room.vetReport(report)
      if (forged !== undefined) return forged
      const isNew = this.room.stability.receive(report)
      if (isNew) this.neighbourhood.spreadReport(report, link.id)
      if (isNew) suspicion.sign(report.replica, now)
      note(arrivals, report.replica, isNew)
    }
    for (const presence of message.presences) this.takePresence(link, presence, arrivals)
    // What was asked for says nothing about the tree, unless a branch of it turns out to be missing. Only the last message of
    // an answer is marked; what is pushed in between is taken for a part of it.
    const wasAskedFor = message.answer || link.awaitsAnswer
    if (message.answer) link.awaitsAnswer = false
    const repeated = wasAskedFor ? new Set<ReplicaId>() : arrivals.repeated
    for (const author of arrivals.fresh) suspicion.sign(author, now)
    const { room } = this
    const fresh = new Set(room.membersAmong(arrivals.fresh))
    this.neighbourhood.noteArrivals(link.id, fresh, new Set(room.membersAmong(repeated)), wasAskedFor)
    if (message.answer) link.caughtUp = true
    return undefined
  }

  get nextDeadline(): number {
    return this.gaps.nextDeadline
  }

  /**
   * Whoever sent what waits here has what it waits for, or asks whoever sent it that: first it is asked, then the others in
   * turn (rule OV5).
   */
  askAboutGaps(now: number): void {
    const asked = this.gaps.isDue(this.missing, now)
    if (asked === undefined) return
    const { links } = this.neighbourhood
    const source = links.get(this.lastWaitingFrom)
    const link = asked === 0 && source?.inRoom ? source : links.inRoom[asked % links.inRoom.length]
    if (link !== undefined) this.ask(link)
  }

  private get missing(): ReadonlyMap<string, Gap> {
    const { waiting, applied } = this.room.history
    return waiting.size === 0 ? NOTHING : waiting.missing(applied)
  }

  /** Tells a neighbour what we have, so that it sends the rest. */
  ask(link: Link): void {
    link.askedWith = digestOf(this.room.holdings)
    link.awaitsAnswer = true
    this.neighbourhood.send(link.id, syncOf(this.room.holdings, this.room.history.point))
  }

  /**
   * A neighbour tells what it has: it gets the rest, and is asked if it has more than we. Once for what we hold: two who
   * each have something that the other can not apply yet would ask each other as fast as the network allows.
   */
  asked(link: Link, theirs: Sync): void {
    const { holdings, history } = this.room
    const missing = history.missingFrom(theirs.applied)
    for (const message of answer(theirs, missing, holdings)) this.neighbourhood.send(link.id, message)
    link.isServed = true
    if (offersNews(theirs, holdings, history.point) && link.askedWith !== digestOf(holdings)) this.ask(link)
  }

  /**
   * We have left: every neighbour gets what we made last, whatever tree it is on, because whoever should pass it on may
   * be leaving, too. Those that may lack more get all of the log, or our last words would wait for it (rule LE3).
   */
  handOver(): void {
    const { history, self } = this.room
    const all = history.missingFrom(new Map())
    const own = all.filter(({ author }) => author === self)
    for (const link of this.neighbourhood.links.inRoom) {
      for (const operations of batches(link.isServed ? own : all)) {
        this.neighbourhood.send(link.id, gossip({ operations }))
      }
    }
  }

  /**
   * Somebody holds something of ours that we have not made. Whatever we said from here on, part of the room would take for
   * something else: the id is spoilt (rule EV8). But where members sign, nobody takes for ours what we have not signed, and
   * whoever passes it on breaks a rule (rule ID6).
   */
  private inOurName({ operations, reports }: Gossip): { readonly fault: string | undefined } | undefined {
    const { self, history, stability, vouching } = this.room
    const operation = operations.find(({ author, seq }) => author === self && seq > history.seq)
    const report = reports.find(({ replica, n }) => replica === self && n > stability.reportsMade)
    if (!operation && !report) return undefined
    const fault = operation && vouching.faultOf(operation)
    return { fault: fault ?? (report && vouching.faultOfReport(report)) }
  }

  private takeOperations(
    link: Link,
    message: Gossip,
    arrivals: Arrivals,
    now: Milliseconds,
  ): string | undefined {
    for (const operation of message.operations) {
      const fault = this.room.vet(operation)
      if (fault !== undefined) return fault
      const arrival = this.file(operation, now)
      // Where nothing is renumbered nobody can be ahead of us.
      if (arrival === 'alien' && this.room.renumbers && operation.epoch > this.room.history.epoch) {
        this.room.evicting.leftBehind()
        return undefined
      }
      if (arrival === 'alien')
        return `operation ${operation.author} ${operation.seq} is of epoch ${operation.epoch}`
      if (arrival === 'no-room') continue
      if (arrival === 'new') this.neighbourhood.spreadOperation(operation, link.id)
      note(arrivals, operation.author, arrival === 'new')
    }
    return undefined
  }

  /** When the buffer is full, applying what became ready may make room. */
  private file(operation: Operation, now: Milliseconds): Arrival {
    const arrival = this.room.receive(operation, now)
    if (arrival !== 'no-room') return arrival
    this.room.drain()
    return this.room.receive(operation, now)
  }

  /** Somebody shows something in our name: what we show ourselves must be the newest. */
  private outbid({ n }: Presence): void {
    const { presences, self } = this.room
    const own = presences.all.get(self)
    if (own && n > own.n && n < MAX_OUTBID)
      this.neighbourhood.spreadPresence(presences.publish(self, own.bytes, n))
  }

  private takePresence(link: Link, presence: Presence, arrivals: Arrivals): void {
    const { roster, presences, self } = this.room
    if (presence.replica === self) return this.outbid(presence)
    if (!roster.has(presence.replica)) return
    const isNew = presences.receive(presence)
    note(arrivals, presence.replica, isNew)
    if (!isNew) return
    this.neighbourhood.spreadPresence(presence, link.id)
    this.tell({ type: 'presence', replica: presence.replica, bytes: presence.bytes })
  }
}

/**
 * A clock counts operations, and everybody's follows the largest one: who has made as many as this without our knowing has
 * made them up, to use all numbers up. What others pass on is theirs to judge, or rooms would come apart about it.
 */
function farFetched(link: Link, { operations, reports }: Gossip, clock: Clock): string | undefined {
  const isFar = (by: ReplicaId, at: Clock) => by === link.peer && at > clock + MAX_CLOCK_JUMP
  const found =
    operations.find((operation) => isFar(operation.author, operation.clock)) ??
    reports.find((report) => isFar(report.replica, report.clock))
  return found && `its clock has jumped from ${clock} to ${found.clock}`
}

function note({ fresh, repeated }: Arrivals, replica: ReplicaId, isNew: boolean): void {
  ;(isNew ? fresh : repeated).add(replica)
}
