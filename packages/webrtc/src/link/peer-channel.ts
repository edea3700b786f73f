/**
 * One simple-peer connection with its data channel, as the rest of the package sees it. All knowledge of
 * simple-peer and its inner workings is in this file.
 *
 * All listeners are attached at construction and stay for ever: an `error` event without a listener would be
 * an exception. After `destroy` nothing is called back.
 */
import type { ChunkChannel } from './link.js'

/** What simple-peer wants carried to the other side, and nothing else that it would accept from there. */
export type PeerSignal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: PeerCandidate }

export interface PeerCandidate {
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
}

/** The part of RTCDataChannel that simple-peer itself does not offer. */
interface DataChannelInside {
  readonly readyState: string
  /** Missing in wrtc, which has no `bufferedamountlow` event either. */
  bufferedAmountLowThreshold?: number
  addEventListener(type: 'bufferedamountlow', listener: () => void, options: { once: true }): void
}

/** The part of RTCPeerConnection that simple-peer itself does not offer. */
interface ConnectionInside {
  ondatachannel?: ((event: unknown) => void) | null
  readonly localDescription: { readonly sdp: string } | null
  readonly remoteDescription: { readonly sdp: string } | null
}

export interface SimplePeerInstance {
  readonly destroyed: boolean
  readonly destroying: boolean
  readonly bufferSize: number
  /** Undocumented, but without it there is no flow control faster than 150 ms a step. */
  readonly _channel: DataChannelInside | null
  /** Undocumented, too. What the two sides agreed on is to be seen nowhere else. */
  readonly _pc: ConnectionInside | null
  on(event: 'signal', listener: (signal: { type?: unknown }) => void): this
  on(event: 'connect' | 'close', listener: () => void): this
  on(event: 'data', listener: (data: Uint8Array | string) => void): this
  on(event: 'error', listener: (error: Error) => void): this
  signal(signal: PeerSignal): void
  send(chunk: Uint8Array): void
  destroy(error?: Error): void
}

export interface SimplePeerClass {
  new (options: object): SimplePeerInstance
}

const lowWaterBytes = 64 * 1024

/** 64 KiB in 4 ms are 16 MB/s at the very least, as the channel rarely runs empty before a poll. */
const pollMs = 4

export class PeerChannel implements ChunkChannel {
  onSignal: (signal: PeerSignal) => void = () => {}
  /** The channel is open in both directions. Comes before the first `onChunk`. */
  onOpen: () => void = () => {}
  onChunk: (chunk: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}

  readonly #peer: SimplePeerInstance
  #open = false
  #closed = false
  #closeReason = 'the connection ended'
  #poll: ReturnType<typeof setTimeout> | undefined

  constructor(peer: SimplePeerInstance) {
    this.#peer = peer
    peer.on('error', (error) => {
      this.#closeReason = error.message
    })
    peer.on('close', () => this.#ended())
    peer.on('signal', (signal) => {
      if (!this.#closed && isCarried(signal)) this.onSignal(signal)
    })
    peer.on('connect', () => this.#opened())
    peer.on('data', (data) => this.#received(data))
    this.#takeOneChannel(peer._pc)
  }

  /** simple-peer takes whatever channel is opened by the other side, and lets go of the last one only. */
  #takeOneChannel(connection: ConnectionInside | null): void {
    if (connection === null) return
    const refuse = () => this.#peer.destroy(new Error('the other side opened another data channel'))
    // Who calls opens the channel itself, and has nothing to take.
    const take = connection.ondatachannel ?? refuse
    connection.ondatachannel = (event) => {
      connection.ondatachannel = refuse
      take(event)
    }
  }

  get bufferedBytes(): number {
    return this.#peer.bufferSize
  }

  /** Session descriptions as they are in effect; empty if there are none. */
  get descriptions(): { local: string; remote: string } {
    const { localDescription, remoteDescription } = this.#peer._pc ?? {}
    return { local: localDescription?.sdp ?? '', remote: remoteDescription?.sdp ?? '' }
  }

  /** Takes in what the other side's `onSignal` gave. */
  signal(signal: PeerSignal): void {
    if (this.#closed || this.#peer.destroyed) return
    try {
      this.#peer.signal(signal)
    } catch (error) {
      this.#peer.destroy(asError(error))
    }
  }

  send(chunk: Uint8Array): boolean {
    const peer = this.#peer
    if (this.#closed || peer.destroyed || peer.destroying || peer._channel?.readyState !== 'open')
      return false
    try {
      peer.send(chunk)
      return true
    } catch (error) {
      peer.destroy(asError(error))
      return false
    }
  }

  whenLow(callback: () => void): void {
    const channel = this.#peer._channel
    if (this.#closed || channel === null) return
    if (typeof channel.bufferedAmountLowThreshold !== 'number') {
      this.#pollUntilLow(callback)
      return
    }
    const resume = () => {
      if (!this.#closed) callback()
    }
    channel.bufferedAmountLowThreshold = lowWaterBytes
    channel.addEventListener('bufferedamountlow', resume, { once: true })
  }

  destroy(): void {
    this.#closed = true
    clearTimeout(this.#poll)
    this.#peer.destroy()
  }

  #pollUntilLow(callback: () => void): void {
    this.#poll = setTimeout(() => {
      if (this.bufferedBytes <= lowWaterBytes) callback()
      else this.#pollUntilLow(callback)
    }, pollMs)
  }

  #received(data: Uint8Array | string): void {
    if (this.#closed) return
    // Bytes may come in before simple-peer has gathered the statistics that it waits for.
    this.#opened()
    if (this.#closed) return
    if (typeof data === 'string') this.#peer.destroy(new Error('the other side sent a text frame'))
    else this.onChunk(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  #opened(): void {
    if (this.#open || this.#closed) return
    this.#open = true
    this.onOpen()
  }

  #ended(): void {
    clearTimeout(this.#poll)
    if (this.#closed) return
    this.#closed = true
    this.onClose(this.#closeReason)
  }
}

function isCarried(signal: { type?: unknown }): signal is PeerSignal {
  return signal.type === 'offer' || signal.type === 'answer' || signal.type === 'candidate'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
