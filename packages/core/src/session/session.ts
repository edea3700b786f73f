/**
 * Runs replicas over a transport: feeds facts in, carries orders out, and starts a new identity when one is over.
 *
 * At any time there is one replica at most. Inputs are worked off one after the other; whatever an observer of
 * the application does while one is being worked off (typing, say) becomes an input of its own behind it.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Input, Milliseconds, News, Output, ReplicaConfig } from '../machine.js'
import { Replica } from '../replica/replica.js'
import type { Structure } from '../structure.js'
import type { Transport, TransportEvents, TransportSession } from '../transport.js'
import type { Scheduler } from './scheduler.js'

export interface SessionOptions {
  readonly room: string
  readonly transport: Transport
  readonly structure: Structure
  readonly scheduler: Scheduler
  /** A fresh id that nobody ever had: 4 to 32 characters of [A-Za-z0-9_-], at least 64 random bits. */
  readonly newReplicaId: () => ReplicaId
  /** 0 ≤ x < 1, for jitter only. */
  readonly random: () => number
  readonly config?: Partial<ReplicaConfig>
  readonly onNews: (news: News) => void
  /** Called after every input that was worked off: cheap state may have changed. */
  readonly onSettled?: () => void
  /** The transport's way to newcomers opened or closed. */
  readonly onRendezvous?: (reachable: boolean, reason?: string) => void
  /** The identity is over and another one follows. */
  readonly onRejoin?: (reason: string) => void
  /** A broken invariant. The replica is given up, another identity follows. */
  readonly onError: (error: Error) => void
}

/** What a link may still send after we left. */
const LINGER_MS = 1000
const FIRST_REJOIN_MS = 200
const LONGEST_REJOIN_MS = 10_000
/** Attempts remembered so that one that was let in unnoticed can be retired. */
const MAX_FORMER_IDS = 16

/** One identity: a replica and the transport session opened in its name. */
interface Incarnation {
  readonly replica: Replica
  readonly transport: TransportSession
  wasMember: boolean
}

export class Session {
  private readonly options: SessionOptions
  private readonly formerIds: ReplicaId[] = []
  private readonly queue: Input[] = []
  private readonly lingering = new Set<() => void>()
  private incarnation: Incarnation | undefined
  private isWorking = false
  private failures = 0
  private presence: Uint8Array | undefined
  private sent = 0
  private received = 0
  private cancelTimer = () => {}
  private cancelRejoin = () => {}

  constructor(options: SessionOptions) {
    this.options = options
  }

  /** The replica of the current identity, while there is one. */
  get replica(): Replica | undefined {
    return this.incarnation?.replica
  }

  get transport(): TransportSession | undefined {
    return this.incarnation?.transport
  }

  /** Bytes of all messages since the session was made. */
  get bytesSent(): number {
    return this.sent
  }

  get bytesReceived(): number {
    return this.received
  }

  start(): void {
    if (this.incarnation) return
    this.cancelRejoin()
    const { structure, newReplicaId, config } = this.options
    const id = newReplicaId()
    const replica = new Replica(id, structure, { ...config, formerIds: [...this.formerIds] })
    const transport = this.options.transport.open(this.options.room, id, this.eventsFor(id))
    this.incarnation = { replica, transport, wasMember: false }
    this.feed({ type: 'start' })
  }

  /** The structure has a local change. */
  localChange(): void {
    this.feed({ type: 'local-change' })
  }

  setPresence(bytes: Uint8Array): void {
    this.presence = bytes
    this.feed({ type: 'presence', bytes })
  }

  /**
   * Leaves politely; `start` may follow at any time.
   * @param lingerMs how long links may live on to carry the last words.
   */
  stop(lingerMs: Milliseconds = LINGER_MS): void {
    this.cancelRejoin()
    if (!this.incarnation) return
    this.feed({ type: 'leave' })
    this.retire(lingerMs)
  }

  /** As if the process had died: nobody is told. */
  crash(): void {
    this.cancelRejoin()
    this.retire(0)
  }

  /** Closes what still lingers from earlier identities. */
  closeLingering(): void {
    for (const close of [...this.lingering]) close()
  }

