/**
 * Runs replicas over a transport: feeds facts in, carries orders out, and starts a new identity when one is over.
 *
 * At any time there is one replica at most. Inputs are worked off one after the other; whatever an observer of
 * the application does while one is being worked off (typing, say) becomes an input of its own behind it.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Signatures } from '../identity/signatures.js'
import type { FormerBase, Input, Milliseconds, News, Notice, Output, ReplicaConfig } from '../machine.js'
import { Replica } from '../replica/replica.js'
import type { Structure } from '../structure.js'
import type { Transport, TransportEvents, TransportSession } from '../transport.js'
import type { Scheduler } from './scheduler.js'

export interface SessionOptions {
  readonly room: string
  readonly transport: Transport
  readonly structure: Structure
  readonly scheduler: Scheduler
  /** A fresh id that nobody ever had: 4 to 43 characters of [A-Za-z0-9_-], at least 64 random bits. */
  readonly newReplicaId: () => ReplicaId
  /** The signatures of such an id, if the members of the room sign what they say (rule ID1). */
  readonly signaturesOf?: ((id: ReplicaId) => Signatures) | undefined
  /** 0 ≤ x < 1, for jitter only. */
  readonly random: () => number
  readonly config?: Partial<ReplicaConfig>
  /** Ids of earlier processes of this device that may still count as members. Asked for at every beginning of an identity. */
  readonly retiredIds?: readonly ReplicaId[]
  /** The base that the structure was at in an earlier process. Asked for like the above. */
  readonly formerBase?: FormerBase | undefined
  readonly onNews: (news: News) => void
  /** An identity begins; nothing has happened to it yet. */
  readonly onIdentity?: (replica: Replica) => void
  /** Called after every input that was worked off: cheap state may have changed. */
  readonly onSettled?: () => void
  /** The transport's way to newcomers opened or closed. */
  readonly onRendezvous?: (reachable: boolean, reason?: string) => void
  /** The identity is over and another one follows. */
  readonly onRejoin?: (reason: string) => void
  /** A broken invariant. The replica is given up, another identity follows. */
  readonly onError: (error: Error) => void
  /** One of the functions above threw: the application's fault, which must not become the room's. Without it: thrown on. */
  readonly onListenerError?: (error: unknown) => void
}

