/**
 * One device's way to the network, with the troubles that the memory network itself does not make: links that are
 * cut, slow or pass nothing in one direction, a device that is slow, messages of one type that suffer more than others.
 */
import type {
  Lane,
  LinkId,
  ReplicaId,
  Scheduler,
  Transport,
  TransportEvents,
  TransportSession,
} from '@tidemark/core'
import type { Coverage } from '../oracle/coverage.js'
import type { Story } from '../oracle/story.js'
import type { Random } from '../random.js'
import type { Choices } from '../shrink/choices.js'
import { Ills } from './ills.js'
import { MESSAGE, type Plan, UNTOUCHED } from './plan.js'
import { Wakefulness } from './wakefulness.js'

export interface Surroundings {
  readonly plan: Plan
  readonly scheduler: Scheduler
  readonly random: Random
  readonly coverage: Coverage
  readonly story: Story
  readonly choices: Choices
  /** Every message, as it is sent. */
  readonly onSent: (type: number) => void
}

export class FaultyTransport implements Transport {
  readonly wakefulness: Wakefulness
  /** It takes up to so much longer to get to a message. */
  dragMs = 0
  /** Troubles are over: nothing more is lost, held back or repeated here. */
  isCalm = false
  /** Of its device. */
  readonly name: string
  /** Names it in contexts. */
  readonly key: string
  private readonly inner: Transport
  private readonly surroundings: Surroundings
  private current: FaultySession | undefined

  constructor(name: string, key: string, inner: Transport, surroundings: Surroundings) {
    this.name = name
    this.key = key
    this.inner = inner
    this.surroundings = surroundings
    const { scheduler, plan, story } = surroundings
    this.wakefulness = new Wakefulness(scheduler, plan.taskMs, (sleeps) =>
      story.note(name, sleeps ? 'falls asleep' : 'wakes', { kind: sleeps ? 'asleep' : 'awake' }),
    )
  }

  get session(): FaultySession | undefined {
    return this.current
  }

  open(room: string, self: ReplicaId, events: TransportEvents): TransportSession {
    const session = new FaultySession(this, this.surroundings, events)
    session.inner = this.inner.open(room, self, session)
    this.current = session
    return session
  }
}

export class FaultySession implements TransportSession, TransportEvents {
  inner: TransportSession | undefined
  readonly links = new Set<LinkId>()
  readonly muted = new Set<LinkId>()
  readonly ills = new Ills()
  private readonly owner: FaultyTransport
  private readonly around: Surroundings
  private readonly events: TransportEvents
  private readonly gone: Set<LinkId> = new Set()
  private lastArrival = 0
  private ownSignals = 0
  private readonly goes = new Map<LinkId, number>()

  constructor(owner: FaultyTransport, around: Surroundings, events: TransportEvents) {
    this.owner = owner
    this.around = around
    this.events = events
  }

  /** Both ends see the link end. */
  cut(link: LinkId): void {
    this.inner?.close(link, 'cut')
    this.links.delete(link)
    this.awake(() => this.events.linkDown(link, 'cut'))
  }

  // ------------------------------------------------------------------ what the network tells

  linkUp(...[link, ...facts]: Parameters<TransportEvents['linkUp']>): void {
    this.links.add(link)
    this.awake(() => this.events.linkUp(link, ...facts))
  }

  linkDown(link: LinkId, reason: string): void {
    this.links.delete(link)
    this.awake(() => this.events.linkDown(link, reason))
  }

  message(link: LinkId, received: Uint8Array): void {
    const { plan, random, scheduler, story } = this.around
    const bytes = story.chronicle?.arrived(this.owner.name, received) ?? received
    const slownessMs = plan.slownessMs + this.owner.dragMs
    if (slownessMs === 0 || this.owner.isCalm) return this.awake(() => this.events.message(link, bytes))
    const lateMs = this.within('slow', () => random.real() * slownessMs)
    this.lastArrival = Math.max(this.lastArrival, scheduler.now() + lateMs)
    scheduler.at(this.lastArrival, () => this.awake(() => this.events.message(link, bytes)))
  }

  alone(): void {
    this.awake(() => this.events.alone())
  }

  signal(to: ReplicaId, bytes: Uint8Array): void {
    this.ownSignals++
    this.awake(() => this.events.signal(to, bytes))
  }