  // ------------------------------------------------------------------ inputs

  private eventsFor(id: ReplicaId): TransportEvents {
    const feed = (input: Input) => {
      if (this.incarnation?.replica.id === id) this.feed(input)
    }
    return {
      linkUp: (link) => feed({ type: 'link-up', link }),
      linkDown: (link, reason) => feed({ type: 'link-down', link, reason }),
      message: (link, bytes) => feed({ type: 'message', link, bytes }),
      alone: () => feed({ type: 'alone' }),
      signal: (to, bytes) => feed({ type: 'signal', to, bytes }),
      dialFailed: (peer, reason) => feed({ type: 'dial-failed', peer, reason }),
      rendezvous: (reachable, reason) => {
        if (this.incarnation?.replica.id === id) this.options.onRendezvous?.(reachable, reason)
      },
    }
  }

  private feed(input: Input): void {
    if (!this.incarnation) return
    this.queue.push(input)
    if (this.isWorking) return
    this.isWorking = true
    try {
      for (let next = this.queue.shift(); next && this.incarnation; next = this.queue.shift()) this.work(next)
    } finally {
      this.isWorking = false
    }
    this.options.onSettled?.()
  }

  private work(input: Input): void {
    const { incarnation } = this
    if (!incarnation) return
    if (input.type === 'message') this.received += input.bytes.length
    let outputs: Output[]
    try {
      outputs = incarnation.replica.handle(input, this.options.scheduler.now())
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error(String(error)))
      this.rejoin('an invariant was broken')
      return
    }
    for (const output of outputs) this.carryOut(output, incarnation)
  }

  // ------------------------------------------------------------------ outputs

  private carryOut(output: Output, incarnation: Incarnation): void {
    const { transport } = incarnation
    switch (output.type) {
      case 'send':
        this.sent += output.bytes.length
        return transport.send(output.link, output.bytes, output.lane)
      case 'close':
        return transport.close(output.link, output.reason)
      case 'seek':
        return transport.seek()
      case 'greet':
        return transport.greet(output.lineage)
      case 'dial':
        return transport.dial(output.peer)
      case 'signal':
        return transport.signalReceived(output.from, output.bytes)
      case 'timer':
        return this.setTimer(output.at)
      case 'rejoin':
        return this.rejoin(output.reason)
      default:
        if (output.type === 'joined') this.joined(incarnation)
        return this.options.onNews(output)
    }
  }

  private joined(incarnation: Incarnation): void {
    incarnation.wasMember = true
    this.failures = 0
    if (this.presence) this.queue.push({ type: 'presence', bytes: this.presence })
  }

  private setTimer(at: Milliseconds | null): void {
    this.cancelTimer()
    this.cancelTimer =
      at === null ? () => {} : this.options.scheduler.at(at, () => this.feed({ type: 'timer' }))
  }

  /** Starts over under a new id, later and later while it keeps failing, never all at the same moment. */
  private rejoin(reason: string): void {
    this.retire(LINGER_MS)
    this.options.onRejoin?.(reason)
    const { scheduler, random } = this.options
    const delay = Math.min(FIRST_REJOIN_MS * 2 ** this.failures++, LONGEST_REJOIN_MS) * (0.5 + random())
    this.cancelRejoin = scheduler.at(scheduler.now() + delay, () => this.start())
  }

  private retire(lingerMs: Milliseconds): void {
    const { incarnation } = this
    if (!incarnation) return
    this.incarnation = undefined
    this.queue.length = 0
    this.setTimer(null)
    if (!incarnation.wasMember) this.remember(incarnation.replica.id)
    const { scheduler } = this.options
    const close = () => {
      cancel()
      this.lingering.delete(close)
      incarnation.transport.destroy()
    }
    const cancel = lingerMs > 0 ? scheduler.at(scheduler.now() + lingerMs, close) : () => {}
    this.lingering.add(close)
    if (lingerMs === 0) close()
  }

  private remember(id: ReplicaId): void {
    this.formerIds.push(id)
    if (this.formerIds.length > MAX_FORMER_IDS) this.formerIds.shift()
  }
}
