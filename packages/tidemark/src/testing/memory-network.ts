/**
 * A network within one process: the same Transport contract as WebRTC, with faults on demand. Deterministic for
 * a given seed and scheduler; with the default scheduler it runs in real time.
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
import * as prng from 'lib0/prng'
import { realScheduler } from '../real-scheduler.js'
import { Rendezvous } from './rendezvous.js'

export interface MemoryNetworkOptions {
  readonly seed?: number
  /** One way, default 1. */
  readonly latencyMs?: number
  /** Added to the latency of each message, evenly distributed from 0; links keep their order all the same. */
  readonly jitterMs?: number
  /** Share of messages that never arrive, 0 to 1. */
  readonly lossRate?: number
  /** Share of messages that arrive twice. */
  readonly duplicateRate?: number
  /** Share of messages that may be overtaken by later ones. */
  readonly reorderRate?: number
  readonly scheduler?: Scheduler
}

/** Where transports meet. Make one transport for each provider. */
export class MemoryNetwork {
  faults: Required<Omit<MemoryNetworkOptions, 'seed' | 'scheduler'>>
  readonly scheduler: Scheduler
  readonly rendezvous = new Rendezvous<MemorySession>()
  /** Sessions by the replica they serve: what an offer would carry. */
  readonly addresses = new Map<ReplicaId, MemorySession>()
  private readonly generator: prng.PRNG
  private readonly sides = new Map<MemoryTransport, number>()
  private isOpen = true

  constructor(options: MemoryNetworkOptions = {}) {
    const { seed = 1, scheduler = realScheduler, ...faults } = options
    this.generator = prng.create(seed)
    this.scheduler = scheduler
    this.faults = { latencyMs: 1, jitterMs: 0, lossRate: 0, duplicateRate: 0, reorderRate: 0, ...faults }
  }

  transport(): MemoryTransport {
    return new MemoryTransport(this)
  }

  /** From now on nothing passes between the groups, in silence. Who is in no group is cut off from all of them. */
  partition(...groups: readonly MemoryTransport[][]): void {
    this.sides.clear()
    groups.forEach((group, side) => {
      for (const transport of group) this.sides.set(transport, side)
    })
  }

  heal(): void {
    this.sides.clear()
  }

  /** The process behind a transport dies: nobody is told, nothing more comes out of it. */
  crash(transport: MemoryTransport): void {
    transport.crash()
  }

  /** The process starts again: nothing of before is left in the network, and new sessions can be opened. */
  restart(transport: MemoryTransport): void {
    transport.restart()
  }

  /** The rendezvous goes down and comes back knowing nothing, like a signaling server. */
  setRendezvous(isOpen: boolean): void {
    this.isOpen = isOpen
    if (!isOpen) this.rendezvous.clear()
  }

  get isRendezvousOpen(): boolean {
    return this.isOpen
  }

  canPass(from: MemoryTransport, to: MemoryTransport): boolean {
    return from.isAlive && to.isAlive && this.sides.get(from) === this.sides.get(to)
  }

  random(): number {
    return prng.real53(this.generator)
  }

  /** Whether a message meets with this fault. */
  strikes(rate: 'lossRate' | 'duplicateRate' | 'reorderRate'): boolean {
    return this.random() < this.faults[rate]
  }

  delay(): number {
    return this.faults.latencyMs + this.random() * this.faults.jitterMs
  }

  /** @returns a function that cancels it. */
  later(ms: number, task: () => void): () => void {
    return this.scheduler.at(this.scheduler.now() + ms, task)
  }
}

export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  return new MemoryNetwork(options)
}

/** How long a seeker waits before it asks again. */
const RETRY_MS = 300
/** How long a dial may take. */
const DIAL_TIMEOUT_MS = 5000

export class MemoryTransport implements Transport {
  readonly network: MemoryNetwork
  private readonly sessions = new Set<MemorySession>()
  private alive = true

  constructor(network: MemoryNetwork) {
    this.network = network
  }

  get isAlive(): boolean {
    return this.alive
  }