  dialFailed(peer: ReplicaId, reason: string): void {
    this.awake(() => this.events.dialFailed(peer, reason))
  }

  rendezvous(reachable: boolean, reason?: string): void {
    this.awake(() => this.events.rendezvous(reachable, reason))
  }

  private awake(task: () => void): void {
    this.owner.wakefulness.run(task)
  }

  /** Each device has contexts of its own. */
  private within<T>(sign: string, task: () => T): T {
    return this.around.choices.within(`${this.owner.key}${sign}`, task)
  }

  // ------------------------------------------------------------------ what the replica orders

  seek(): void {
    this.within('way', () => this.inner?.seek())
  }

  greet(lineage: string | null): void {
    this.within('way', () => this.inner?.greet(lineage))
  }

  dial(peer: ReplicaId): void {
    this.within('way', () => this.inner?.dial(peer))
  }

  signalReceived(from: ReplicaId, bytes: Uint8Array): void {
    this.within('way', () => this.inner?.signalReceived(from, bytes))
  }

  send(link: LinkId, bytes: Uint8Array, lane: Lane): void {
    const type = bytes[1] ?? 0
    this.within(`m${type}`, () => this.sendNow(link, type, bytes, lane))
  }

  private sendNow(link: LinkId, type: number, bytes: Uint8Array, lane: Lane): void {
    const { coverage, story, random, scheduler, choices } = this.around
    story.sent(bytes)
    this.around.onSent(type)
    this.count(link, type, bytes)
    const { isCalm } = this.owner
    const mangled = isCalm ? undefined : this.ills.mangled(link, bytes)
    if (mangled) coverage.fault('messages mangled')
    const passed = mangled ?? bytes
    const sent = story.chronicle?.sent(this.owner.name, type, passed) ?? passed
    const { context } = choices
    const pass = () => {
      if (!this.gone.has(link)) choices.within(context, () => this.inner?.send(link, sent, lane))
    }
    if (isCalm) return pass()
    if (this.ills.breaks(link)) {
      coverage.fault('links lost within a message')
      story.chronicle?.swallowed(sent)
      story.tell(this.owner.name, `loses its link ${link} within a message`, { kind: 'loses link', link })
      scheduler.at(scheduler.now(), () => this.cut(link))
      return
    }
    const meddling = this.around.plan.meddling.get(type) ?? UNTOUCHED
    if (this.muted.has(link) || random.chance(meddling.lossRate)) {
      story.chronicle?.swallowed(sent)
      return coverage.fault('messages lost')
    }
    if (random.chance(meddling.echoRate)) {
      coverage.fault('messages echoed late')
      scheduler.at(scheduler.now() + random.real() * meddling.echoMs, pass)
    }
    if (random.chance(meddling.holdRate)) {
      coverage.fault('messages held back')
      scheduler.at(scheduler.now() + random.real() * meddling.holdMs, pass)
      return
    }
    const leavesAt = this.ills.leavesAt(link, bytes.length, scheduler.now())
    if (leavesAt === undefined) pass()
    else scheduler.at(leavesAt, pass)
  }

  close(link: LinkId, reason: string): void {
    this.gone.add(link)
    this.links.delete(link)
    this.within('way', () => this.inner?.close(link, reason))
  }

  destroy(): void {
    this.within('way', () => this.inner?.destroy())
    this.links.clear()
  }

  private count(link: LinkId, type: number, bytes: Uint8Array): void {
    const { coverage } = this.around
    if (type === MESSAGE.prune) coverage.met('prune')
    else if (type === MESSAGE.graft) coverage.met('graft')
    else if (type === MESSAGE.sync) coverage.met('anti-entropy')
    else if (type === MESSAGE.relay && --this.ownSignals < 0) {
      this.ownSignals = 0
      coverage.met('relayed through a member')
    } else if (type === MESSAGE.no) {
      const isLate = new TextDecoder().decode(bytes).endsWith('this welcome has lapsed')
      if (isLate) coverage.met('late acknowledgement refused')
    } else if (type === MESSAGE.go) {
      const sent = (this.goes.get(link) ?? 0) + 1
      this.goes.set(link, sent)
      if (sent > 1) coverage.met('go repeated')
    }
  }
}
