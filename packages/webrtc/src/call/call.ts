/**
 * One attempt to reach one address: a connection in the making. It ends exactly once, in `connected` (which hands
 * the channel over) or in `failed`; after `drop` in neither. In a room with a password both ends prove that they
 * know it before the connection is one; where members have identities, they prove who they are.
 */
import type { ReplicaId } from '@tidemark/core'
import type { PeerChannel, PeerSignal } from '../link/peer-channel.js'
import type { LinkIdentity } from '../secret/proof.js'
import { type Proof, Proving, subjects } from '../secret/proving.js'
import type { RoomSecret } from '../secret/room-keys.js'
import { encodeEnd, encodeSignals } from './negotiation.js'

/** What a call failed for: the other end, which is busy or whatever else; or the carrier between, which says nothing of it. */
export type Fault = 'peer' | 'busy' | 'carrier'

export interface CallOptions {
  readonly id: string
  /** Whom the carrier of the negotiation knows by this name. */
  readonly address: string
  readonly self: ReplicaId
  /** The caller makes the offer. */
  readonly isCaller: boolean
  /** Whether this side asked for the call, so that it must hear of its failure. */
  readonly isWanted: boolean
  readonly channel: PeerChannel
  readonly connectTimeoutMs: number
  /** Null where the room has no password. */
  readonly secret: RoomSecret | null
  /** Null where members have no identities. */
  readonly identity: LinkIdentity | null
  readonly transmit: (text: string) => void
  /** @param peer who has proved to be there, if members have identities. */
  readonly connected: (channel: PeerChannel, peer: ReplicaId | undefined) => void
  readonly failed: (reason: string, fault: Fault) => void
  /** After `failed`: the other end is connected, and does not prove what it has to. To be closed. */
  readonly unproven: (channel: PeerChannel, reason: string, lacks: Proof) => void
}

/** Candidates appear one by one within milliseconds; gathered, they cost one message instead of many. */
const gatherMs = 5

/** Of the time for the whole call: whoever is there answers at once, and whoever is not should not cost all of it. */
const answerShare = 1 / 3

/** Proving takes two messages each way, but pages are busy at times. */
const proofTimeoutMs = 5000

/** More than any machine has addresses; the rest is ignored. */
const maxTakenSignals = 256

export class Call {
  readonly id: string
  readonly address: string
  readonly isCaller: boolean
  isWanted: boolean
  readonly #options: CallOptions
  #deadline: ReturnType<typeof setTimeout>
  #unanswered: ReturnType<typeof setTimeout> | undefined
  #proving: Proving | null = null
  #outbox: PeerSignal[] = []
  #gathering: ReturnType<typeof setTimeout> | undefined
  #taken = 0
  #hasDescription = false
  #over = false

  constructor(options: CallOptions) {
    this.#options = options
    this.id = options.id
    this.address = options.address
    this.isCaller = options.isCaller
    this.isWanted = options.isWanted
    options.channel.onSignal = (signal) => this.#gather(signal)
    options.channel.onOpen = () => this.#opened()
    options.channel.onClose = (reason) => this.fail(reason)
    this.#deadline = setTimeout(() => this.fail('timed out'), options.connectTimeoutMs)
  }

  /** Whether the other side has answered or offered, so that the rest may go without the carrier. */
  get hasDescription(): boolean {
    return this.#hasDescription
  }

  /** Each side takes the one description that is due to it, once, and any candidate. */
  take(signals: readonly PeerSignal[]): void {
    const expected = this.isCaller ? 'answer' : 'offer'
    for (const signal of signals) {
      if (this.#over || this.#taken === maxTakenSignals) return
      this.#taken += 1
      if (signal.type !== 'candidate') {
        if (signal.type !== expected || this.#hasDescription) continue
        this.#hasDescription = true
        clearTimeout(this.#unanswered)
      }
      this.#options.channel.signal(signal)
    }
  }

  /** Gives up and says so to both sides. */
  fail(reason: string, fault: Fault = 'peer'): void {
    if (this.#over) return
    this.drop()
    this.#options.transmit(encodeEnd(this.id, this.#options.self, reason))
    this.#options.failed(reason, fault)
  }

  /** Ends it without a word: another call has taken its place, the other side ended it, or all is over. */
  drop(): void {
    if (this.#over) return
    this.#stop()
    this.#options.channel.destroy()
  }

  #gather(signal: PeerSignal): void {
    if (this.#over) return
    this.#outbox.push(signal)
    // The other side needs the description to begin at all; it looks for candidates of its own meanwhile.
    if (signal.type !== 'candidate') {
      this.#flush()
      this.#awaitAnswer()
      return
    }
    this.#gathering ??= setTimeout(() => this.#flush(), gatherMs)
  }

  /** From when the offer has left: making it takes a while, and is no fault of the other side. */
  #awaitAnswer(): void {
    const { isCaller, connectTimeoutMs } = this.#options
    if (!isCaller || this.#hasDescription || this.#over) return
    clearTimeout(this.#unanswered)
    this.#unanswered = setTimeout(() => this.fail('no answer came'), connectTimeoutMs * answerShare)
  }

  #flush(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    const signals = this.#outbox
    this.#outbox = []
    for (const text of encodeSignals(this.id, this.#options.self, signals)) this.#options.transmit(text)
  }

  #opened(): void {
    if (this.#over) return
    // The other side may lack the candidates that wait here: it can not be connected without any, but it may
    // still be choosing among them.
    clearTimeout(this.#gathering)
    clearTimeout(this.#unanswered)
    this.#flush()
    const { secret, identity, channel, isCaller } = this.#options
    if (secret === null && identity === null) return this.#connected([], undefined)
    const first: Proof = secret === null ? 'identity' : 'password'
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(
      () => this.#unproven(`no proof of ${subjects[first]} came`, first),
      proofTimeoutMs,
    )
    this.#proving = new Proving({
      secret,
      identity,
      call: this.id,
      isCaller,
      channel,
      proven: (early, peer) => this.#connected(early, peer),
      failed: (reason, lacks) => this.#unproven(reason, lacks),
    })
  }

  #unproven(reason: string, lacks: Proof): void {
    if (this.#over) return
    const { self, channel, transmit, failed, unproven } = this.#options
    this.#stop()
    transmit(encodeEnd(this.id, self, reason))
    failed(reason, 'peer')
    unproven(channel, reason, lacks)
  }

  #connected(early: readonly Uint8Array[], peer: ReplicaId | undefined): void {
    const { channel, connected } = this.#options
    this.#stop()
    connected(channel, peer)
    for (const chunk of early) channel.onChunk(chunk)
  }

  #stop(): void {
    this.#over = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#unanswered)
    clearTimeout(this.#gathering)
    this.#proving?.stop()
  }
}