  open(room: string, self: ReplicaId, events: TransportEvents): TransportSession {
    const session = new MemorySession(this, room, self, events)
    this.sessions.add(session)
    // What is left of a dead process may still run in this one; it reaches nobody.
    if (!this.alive) session.vanish()
    return session
  }

  /** Called by a session that ends. */
  closed(session: MemorySession): void {
    this.sessions.delete(session)
  }

  restart(): void {
    this.alive = true
  }

  crash(): void {
    this.alive = false
    for (const session of [...this.sessions]) session.vanish()
  }
}

interface End {
  readonly session: MemorySession
  readonly id: LinkId
  /** It came of this session's `seek`. */
  readonly isFound: boolean
  other: End | undefined
  /** When the last message sent from here arrives: the next one not before that. */
  arrival: number
  /** What to do if the link is lost before it was up here; undefined once it is up. */
  fails: (() => void) | undefined
}

class MemorySession implements TransportSession {
  readonly transport: MemoryTransport
  readonly self: ReplicaId
  private readonly network: MemoryNetwork
  private readonly room: string
  private readonly events: TransportEvents
  private readonly ends = new Map<LinkId, End>()
  private readonly dials = new Set<ReplicaId>()
  /** Cancel what this session still has in mind; what is under way to others arrives all the same. */
  private readonly timers = new Set<() => void>()
  private links = 0
  private isSeeking = false
  private lineage: string | null = null
  private isOver = false

  constructor(transport: MemoryTransport, room: string, self: ReplicaId, events: TransportEvents) {
    this.transport = transport
    this.network = transport.network
    this.room = room
    this.self = self
    this.events = events
    this.network.addresses.set(self, this)
  }

  private later(ms: number, task: () => void): void {
    const cancel = this.network.later(ms, () => {
      this.timers.delete(cancel)
      task()
    })
    this.timers.add(cancel)
  }

  // ------------------------------------------------------------------ rendezvous

  seek(): void {
    if (this.isSeeking || this.isOver) return
    this.isSeeking = true
    this.later(this.network.delay(), () => this.ask())
  }

  private ask(): void {
    if (this.isOver || !this.isSeeking) return
    const { network } = this
    const again = () => this.later(RETRY_MS, () => this.ask())
    this.events.rendezvous(network.isRendezvousOpen, network.isRendezvousOpen ? undefined : 'unreachable')
    if (!network.isRendezvousOpen) return again()
    const answer = network.rendezvous.seek(this.room, this, (n) => Math.floor(network.random() * n))
    if ('found' in answer) {
      this.isSeeking = false
      return this.events.alone()
    }
    if ('wait' in answer || !this.connect(answer.peer, () => this.seek(), true)) return again()
    this.isSeeking = false
  }

  greet(lineage: string | null): void {
    this.lineage = lineage
    if (lineage === null) this.network.rendezvous.drop(this.room, this)
    else this.register()
  }

  /** Keeps standing at the rendezvous, also after it forgot everything. */
  private register(): void {
    if (this.isOver || this.lineage === null) return
    if (this.network.isRendezvousOpen) {
      const other = this.network.rendezvous.greet(this.room, this, this.lineage)
      if (other && !this.isLinkedTo(other)) this.connect(other, () => {})
    }
    this.later(10 * RETRY_MS, () => this.register())
  }

  private isLinkedTo(other: MemorySession): boolean {
    return [...this.ends.values()].some((end) => end.other?.session === other)
  }

  /**
   * @param fails called if the link is lost again before it is up at this end.
   * @returns false if the other one can not be reached.
   */
  private connect(other: MemorySession, fails: () => void, isFound = false): boolean {
    if (other.isOver || !this.network.canPass(this.transport, other.transport)) return false
    const a: End = { session: this, id: ++this.links, isFound, other: undefined, arrival: 0, fails }
    const b: End = {
      session: other,
      id: ++other.links,
      isFound: false,
      other: a,
      arrival: 0,
      fails: () => {},
    }
    a.other = b
    for (const end of [a, b]) {
      end.session.ends.set(end.id, end)
      end.session.later(this.network.delay(), () => end.session.linkUp(end))
    }
    return true
  }

