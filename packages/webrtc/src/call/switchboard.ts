/**
 * All calls under way over one carrier: the signaling server, or members that pass negotiation on.
 *
 * Invariants: at most one call per address; what belongs to another call than the present one is ignored; if two
 * sides call each other at once, the call of the smaller replica id is kept by both. The carrier may lose,
 * repeat and reorder.
 */
import type { ReplicaId } from '@tidemark/core'
import * as random from 'lib0/random'
import type { PeerChannel, PeerSignal } from '../link/peer-channel.js'
import type { LinkIdentity } from '../secret/proof.js'
import type { Proof } from '../secret/proving.js'
import type { RoomSecret } from '../secret/room-keys.js'
import { Call, type Fault } from './call.js'
import { decodeNegotiation, encodeEnd, type Negotiation } from './negotiation.js'

export interface SwitchboardOptions {
  readonly self: ReplicaId
  readonly connectTimeoutMs: number
  /** Null where the room has no password. */
  readonly secret: RoomSecret | null
  /** Null where members have no identities. */
  readonly identity: LinkIdentity | null
  /** Throws where there is no WebRTC. */
  readonly createChannel: (isCaller: boolean) => PeerChannel
  readonly transmit: (address: string, text: string) => void
  /** Why calls are not answered now; null if they are. */
  readonly refuses: (address: string, from: ReplicaId) => string | null
  readonly connected: (address: string, channel: PeerChannel, peer: ReplicaId | undefined) => void
  /** Of calls that this side placed, or wanted too. */
  readonly failed: (address: string, reason: string, fault: Fault) => void
  /** A call is over that nobody on this side waits for. */
  readonly ended?: () => void
  /** The other end of this connection did not prove that it knows the password, or who it is. */
  readonly unproven: (channel: PeerChannel, reason: string, lacks: Proof) => void
}

/** Opening many connections at once slows all of them down, and some implementations break. */
const maxAnswering = 16

/** Told to whom is not answered because of that, and understood by it. */
const BUSY = 'busy'

/** How many ended calls are remembered, so that stragglers do not start them again. */
const maxEnded = 128

/** Candidates that overtook their offer wait for it: so many calls, and signals of each. */
const maxEarlyCalls = 16
const maxEarlySignals = 64

export class Switchboard {
  readonly #options: SwitchboardOptions
  readonly #calls = new Map<string, Call>()
  readonly #ended = new Set<string>()
  readonly #early = new Map<string, PeerSignal[]>()

  constructor(options: SwitchboardOptions) {
    this.#options = options
  }

  /** How many calls are under way. */
  get size(): number {
    return this.#calls.size
  }

  has(address: string): boolean {
    return this.#calls.has(address)
  }

  /** Ends in `connected` or `failed`. If a call with that address is under way already, it is that one. */
  place(address: string): void {
    const present = this.#calls.get(address)
    if (present !== undefined) present.isWanted = true
    else this.#open(address, random.uuidv4(), true, true)
  }

