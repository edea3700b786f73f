/**
 * A transport whose messages can be listened to, held back and forged: what stands between a member and its links.
 *
 * It knows who is at the other end of a link by the first `hello` that came over it.
 */
import type { Lane, LinkId, ReplicaId, Transport, TransportEvents, TransportSession } from '@tidemark/core'
import { decodeMessage } from '@tidemark/core/wire'

/** One message on its way out. */
export interface Outgoing {
  readonly bytes: Uint8Array
  readonly to: ReplicaId | undefined
}

export class TappedTransport implements Transport {
  /** Says which messages do not leave. All are heard, those too. */
  onSend: (message: Outgoing) => boolean = () => true
  /** Says which messages are not heard. */
  onReceive: (bytes: Uint8Array) => boolean = () => true
  /** Reasons for which links were closed from this side. */
  readonly closed: string[] = []
  private readonly inner: Transport
  private readonly peers = new Map<LinkId, ReplicaId>()
  private session: TransportSession | undefined

  constructor(inner: Transport) {
    this.inner = inner
  }

  open(room: string, self: ReplicaId, events: TransportEvents): TransportSession {
    this.peers.clear()
    const session = this.inner.open(room, self, {
      linkUp: (...facts) => events.linkUp(...facts),
      linkDown: (link, reason) => {
        this.peers.delete(link)
        events.linkDown(link, reason)
      },
      message: (link, bytes) => {
        this.recognise(link, bytes)
        if (this.onReceive(bytes)) events.message(link, bytes)
      },
      alone: () => events.alone(),
      signal: (to, bytes) => events.signal(to, bytes),
      dialFailed: (peer, reason) => events.dialFailed(peer, reason),
      rendezvous: (reachable, reason) => events.rendezvous(reachable, reason),
    })
    this.session = session
    return {
      seek: () => session.seek(),
      greet: (lineage) => session.greet(lineage),
      dial: (peer) => session.dial(peer),
      signalReceived: (from, bytes) => session.signalReceived(from, bytes),
      send: (link, bytes, lane) => {
        if (this.onSend({ bytes, to: this.peers.get(link) })) session.send(link, bytes, lane)
      },
      close: (link, reason) => {
        this.closed.push(reason)
        this.peers.delete(link)
        session.close(link, reason)
      },
      destroy: () => session.destroy(),
    }
  }

  isLinkedTo(peer: ReplicaId): boolean {
    return this.linkTo(peer) !== undefined
  }

  /** Says something in the name of whoever uses this transport. @returns false if there is no link. */
  forge(to: ReplicaId, bytes: Uint8Array, lane: Lane = 'urgent'): boolean {
    const link = this.linkTo(to)
    if (link === undefined) return false
    this.session?.send(link, bytes, lane)
    return true
  }

  private linkTo(peer: ReplicaId): LinkId | undefined {
    for (const [link, id] of this.peers) if (id === peer) return link
    return undefined
  }

  private recognise(link: LinkId, bytes: Uint8Array): void {
    if (this.peers.has(link)) return
    const decoded = decodeMessage(bytes)
    if (decoded.ok && decoded.message.type === 'hello') this.peers.set(link, decoded.message.replica)
  }
}
