/**
 * How replicas find and reach each other. `@tidemark/webrtc` implements it with data channels and a signaling
 * server, `memoryNetwork` within one process; an application may bring its own.
 *
 * A link is a two-way stream of whole messages of any size between two replicas. It keeps their order within
 * a lane. It may end at any moment; what was under way is then lost.
 */
import type { ReplicaId } from './causality/operation.js'
import type { Signatures } from './identity/signatures.js'

/** Names a link for as long as the session lives. Never used again for another one. */
export type LinkId = number

/** `urgent` messages overtake `bulk` ones (large states), so that typing never waits behind a transfer. */
export type Lane = 'urgent' | 'bulk'

export interface Transport {
  /**
   * Starts a session of one replica in one room. Nothing happens on the network before `seek` or `greet`.
   * @param signatures those of `self`, where members have identities: a transport that can has both ends of a link prove theirs.
   */
  open(room: string, self: ReplicaId, events: TransportEvents, signatures?: Signatures): TransportSession
}

export interface TransportEvents {
  /**
   * A link is open in both directions. Who is at the other end, its first message says.
   * @param peer who it must be, as the transport has seen proved: for this link, so that nobody can sit in between (rule ID7).
   * @param isFound it is what came of our `seek`, so it is ours to close once nobody needs it (overlay rule OV3).
   */
  linkUp(link: LinkId, peer?: ReplicaId, isFound?: boolean): void
  /** A link is gone, for whatever reason but our own `close`. */
  linkDown(link: LinkId, reason: string): void
  /** One whole message. The receiver owns `bytes`. */
  message(link: LinkId, bytes: Uint8Array): void
  /** In answer to `seek`: nobody is in the room, and this replica has been chosen to found it. */
  alone(): void
  /** Negotiation bytes that members must carry to `to`, which will be given them by `signalReceived`. */
  signal(to: ReplicaId, bytes: Uint8Array): void
  /** A `dial` ended without a link. */
  dialFailed(peer: ReplicaId, reason: string): void
  /** Whether the way to newcomers (a signaling server) is open, and if not, why. */
  rendezvous(reachable: boolean, reason?: string): void
}

export interface TransportSession {
  /**
   * Looks for any member of the room until one is linked (`linkUp`), or the room turns out to be empty (`alone`).
   * Retries by itself while the rendezvous is out of reach.
   */
  seek(): void
  /**
   * Stays reachable for newcomers on behalf of the room, or stops doing so (null). Replicas that greet in one
   * room with different lineages are linked to each other, so that they notice.
   */
  greet(lineage: string | null): void
  /** Negotiates a link to a member by `signal`. Ends in `linkUp` or `dialFailed`. */
  dial(peer: ReplicaId): void
  /** Negotiation bytes from another member. */
  signalReceived(from: ReplicaId, bytes: Uint8Array): void
  /** Queues a message. Never throws; on a link that is gone it does nothing. */
  send(link: LinkId, bytes: Uint8Array, lane: Lane): void
  /** Ends a link once what is queued has left, within two seconds. No `linkDown` follows. */
  close(link: LinkId, reason: string): void
  /** Closes everything at once: links, sockets, timers. No event follows. */
  destroy(): void
}