/** What a link may still send after we left. */
const LINGER_MS = 1000
const FIRST_REJOIN_MS = 200
const LONGEST_REJOIN_MS = 10_000
/** So often a sponsor may send us to another one, because it can not place what we bring. */
const PATIENT_ATTEMPTS = 5
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
  private readonly withdrawals = new Map<ReplicaId, Uint8Array>()
  /** Of identities that died in this process. */
  private readonly retiredIds: ReplicaId[] = []
  private formerBase: FormerBase | undefined
  private formerLineage = ''
  private notice: Notice | undefined
  /** The next identity founds the room anew (rule LI8). */
  private founds = false
  private readonly queue: Input[] = []
  private incarnation: Incarnation | undefined
  private isWorking = false
  /** Whether the application wants to be in the room. */
  private isWanted = false
  /** The next identity waits for its time. */
  private isRejoining = false
  /** The present identity is to leave as soon as the input at hand is worked off. */
  private farewell: { readonly lingerMs: Milliseconds } | undefined
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

  /** Looks for the room. May be called at any moment, from within a listener, too. */
  start(): void {
    this.isWanted = true
    this.cancelRejoin()
    this.workOff()
  }

  /** The structure has a local change. */
  localChange(): void {
    this.feed({ type: 'local-change' })
  }

  /** Asks for a cut of everything so far. Carried out as soon as the room allows one. */
  compact(): void {
    this.feed({ type: 'compact' })
  }

  /** A member is known to be gone: it need not be waited for. */
  accuse(replica: ReplicaId): void {
    this.feed({ type: 'accuse', replica })
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
    this.isWanted = false
    this.cancelRejoin()
    if (this.incarnation) this.farewell = { lingerMs }
    this.workOff()
  }

  /** As if the process had died: nobody is told. */
  crash(): void {
    this.isWanted = false
    this.cancelRejoin()
    this.noteDeath()
    this.retire(0)
  }

  // ------------------------------------------------------------------ inputs

  private eventsFor(id: ReplicaId): TransportEvents {
    const feed = (input: Input) => {
      if (this.incarnation?.replica.id === id) this.feed(input)
    }
    return {
      linkUp: (link, peer, isFound = false) =>
        feed({ type: 'link-up', link, ...(peer !== undefined && { peer }), isFound }),
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
    if (!this.incarnation || this.farewell) return
    this.queue.push(input)
    this.workOff()
  }

  /** Works off whatever is due. Called from within, it leaves the work to the call that is at it. */
  private workOff(): void {
    if (this.isWorking) return
    this.isWorking = true
    try {
      while (this.workOn());
    } finally {
      this.isWorking = false
    }
    this.guard(() => this.options.onSettled?.())
  }

  /** One step. @returns whether there may be another one. */
  private workOn(): boolean {
    if (this.farewell) this.leave(this.farewell.lingerMs)
    else if (this.incarnation) {
      const input = this.queue.shift()
      if (!input) return false
      this.work(input)
    } else if (this.isWanted && !this.isRejoining) this.open()
    else return false
    return true
  }

  private open(): void {
    const { structure, newReplicaId, config, room, retiredIds = [] } = this.options
    const id = newReplicaId()
    const formerBase = this.formerBase ?? this.options.formerBase
    const insists = this.failures >= PATIENT_ATTEMPTS
    const { formerLineage, founds, notice } = this
    this.founds = false
    const ids = { formerIds: [...this.formerIds], retiredIds: [...retiredIds, ...this.retiredIds] }
    const signatures = this.options.signaturesOf?.(id)
    const withdrawals = new Map(this.withdrawals)
    const former = { formerBase, formerLineage, ...ids, withdrawals, insists, founds, notice }
    const replica = new Replica(id, structure, { ...config, ...former, signatures })
    const transport = this.options.transport.open(room, id, this.eventsFor(id), signatures)
    this.incarnation = { replica, transport, wasMember: false }
    this.guard(() => this.options.onIdentity?.(replica))
    this.queue.push({ type: 'start' })
  }

  private leave(lingerMs: Milliseconds): void {
    this.farewell = undefined
    this.queue.length = 0
    this.work({ type: 'leave' })
    this.retire(lingerMs)
  }

  private work(input: Input): void {
    const { incarnation } = this
    if (!incarnation) return
    if (input.type === 'message') this.received += input.bytes.length
    const news: News[] = []
    // Orders first: whatever a listener does, the protocol has had its way.
    const order = (outputs: readonly Output[]) => {
      for (const output of outputs) if (!this.carryOut(output, incarnation)) news.push(output as News)
    }
    let outputs: Output[]
    try {
      outputs = incarnation.replica.handle(input, this.options.scheduler.now(), order)
    } catch (error) {
      this.guard(() => this.options.onError(error instanceof Error ? error : new Error(String(error))))
      this.noteDeath()
      this.rejoin(incarnation, 'an invariant was broken')
      return
    }
    order(outputs)
    for (const item of news) this.guard(() => this.options.onNews(item))
  }

  // ------------------------------------------------------------------ outputs

  /** @returns false if it is no order but news. */
  private carryOut(output: Output, incarnation: Incarnation): boolean {
    const { transport } = incarnation
    switch (output.type) {
      case 'send':
        this.sent += output.bytes.length
        transport.send(output.link, output.bytes, output.lane)
        return true
      case 'close':
        transport.close(output.link, output.reason)
        return true
      case 'seek':
        transport.seek()
        return true
      case 'greet':
        transport.greet(output.lineage)
        return true
      case 'dial':
        transport.dial(output.peer)
        return true
      case 'signal':
        transport.signalReceived(output.from, output.bytes)
        return true
      case 'timer':
        this.setTimer(output.at)
        return true
      case 'rejoin':
        if (output.isDead) this.noteDeath()
        this.rejoin(incarnation, output.reason)
        return true
      case 'fork':
        this.founds = true
        this.rejoin(incarnation, output.reason)
        return true
      case 'joined':
        this.joined(incarnation)
        return false
      default:
        return false
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
  private rejoin(incarnation: Incarnation, reason: string): void {
    if (incarnation !== this.incarnation) return
    this.retire(LINGER_MS)
    const { scheduler, random, onRejoin } = this.options
    const delay = Math.min(FIRST_REJOIN_MS * 2 ** this.failures++, LONGEST_REJOIN_MS) * (0.5 + random())
    this.isRejoining = true
    const cancel = scheduler.at(scheduler.now() + delay, () => {
      this.isRejoining = false
      this.workOff()
    })
    this.cancelRejoin = () => {
      this.isRejoining = false
      cancel()
    }
    this.guard(() => onRejoin?.(reason))
  }

  private retire(lingerMs: Milliseconds): void {
    const { incarnation } = this
    if (!incarnation) return
    this.incarnation = undefined
    this.farewell = undefined
    this.queue.length = 0
    this.setTimer(null)
    incarnation.replica.abandon()
    if (incarnation.wasMember) {
      this.formerBase = incarnation.replica.lastBase
      this.formerLineage = incarnation.replica.room.lineage
      this.notice = incarnation.replica.notice ?? this.notice
    }
    if (!incarnation.wasMember) this.remember(incarnation.replica)
    const { scheduler } = this.options
    if (lingerMs === 0) incarnation.transport.destroy()
    else scheduler.at(scheduler.now() + lingerMs, () => incarnation.transport.destroy())
  }

  /** It has not left: nobody is told, but our next identity knows. */
  private noteDeath(): void {
    if (this.incarnation?.wasMember) this.retiredIds.push(this.incarnation.replica.id)
    if (this.retiredIds.length > MAX_FORMER_IDS) this.retiredIds.shift()
  }

  private remember({ id, withdrawal }: Replica): void {
    this.formerIds.push(id)
    if (withdrawal !== undefined) this.withdrawals.set(id, withdrawal)
    if (this.formerIds.length <= MAX_FORMER_IDS) return
    this.withdrawals.delete(this.formerIds.shift() ?? '')
  }

  /** Calls into the application. What it throws is told to it, and ends there. */
  private guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      if (!this.options.onListenerError) throw error
      this.options.onListenerError(error)
    }
  }
}
