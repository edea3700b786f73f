/// <reference path="../../src/link/simple-peer.d.ts" />
/**
 * Somebody who carries the calls of two replicas and connects each of them to itself in place of the other, handing
 * on what passes. It can read and make envelopes if it is given their key, but can prove nothing.
 */
import wrtc from '@roamhq/wrtc'
import SimplePeer from 'simple-peer/simplepeer.min.js'
import { decodeNegotiation, encodeSignals } from '../../src/call/negotiation.js'
import type { PeerSignal, SimplePeerInstance } from '../../src/link/peer-channel.js'
import { open, type Route, seal } from '../../src/secret/envelope.js'
import type { Replica } from '../replica.js'

interface Leg {
  readonly replica: Replica
  readonly peer: SimplePeerInstance
  /** What came for the replica before it was connected. */
  readonly waiting: Uint8Array[]
}

export class Interceptor {
  /** What went from one replica to the other, and could be read on the way. */
  readonly seen: Uint8Array[] = []
  readonly #key: CryptoKey | null
  #call = ''
  readonly #caller: Leg
  readonly #callee: Leg

  /** @param key of the envelopes; null where nothing is sealed. */
  constructor(caller: Replica, callee: Replica, key: CryptoKey | null) {
    this.#key = key
    this.#caller = { replica: caller, peer: newPeer(false), waiting: [] }
    this.#callee = { replica: callee, peer: newPeer(true), waiting: [] }
    this.#connect(this.#caller, this.#callee)
    this.#connect(this.#callee, this.#caller)
  }

  close(): void {
    this.#caller.peer.destroy()
    this.#callee.peer.destroy()
  }

  #connect(leg: Leg, other: Leg): void {
    const { replica, peer } = leg
    replica.carry = (_to, bytes) => void this.#take(leg, other, new TextDecoder().decode(bytes))
    peer.on('signal', (signal) => void this.#say(leg, other, signal as PeerSignal))
    peer.on('data', (data) => {
      const bytes = new Uint8Array(data as Uint8Array)
      this.seen.push(bytes)
      other.waiting.push(bytes)
      handOn(other)
    })
    peer.on('connect', () => handOn(leg))
    peer.on('error', () => {})
  }

  /** A replica speaks to the other one. */
  async #take({ replica, peer }: Leg, other: Leg, text: string): Promise<void> {
    const route = this.#route(replica, other.replica)
    const plain = this.#key === null ? text : await open(this.#key, route, text)
    const negotiation = plain === null ? null : decodeNegotiation(plain)
    if (negotiation === null) return
    this.#call = negotiation.call
    for (const signal of negotiation.signals) if (!peer.destroyed) peer.signal(signal)
  }

  /** Speaks to a replica in the other one's name. */
  async #say({ replica }: Leg, other: Leg, signal: PeerSignal): Promise<void> {
    while (this.#call === '') await new Promise((resolve) => setTimeout(resolve, 5))
    const [text = ''] = encodeSignals(this.#call, other.replica.id, [signal])
    const route = this.#route(other.replica, replica)
    const said = this.#key === null ? text : await seal(this.#key, route, text)
    replica.session.signalReceived(other.replica.id, new TextEncoder().encode(said))
  }

  #route(from: Replica, to: Replica): Route {
    return { room: 'room', carrier: 'members', from: from.id, to: to.id }
  }
}

function handOn({ peer, waiting }: Leg): void {
  if (peer._channel?.readyState === 'open') for (const bytes of waiting.splice(0)) peer.send(bytes)
}

function newPeer(isCaller: boolean): SimplePeerInstance {
  return new SimplePeer({ initiator: isCaller, wrtc, config: { iceServers: [] }, objectMode: true })
}
