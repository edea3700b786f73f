/**
 * The way between a room and its newcomers: a signaling server, used for seeking, greeting and the calls that
 * come of them, and for nothing else. The connection to it exists only while one of these is going on.
 */
import type { ReplicaId } from '@tidemark/core'
import type { Fault } from '../call/call.js'
import { Switchboard } from '../call/switchboard.js'
import type { PeerChannel } from '../link/peer-channel.js'
import type { SecretMismatch } from '../secret/mismatch.js'
import { Post } from '../secret/post.js'
import type { LinkIdentity } from '../secret/proof.js'
import type { Proof } from '../secret/proving.js'
import type { RoomSecret } from '../secret/room-keys.js'
import { readSeekAnswer } from './answer.js'
import { Backoff } from './backoff.js'
import { Seeker } from './seeker.js'
import { SignalingClient, type SignalingClientOptions } from './signaling-client.js'

export interface RendezvousOptions
  extends Pick<SignalingClientOptions, 'servers' | 'token' | 'loadSocketFactory'> {
  readonly room: string
  readonly self: ReplicaId
  readonly connectTimeoutMs: number
  readonly secret: RoomSecret | null
  readonly identity: LinkIdentity | null
  readonly createChannel: (isCaller: boolean) => PeerChannel
  readonly connected: (channel: PeerChannel, peer: ReplicaId | undefined, isFound: boolean) => void
  readonly alone: () => void
  readonly reachable: (isReachable: boolean, reason?: string) => void
  readonly mismatch: (mismatch: SecretMismatch) => void
  readonly unproven: (channel: PeerChannel, reason: string, lacks: Proof) => void
}

/**
 * So long others are called instead of a member after a call to it that failed: it may be back, or have found the time, after
 * this. Where it is the only one it is called again earlier.
 */
const avoidMs = { peer: 60_000, busy: 2000, carrier: 0 } as const satisfies Record<Fault, number>

