/**
 * One replica in one room over WebRTC. Its links come from two carriers of negotiation: the signaling server
 * (for newcomers) and members (for all others), each with a switchboard of its own.
 *
 * No event is raised from within a call of one of its methods, and none after `destroy`.
 */
import type { Lane, LinkId, ReplicaId, Signatures, TransportEvents, TransportSession } from '@tidemark/core'
import { maxNegotiationBytes } from './call/negotiation.js'
import { Switchboard } from './call/switchboard.js'
import { Link } from './link/link.js'
import { PeerChannel, type SimplePeerClass } from './link/peer-channel.js'
import type { Settings } from './options.js'
import { Rendezvous } from './rendezvous/rendezvous.js'
import type { SocketFactory } from './rendezvous/signaling-client.js'
import { Post } from './secret/post.js'
import type { LinkIdentity } from './secret/proof.js'
import { asksForIdentity, type Proof } from './secret/proving.js'
import type { RoomSecret } from './secret/room-keys.js'

/** How long one attempt to reach a signaling server may take. */
const serverTimeoutMs = 5000

export class WebrtcSession implements TransportSession {
  readonly #settings: Settings
  readonly #events: TransportEvents
  readonly #rendezvous: Rendezvous
  readonly #members: Switchboard
  readonly #memberPost: Post
  readonly #links = new Map<LinkId, Link>()
  /** Links that are being closed, of which nobody hears any more. */
  readonly #closing = new Set<Link>()
  #SimplePeer: SimplePeerClass | null = null
  #loading: Promise<void> | null = null
  #nextLink: LinkId = 1
  #pastBytesSent = 0
  #pastBytesReceived = 0
  #reported: string | null = null
  #destroyed = false

