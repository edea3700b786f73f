/** A session in a test, with all its events on record and a way to await them. */

import wrtc from '@roamhq/wrtc'
import type { Lane, LinkId, ReplicaId, Signatures, TransportEvents } from '@tidemark/core'
import { expect, vi } from 'vitest'
import {
  type SecretMismatch,
  type WebrtcSession,
  type WebrtcTransportOptions,
  webrtcTransport,
} from '../src/index.js'

export interface Received {
  readonly link: LinkId
  readonly bytes: Uint8Array
  /** How many of all messages of this replica came before. */
  readonly index: number
  readonly atMs: number
}

export class Replica {
  readonly id: ReplicaId
  readonly session: WebrtcSession
  readonly links: LinkId[] = []
  /** Who has proved to be at the other ends, link by link. */
  readonly proven: (ReplicaId | undefined)[] = []
  /** Of each link, whether it came of seeking. */
  readonly areFound: (boolean | undefined)[] = []
  readonly downs: { link: LinkId; reason: string }[] = []
  readonly messages: Received[] = []
  readonly dialFailures: { peer: ReplicaId; reason: string }[] = []
  readonly mismatches: SecretMismatch[] = []
  readonly rendezvous: { reachable: boolean; reason: string | undefined }[] = []
  /** Negotiation that this replica wants carried; a test decides how. */
  carry: (to: ReplicaId, bytes: Uint8Array) => void = () => {}
  onMessage: (bytes: Uint8Array) => void = () => {}
  foundings = 0
  /** All events, for tests that expect none. */
  events = 0

  constructor(
    id: ReplicaId,
    signaling: string | string[],
    options: Partial<WebrtcTransportOptions> = {},
    room = 'room',
    signatures?: Signatures,
  ) {
    this.id = id
    const onSecretMismatch = (mismatch: SecretMismatch) => this.mismatches.push(mismatch)
    const given = { signaling, onSecretMismatch, iceServers: [], peerOptions: { wrtc } }
    const transport = webrtcTransport({ ...given, ...options })
    this.session = transport.open(room, id, this.#listeners(), signatures)
  }

  get lastLink(): LinkId {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error(`${this.id} has no link`)
    return link
  }

  get isReachable(): boolean {
    return this.rendezvous.at(-1)?.reachable === true
  }

  /** Looks for the room, which is expected to be empty, and greets in it. */
  async found(lineage = 'lineage-1'): Promise<void> {
    this.session.seek()
    await until(() => this.foundings === 1)
    this.session.greet(lineage)
  }

  async join(): Promise<void> {
    const before = this.links.length
    this.session.seek()
    await until(() => this.links.length > before)
  }

  send(bytes: Uint8Array, lane: Lane = 'urgent', link: LinkId = this.lastLink): void {
    this.session.send(link, bytes, lane)
  }

  #listeners(): TransportEvents {
    const counted = <A extends unknown[]>(listener: (...args: A) => void) => {
      return (...args: A) => {
        this.events += 1
        listener(...args)
      }
    }
    return {
      linkUp: counted((link, peer, isFound) => {
        this.links.push(link)
        this.proven.push(peer)
        this.areFound.push(isFound)
      }),
      linkDown: counted((link, reason) => this.downs.push({ link, reason })),
      message: counted((link, bytes) => {
        this.messages.push({ link, bytes, index: this.messages.length, atMs: performance.now() })
        this.onMessage(bytes)
      }),
      alone: counted(() => {
        this.foundings += 1
      }),
      signal: counted((to, bytes) => this.carry(to, bytes)),
      dialFailed: counted((peer, reason) => this.dialFailures.push({ peer, reason })),
      rendezvous: counted((reachable, reason) => this.rendezvous.push({ reachable, reason })),
    }
  }
}

/**
 * Carries negotiation between replicas, as members would: later, and as a copy. It takes long enough that what
 * both sides say at the same time crosses on the way.
 */
export function connectCarriers(...replicas: Replica[]): void {
  for (const replica of replicas) {
    replica.carry = (to, bytes) => {
      const copy = bytes.slice()
      setTimeout(() => {
        replicas.find(({ id }) => id === to)?.session.signalReceived(replica.id, copy)
      }, carrierMs)
    }
  }
}

const carrierMs = 30

export async function until(condition: () => boolean, timeoutMs = 40_000): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: timeoutMs, interval: 5 })
}

/** Bytes that differ at any offset and between seeds. */
export function testBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}