  private linkUp(end: End): void {
    if (this.isOver || !this.ends.has(end.id) || !end.fails) return
    end.fails = undefined
    this.events.linkUp(end.id, undefined, end.isFound)
  }

  // ------------------------------------------------------------------ links negotiated through members

  dial(peer: ReplicaId): void {
    if (this.isOver) return
    this.dials.add(peer)
    this.later(DIAL_TIMEOUT_MS, () => this.failDial(peer))
    this.events.signal(peer, new TextEncoder().encode(JSON.stringify({ call: this.self })))
  }

  signalReceived(from: ReplicaId, bytes: Uint8Array): void {
    const message = readSignal(bytes)
    if (this.isOver || message === undefined) return
    if (message.call) {
      return this.events.signal(from, new TextEncoder().encode(JSON.stringify({ answer: this.self })))
    }
    if (!this.dials.delete(from)) return
    const other = this.network.addresses.get(from)
    if (!other || this.isLinkedTo(other)) return
    const fail = () => this.events.dialFailed(from, 'unreachable')
    if (!this.connect(other, fail)) fail()
  }

  private failDial(peer: ReplicaId): void {
    if (!this.isOver && this.dials.delete(peer)) this.events.dialFailed(peer, 'no answer')
  }

  // ------------------------------------------------------------------ messages

  send(link: LinkId, bytes: Uint8Array, _lane: Lane): void {
    const end = this.ends.get(link)
    if (!end || this.isOver) return
    if (this.network.strikes('lossRate')) return
    this.transmit(end, bytes)
    if (this.network.strikes('duplicateRate')) this.transmit(end, bytes)
  }

  private transmit(end: End, bytes: Uint8Array): void {
    const now = this.network.scheduler.now()
    const isLate = this.network.strikes('reorderRate')
    const time = now + this.network.delay() * (isLate ? 1 + 4 * this.network.random() : 1)
    const arrival = isLate ? time : Math.max(time, end.arrival)
    if (!isLate) end.arrival = arrival
    this.network.scheduler.at(arrival, () => end.other?.session.receive(end.other, bytes, this.transport))
  }

  private receive(end: End, bytes: Uint8Array, from: MemoryTransport): void {
    if (this.isOver || !this.ends.has(end.id) || !this.network.canPass(from, this.transport)) return
    // The other end may have been faster: no message comes before the link is up.
    this.linkUp(end)
    this.events.message(end.id, bytes.slice())
  }

  close(link: LinkId, reason: string): void {
    const end = this.ends.get(link)
    if (!end) return
    this.ends.delete(link)
    const { other } = end
    // What was sent before still arrives; the end of the link comes behind it.
    const time = Math.max(this.network.scheduler.now() + this.network.delay(), end.arrival)
    this.network.scheduler.at(time, () => {
      if (other && this.network.canPass(this.transport, other.session.transport))
        other.session.lost(other, reason)
    })
  }

  private lost(end: End, reason: string): void {
    if (this.isOver || !this.ends.delete(end.id)) return
    if (end.fails) end.fails()
    else this.events.linkDown(end.id, `closed by the other end: ${reason}`)
  }

  destroy(): void {
    if (this.isOver) return
    for (const link of [...this.ends.keys()]) this.close(link, 'destroyed')
    this.vanish()
  }

  /** Ends without telling anybody. */
  vanish(): void {
    this.isOver = true
    for (const cancel of this.timers) cancel()
    this.timers.clear()
    this.ends.clear()
    this.network.rendezvous.drop(this.room, this)
    this.network.addresses.delete(this.self)
    this.transport.closed(this)
  }
}

/** @returns undefined if it is none: it comes from another member, who may say anything. */
function readSignal(bytes: Uint8Array): { call?: ReplicaId; answer?: ReplicaId } | undefined {
  try {
    const message: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof message === 'object' && message !== null ? message : undefined
  } catch {
    return undefined
  }
}