  constructor(
    room: string,
    self: ReplicaId,
    events: TransportEvents,
    settings: Settings,
    secret: RoomSecret | null,
    signatures: Signatures | undefined,
  ) {
    this.#events = events
    this.#settings = settings
    const { servers, token, connectTimeoutMs, secretMismatch: mismatch } = settings
    const createChannel = (isCaller: boolean) => this.#createChannel(isCaller)
    const identity: LinkIdentity | null = signatures ? { room, self, signatures } : null
    const connected = (channel: PeerChannel, peer: ReplicaId | undefined, isFound: boolean) =>
      this.#linkUp(channel, peer, isFound)
    const unproven = (channel: PeerChannel, reason: string, lacks: Proof) =>
      this.#turnAway(channel, reason, lacks)
    this.#rendezvous = new Rendezvous({
      room,
      self,
      servers,
      token,
      connectTimeoutMs,
      secret,
      identity,
      createChannel,
      connected,
      loadSocketFactory: () => this.#loadSocketFactory(),
      alone: () => events.alone(),
      reachable: (isReachable, reason) => this.#report(isReachable, reason),
      mismatch,
      unproven,
    })
    this.#members = new Switchboard({
      self,
      connectTimeoutMs,
      secret,
      identity,
      createChannel,
      transmit: (address, text) => this.#memberPost.send(address, text),
      refuses: (address, from) => (address === from ? null : 'the caller is somebody else'),
      connected: (_address, channel, peer) => connected(channel, peer, false),
      failed: (address, reason) => events.dialFailed(address, reason),
      unproven,
    })
    this.#memberPost = new Post({
      carrier: 'members',
      secret,
      ownAddress: () => self,
      transmit: (address, text) => events.signal(address, new TextEncoder().encode(text)),
      deliver: (address, text) => this.#members.receive(address, text),
      undeliverable: (address, reason) => this.#members.fail(address, reason, false),
      isCalling: (address) => this.#members.has(address),
      unreadable: (address, reason) => this.#members.fail(address, reason, true),
      mismatch,
    })
    // Code that is there when the first call comes in costs that call no time.
    void this.#loaded().catch(() => {})
  }

  /** Bytes given to data channels so far, chunk headers included. */
  get bytesSent(): number {
    return this.#total((link) => link.bytesSent, this.#pastBytesSent)
  }

  get bytesReceived(): number {
    return this.#total((link) => link.bytesReceived, this.#pastBytesReceived)
  }

  seek(): void {
    if (this.#destroyed) return
    this.#rendezvous.seek()
  }

  greet(lineage: string | null): void {
    if (this.#destroyed) return
    this.#rendezvous.greet(lineage)
  }

  dial(peer: ReplicaId): void {
    this.#whenLoaded(
      () => this.#members.place(peer),
      (reason) => this.#events.dialFailed(peer, reason),
    )
  }

  signalReceived(from: ReplicaId, bytes: Uint8Array): void {
    if (bytes.byteLength > maxNegotiationBytes) return
    const text = new TextDecoder().decode(bytes)
    this.#whenLoaded(
      () => this.#memberPost.receive(from, text),
      () => {},
    )
  }

  send(link: LinkId, bytes: Uint8Array, lane: Lane): void {
    this.#links.get(link)?.send(bytes, lane)
  }

  close(link: LinkId, reason: string): void {
    const closed = this.#links.get(link)
    if (closed === undefined) return
    this.#links.delete(link)
    this.#closing.add(closed)
    closed.close(reason)
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#rendezvous.destroy()
    this.#memberPost.close()
    this.#members.destroy()
    for (const link of [...this.#links.values(), ...this.#closing]) link.destroy()
  }

  #linkUp(channel: PeerChannel, peer: ReplicaId | undefined, isFound: boolean): void {
    const id = this.#nextLink
    this.#nextLink += 1
    const link: Link = new Link(channel, {
      maxMessageBytes: this.#settings.maxMessageBytes,
      message: (bytes) => {
        if (this.#links.has(id)) this.#events.message(id, bytes)
      },
      down: (reason) => this.#linkDown(id, link, reason),
      gone: () => this.#linkGone(link),
    })
    // Where we have none ourselves, nothing has answered it.
    if (peer === undefined) this.#noticeIdentities(channel)
    this.#links.set(id, link)
    this.#events.linkUp(id, peer, isFound)
  }

  /** Both ends have identities, or none: who has none is told what the other one expects. */
  #noticeIdentities(channel: PeerChannel): void {
    const take = channel.onChunk
    channel.onChunk = (chunk) => {
      channel.onChunk = take
      if (asksForIdentity(chunk)) this.#settings.secretMismatch('named')
      take(chunk)
    }
  }

  /** Whoever does not know the password, or is not who it says, gets no link, only a word on why. */
  #turnAway(channel: PeerChannel, reason: string, lacks: Proof): void {
    const { maxMessageBytes, secretMismatch } = this.#settings
    const nothing = () => {}
    const link: Link = new Link(channel, {
      maxMessageBytes,
      message: nothing,
      down: nothing,
      gone: () => this.#linkGone(link),
    })
    this.#closing.add(link)
    link.close(reason)
    secretMismatch(lacks === 'identity' ? 'nameless' : 'unproven')
  }

  #linkDown(id: LinkId, link: Link, reason: string): void {
    if (this.#links.get(id) !== link) return
    this.#links.delete(id)
    if (!link.isGone) this.#closing.add(link)
    if (!this.#destroyed) this.#events.linkDown(id, reason)
  }

  #linkGone(link: Link): void {
    this.#closing.delete(link)
    this.#pastBytesSent += link.bytesSent
    this.#pastBytesReceived += link.bytesReceived
  }

  #total(ofLink: (link: Link) => number, past: number): number {
    let total = past
    for (const link of [...this.#links.values(), ...this.#closing]) if (!link.isGone) total += ofLink(link)
    return total
  }

  #report(isReachable: boolean, reason: string | undefined): void {
    const report = isReachable ? 'reachable' : `unreachable: ${reason}`
    if (report === this.#reported) return
    this.#reported = report
    if (isReachable) this.#events.rendezvous(true)
    else this.#events.rendezvous(false, reason)
  }

  #createChannel(isCaller: boolean): PeerChannel {
    if (this.#SimplePeer === null) throw new Error('A call began before simple-peer was loaded')
    return new PeerChannel(new this.#SimplePeer({ ...this.#settings.peerOptions, initiator: isCaller }))
  }

  /** Later than now in any case, and in the order of the calls. */
  #whenLoaded(then: () => void, failed: (reason: string) => void): void {
    this.#loaded().then(
      () => {
        if (!this.#destroyed) then()
      },
      (error: unknown) => {
        if (!this.#destroyed) failed(`simple-peer could not be loaded: ${String(error)}`)
      },
    )
  }

  #loaded(): Promise<void> {
    this.#loading ??= import('simple-peer/simplepeer.min.js').then(
      (module) => {
        this.#SimplePeer = module.default
      },
      (error) => {
        // The next use tries again: a browser may have been offline.
        this.#loading = null
        throw error
      },
    )
    return this.#loading
  }

  async #loadSocketFactory(): Promise<SocketFactory> {
    const [{ io }] = await Promise.all([import('socket.io-client'), this.#loaded()])
    return (server, auth, first) =>
      io(server, {
        auth,
        forceNew: true,
        reconnection: false,
        timeout: serverTimeoutMs,
        transports: first === 'websocket' ? ['websocket', 'polling'] : ['polling', 'websocket'],
        tryAllTransports: true,
      })
  }
}
