/**
 * What waits to be sent on one link, as two lanes of whole messages that are cut into chunks only when their
 * turn comes. Invariant: within a lane, chunks leave in the order the messages were added.
 */
import type { Lane } from '@tidemark/core'
import { encodeChunk, encodePacked, isPacked } from './chunking.js'
import { Packer } from './packing.js'

/** After so many urgent chunks in a row one bulk chunk goes, so that a transfer can not starve. */
export const urgentBurstChunks = 16

/** Sent messages are cut off the front only in runs of this length: shifting one by one is quadratic. */
const trimRun = 256

export class SendQueue {
  #lanes: Record<Lane, LaneQueue> = { urgent: new LaneQueue(), bulk: new LaneQueue() }
  #queuedBytes = 0
  #urgentRun = 0

  /** Message bytes that have not left yet. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** The lane of the next chunk; null if there is none. */
  get nextLane(): Lane | null {
    const { urgent, bulk } = this.#lanes
    if (urgent.head !== null && bulk.head !== null) {
      return this.#urgentRun < urgentBurstChunks ? 'urgent' : 'bulk'
    }
    return urgent.head !== null ? 'urgent' : bulk.head !== null ? 'bulk' : null
  }

  /** The caller must not change `bytes` any more. */
  add(bytes: Uint8Array, lane: Lane): void {
    this.#lanes[lane].add(bytes)
    this.#queuedBytes += bytes.byteLength
  }

  /** Takes the next chunk off the queue. */
  next(): Uint8Array {
    const lane = this.nextLane
    if (lane === null) throw new Error('No chunk is queued')
    this.#urgentRun = lane === 'urgent' ? this.#urgentRun + 1 : 0
    const { chunk, takenBytes } = this.#lanes[lane].take(lane)
    this.#queuedBytes -= takenBytes
    return chunk
  }

  clear(): void {
    this.#lanes = { urgent: new LaneQueue(), bulk: new LaneQueue() }
    this.#queuedBytes = 0
  }
}

class LaneQueue {
  readonly #messages: Uint8Array[] = []
  readonly #packer = new Packer()
  #first = 0
  /** How much of the first message has left. */
  #offset = 0

  get head(): Uint8Array | null {
    return this.#messages[this.#first] ?? null
  }

  add(bytes: Uint8Array): void {
    this.#messages.push(bytes)
  }

  take(lane: Lane): { chunk: Uint8Array; takenBytes: number } {
    const message = this.head
    if (message === null) throw new Error(`The ${lane} lane is empty`)
    const { chunk, end } = isPacked(message, lane)
      ? { chunk: encodePacked(message, this.#packer), end: message.byteLength }
      : encodeChunk(message, this.#offset, lane)
    const takenBytes = end - this.#offset
    this.#offset = end
    if (end === message.byteLength) this.#advance()
    return { chunk, takenBytes }
  }

  #advance(): void {
    this.#messages[this.#first] = sent
    this.#first += 1
    this.#offset = 0
    if (this.#first === this.#messages.length || this.#first >= trimRun) {
      this.#messages.splice(0, this.#first)
      this.#first = 0
    }
  }
}

/** Stands where a message stood, so that its memory is free at once. */
const sent = new Uint8Array(0)