export class Rendezvous {
  readonly #options: RendezvousOptions
  readonly #client: SignalingClient
  readonly #seeker: Seeker
  readonly #calls: Switchboard
  readonly #post: Post
  readonly #greetBackoff = new Backoff(500, 10_000)
  /** Greeters of another lineage are left alone after a call for as long as one may take, however it ended. */
  readonly #calledElsewhereMs = new Map<string, number>()
  /** While the server knows of another lineage. Never shorter than a call to one of its greeters may take. */
  readonly #meetBackoff: Backoff
  #lineage: string | null = null
  #isRegistered = false
  /** Of another lineage, since we have greeted. */
  #hasHeardOfOthers = false
  #greetTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: RendezvousOptions) {
    this.#options = options
    const { servers, token, loadSocketFactory, self, connectTimeoutMs } = options
    this.#meetBackoff = new Backoff(2 * connectTimeoutMs, 20 * connectTimeoutMs)
    const { secret, identity, createChannel, mismatch } = options
    this.#client = new SignalingClient({
      servers,
      token,
      loadSocketFactory,
      connected: () => this.#connected(),
      unreachable: (reason) => this.#unreachable(reason),
      event: (name, body) => this.#event(name, body),
    })
    this.#seeker = new Seeker({
      canAsk: () => this.#client.isConnected,
      isGreeting: () => this.#lineage !== null,
      ask: async (not) => readSeekAnswer(await this.#request('seek', { not })),
      call: (peer) => this.#call(peer),
      alone: () => {
        this.#settle()
        options.alone()
      },
      refused: (reason) => options.reachable(false, reason),
    })
    this.#calls = new Switchboard({
      self,
      connectTimeoutMs,
      secret,
      identity,
      createChannel,
      transmit: (address, text) => this.#post.send(address, text),
      refuses: () => (this.#lineage === null ? 'not greeting' : null),
      connected: (address, channel, peer) => {
        const isFound = this.#seeker.callSucceeded(address)
        this.#settle()
        options.connected(channel, peer, isFound)
      },
      failed: (address, _reason, fault) => {
        this.#seeker.callFailed(address, avoidMs[fault])
        this.#settle()
      },
      ended: () => this.#settle(),
      unproven: options.unproven,
    })
    this.#post = new Post({
      carrier: 'server',
      secret,
      ownAddress: () => this.#client.address,
      transmit: (address, text) => void this.#transmit(address, text),
      deliver: (address, text) => {
        this.#calls.receive(address, text)
        this.#settle()
      },
      undeliverable: (address, reason) => this.#calls.fail(address, reason, false),
      isCalling: (address) => this.#calls.has(address),
      unreadable: (address, reason) => this.#calls.fail(address, reason, true),
      mismatch,
    })
  }

  seek(): void {
    this.#seeker.start()
    this.#settle()
    this.#seeker.ask()
  }

  greet(lineage: string | null): void {
    if (lineage === this.#lineage) return
    this.#lineage = lineage
    this.#greetBackoff.reset()
    this.#meetBackoff.reset()
    this.#settle()
    if (!this.#client.isConnected) return
    if (lineage === null) void this.#request('retire', {})
    else void this.#greet()
  }

  destroy(): void {
    clearTimeout(this.#greetTimer)
    this.#lineage = null
    this.#seeker.stop()
    this.#post.close()
    this.#calls.destroy()
    this.#client.destroy()
  }

  #settle(): void {
    if (this.#lineage === null) clearTimeout(this.#greetTimer)
    this.#client.need(this.#seeker.isSeeking || this.#lineage !== null || this.#calls.size > 0)
  }

  #connected(): void {
    this.#options.reachable(true)
    this.#seeker.ask()
    void this.#greet()
  }

  #unreachable(reason: string): void {
    clearTimeout(this.#greetTimer)
    this.#seeker.pause()
    this.#calls.failUnanswered('the signaling server is out of reach')
    this.#options.reachable(false, reason)
  }

  /** The server forgets greeters with their connection, so this is said again on each new one. */
  async #greet(): Promise<void> {
    const lineage = this.#lineage
    clearTimeout(this.#greetTimer)
    if (lineage === null) return
    if (!this.#hasHeardOfOthers) this.#meetBackoff.reset()
    this.#hasHeardOfOthers = false
    this.#isRegistered = false
    const answer = await this.#request('greet', { lineage })
    if (lineage !== this.#lineage || !this.#client.isConnected) return
    this.#isRegistered = answer.ok
    if (answer.ok) {
      this.#greetBackoff.reset()
      this.#meetLater()
      this.#options.reachable(true)
    } else {
      this.#greetIn(this.#greetBackoff.nextMs())
      this.#options.reachable(false, answer.message)
    }
  }

  /** The answer to a greeting and the word of another lineage come in either order. */
  #meetLater(): void {
    if (this.#isRegistered && this.#hasHeardOfOthers) this.#greetIn(this.#meetBackoff.nextMs())
  }

  #greetIn(waitMs: number): void {
    clearTimeout(this.#greetTimer)
    this.#greetTimer = setTimeout(() => void this.#greet(), waitMs)
  }

  #request(name: string, body: object) {
    return this.#client.request(name, { room: this.#options.room, ...body })
  }

  #call(address: string): void {
    this.#calls.place(address)
    this.#settle()
  }

  async #transmit(address: string, text: string): Promise<void> {
    const answer = await this.#request('signal', { to: address, data: text })
    if (!answer.ok) this.#calls.fail(address, answer.message, answer.code === 'peer-gone')
  }

  #event(name: 'signal' | 'elsewhere', body: Record<string, unknown>): void {
    const { room, from, data, peer, lineage } = body
    if (room !== this.#options.room) return
    if (name === 'signal' && typeof from === 'string' && typeof data === 'string') {
      this.#post.receive(from, data)
    } else if (name === 'elsewhere' && typeof peer === 'string' && typeof lineage === 'string') {
      this.#callElsewhere(peer, lineage)
    }
  }

  /** Replicas of different lineages must meet to learn which one stands. */
  #callElsewhere(peer: string, lineage: string): void {
    if (this.#lineage === null || lineage === this.#lineage) return
    const nowMs = Date.now()
    const { connectTimeoutMs } = this.#options
    for (const [called, calledMs] of this.#calledElsewhereMs) {
      if (calledMs + connectTimeoutMs <= nowMs) this.#calledElsewhereMs.delete(called)
    }
    // The call may come to nothing, and nobody else need call: until there is no other lineage the server is asked again.
    this.#hasHeardOfOthers = true
    this.#meetLater()
    if (this.#calledElsewhereMs.has(peer)) return
    this.#calledElsewhereMs.set(peer, nowMs)
    this.#call(peer)
  }
}
