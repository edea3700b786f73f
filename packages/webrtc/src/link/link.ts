/**
 * A link: whole messages in two lanes over one ordered, reliable channel of chunks.
 *
 * It feeds the channel only up to a water mark: beyond 16 MiB Chromium throws and wrtc drops silently, and what
 * lies in the channel can not be overtaken. Bulk stops earlier than urgent, so that urgent need not wait for a
 * wake-up.
 *
 * Life: open → closing (own farewell under way; nothing is received any more) → gone. `down` is called once, and
 * not after `close` or `destroy`.
 */
import type { Lane } from '@tidemark/core'
import { encodeFarewell, Reassembler } from './chunking.js'
import { SendQueue } from './send-queue.js'

/** What a link needs of a data channel. */
export interface ChunkChannel {
  /** What the channel has taken but not put on the network yet. */
  readonly bufferedBytes: number
  onChunk: (chunk: Uint8Array) => void
  /** Once, at its end, whoever ended it; not after `destroy`. */
  onClose: (reason: string) => void
  /** False if the channel is not open. */
  send(chunk: Uint8Array): boolean
  /** Calls back once when little is buffered. Calls back never once the channel is closed. */
  whenLow(callback: () => void): void
  destroy(): void
}

export interface LinkOptions {
  readonly maxMessageBytes: number
  readonly message: (bytes: Uint8Array) => void
  readonly down: (reason: string) => void
  /** The channel is closed for good: nothing of the link is left. */
  readonly gone: () => void
}

const bulkHighWaterBytes = 256 * 1024
const urgentHighWaterBytes = 1024 * 1024

/** How long a polite ending may take without getting on; on a slow network much may be queued. */
const farewellMs = 2000
/** And in all. */
const farewellsMs = 10_000

/** A peer that reads so slowly that this many messages of the greatest size wait for it is given up. */
const maxQueuedMessages = 2

export class Link {
  readonly #channel: ChunkChannel
  readonly #options: LinkOptions
  readonly #queue = new SendQueue()
  readonly #reassembler: Reassembler
  #state: 'open' | 'closing' | 'gone' = 'open'
  #farewell: Uint8Array | null = null
  #awaitsLow = false
  #deadline: ReturnType<typeof setTimeout> | undefined
  #endsAt = 0
  #bytesSent = 0
  #bytesReceived = 0

  constructor(channel: ChunkChannel, options: LinkOptions) {
    this.#channel = channel
    this.#options = options
    this.#reassembler = new Reassembler(options.maxMessageBytes)
    channel.onChunk = (chunk) => this.#receive(chunk)
    channel.onClose = (reason) => this.#closed(reason)
  }

  get isGone(): boolean {
    return this.#state === 'gone'
  }

  /** Bytes given to the channel, chunk headers included. */
  get bytesSent(): number {
    return this.#bytesSent
  }

  get bytesReceived(): number {
    return this.#bytesReceived
  }

  send(bytes: Uint8Array, lane: Lane): void {
    if (this.#state !== 'open') return
    const { maxMessageBytes } = this.#options
    if (bytes.byteLength > maxMessageBytes) {
      this.#failSoon(`a message of ${bytes.byteLength} bytes is above the limit of ${maxMessageBytes}`)
    } else if (this.#queue.queuedBytes + bytes.byteLength > maxQueuedMessages * maxMessageBytes) {
      this.#failSoon('the other side reads too slowly')
    } else {
      this.#queue.add(bytes, lane)
      this.#pump()
    }
  }

  /** Sends what is queued, then a farewell that tells the other side why, then ends. */
  close(reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#farewell = encodeFarewell(reason)
    this.#endsAt = performance.now() + farewellsMs
    this.#awaitEnd()
    this.#pump()
  }

  destroy(): void {
    if (this.#state === 'gone') return
    this.#channel.destroy()
    this.#end()
  }

  #pump(): void {
    while (this.#state !== 'gone') {
      const lane = this.#queue.nextLane
      if (lane === null) break
      const highWaterBytes = lane === 'bulk' ? bulkHighWaterBytes : urgentHighWaterBytes
      if (this.#channel.bufferedBytes >= highWaterBytes) return this.#pumpWhenLow()
      if (!this.#transmit(this.#queue.next())) return
    }
    if (this.#farewell === null || this.#state === 'gone') return
    const farewell = this.#farewell
    this.#farewell = null
    this.#transmit(farewell)
  }

  #pumpWhenLow(): void {
    if (this.#awaitsLow) return
    this.#awaitsLow = true
    this.#channel.whenLow(() => {
      this.#awaitsLow = false
      if (this.#state === 'closing') this.#awaitEnd()
      this.#pump()
    })
  }

  #awaitEnd(): void {
    clearTimeout(this.#deadline)
    const left = this.#endsAt - performance.now()
    this.#deadline = setTimeout(() => this.destroy(), Math.min(left, farewellMs))
  }

  /** A channel that refuses is closing, and says so by `onClose`. */
  #transmit(chunk: Uint8Array): boolean {
    if (!this.#channel.send(chunk)) return false
    this.#bytesSent += chunk.byteLength
    return true
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#bytesReceived += chunk.byteLength
    const taken = this.#reassembler.take(chunk)
    if (taken.kind === 'message') this.#options.message(taken.bytes)
    else if (taken.kind === 'violation') this.#fail(`the other side sent ${taken.reason}`)
    else if (taken.kind === 'farewell') {
      this.destroy()
      this.#options.down(`closed by the other side: ${taken.reason}`)
    }
  }

  /** Ends the link because of a fault, which both sides are told. What is queued is not worth waiting for. */
  #fail(reason: string): void {
    if (this.#state !== 'open') return
    this.#queue.clear()
    this.close(reason)
    this.#options.down(reason)
  }

  /** `send` must not call back into whoever called it. */
  #failSoon(reason: string): void {
    queueMicrotask(() => this.#fail(reason))
  }

  #closed(reason: string): void {
    if (this.#state === 'gone') return
    const told = this.#state === 'closing'
    this.#end()
    if (!told) this.#options.down(reason)
  }

  #end(): void {
    this.#state = 'gone'
    clearTimeout(this.#deadline)
    this.#queue.clear()
    this.#options.gone()
  }
}