  /** Negotiation from `address`. */
  receive(address: string, text: string): void {
    const negotiation = decodeNegotiation(text)
    if (negotiation === null || this.#ended.has(negotiation.call)) return
    // Our own words, sent back to us (rule AC3).
    if (negotiation.from === this.#options.self) return
    const present = this.#calls.get(address)
    if (negotiation.end !== undefined) this.#endedByPeer(present, negotiation, negotiation.end)
    else if (present?.id === negotiation.call) present.take(negotiation.signals)
    else if (!negotiation.signals.some((signal) => signal.type === 'offer'))
      this.#keepEarly(address, negotiation)
    else if (this.#keepsOwn(present, negotiation.from)) this.#remember(negotiation.call)
    else this.#answer(address, present, negotiation)
  }

  /** The carrier did not take a message to `address`: fatal, unless that is there and all descriptions went over. */
  fail(address: string, reason: string, isGone: boolean): void {
    const call = this.#calls.get(address)
    if (isGone || call?.hasDescription === false) call?.fail(reason, isGone ? 'peer' : 'carrier')
  }

  /** The carrier is gone. Calls that have both descriptions may still succeed without it. */
  failUnanswered(reason: string): void {
    for (const call of [...this.#calls.values()]) if (!call.hasDescription) call.fail(reason, 'carrier')
  }

  destroy(): void {
    for (const call of this.#calls.values()) call.drop()
    this.#calls.clear()
  }

  /** In a glare the smaller replica id's call stands. Otherwise a newer call replaces an older one. */
  #keepsOwn(present: Call | undefined, from: ReplicaId): boolean {
    return present?.isCaller === true && this.#options.self < from
  }

  #answer(address: string, present: Call | undefined, negotiation: Negotiation): void {
    const refusal = this.#options.refuses(address, negotiation.from) ?? (present ? null : this.#busy())
    if (refusal !== null) {
      this.#remember(negotiation.call)
      this.#options.transmit(address, encodeEnd(negotiation.call, this.#options.self, refusal))
      return
    }
    if (present !== undefined) this.#forget(present)
    const early = this.#takeEarly(address, negotiation.call)
    const call = this.#open(address, negotiation.call, false, present?.isWanted === true)
    call?.take([...negotiation.signals, ...early])
  }

  #busy(): string | null {
    const answering = [...this.#calls.values()].filter((call) => !call.isCaller).length
    return answering < maxAnswering ? null : BUSY
  }

  #open(address: string, id: string, isCaller: boolean, isWanted: boolean): Call | null {
    const { self, connectTimeoutMs, secret, identity, createChannel, transmit, unproven } = this.#options
    let channel: PeerChannel
    try {
      channel = createChannel(isCaller)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#remember(id)
      if (!isCaller) transmit(address, encodeEnd(id, self, reason))
      if (isWanted) this.#options.failed(address, reason, 'peer')
      return null
    }
    const call: Call = new Call({
      id,
      address,
      self,
      isCaller,
      isWanted,
      channel,
      connectTimeoutMs,
      secret,
      identity,
      transmit: (text) => transmit(address, text),
      connected: (open, peer) => {
        this.#remove(call)
        this.#options.connected(address, open, peer)
      },
      failed: (reason, fault) => {
        this.#remove(call)
        this.#tellEnd(call, reason, fault)
      },
      unproven,
    })
    this.#calls.set(address, call)
    return call
  }

  #endedByPeer(present: Call | undefined, negotiation: Negotiation, reason: string): void {
    this.#remember(negotiation.call)
    if (present?.id !== negotiation.call) return
    this.#forget(present)
    this.#tellEnd(present, `ended by the other side: ${reason}`, reason === BUSY ? 'busy' : 'peer')
  }

  #tellEnd({ address, isWanted }: Call, reason: string, fault: Fault): void {
    if (isWanted) this.#options.failed(address, reason, fault)
    else this.#options.ended?.()
  }

  #forget(call: Call): void {
    call.drop()
    this.#remove(call)
  }

  #remove(call: Call): void {
    this.#remember(call.id)
    if (this.#calls.get(call.address) === call) this.#calls.delete(call.address)
  }

  #remember(id: string): void {
    this.#ended.add(id)
    trim(this.#ended, maxEnded)
  }

  #keepEarly(address: string, { call, signals }: Negotiation): void {
    const key = `${address} ${call}`
    const candidates = signals.filter((signal) => signal.type === 'candidate')
    const kept = [...(this.#early.get(key) ?? []), ...candidates]
    this.#early.set(key, kept.slice(0, maxEarlySignals))
    trim(this.#early, maxEarlyCalls)
  }

  #takeEarly(address: string, call: string): PeerSignal[] {
    const key = `${address} ${call}`
    const kept = this.#early.get(key) ?? []
    this.#early.delete(key)
    return kept
  }
}

/** Drops the oldest entries beyond `max`. */
function trim(entries: Set<string> | Map<string, unknown>, max: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= max) return
    entries.delete(oldest)
  }
}
