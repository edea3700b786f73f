/**
 * How whole messages travel as chunks on one ordered data channel.
 *
 * A chunk is: flags (1 byte), the message's length (variable-length integer, in its first chunk only), payload.
 * Each lane is a stream of its own, so chunks of two lanes may alternate; within a lane they follow each other.
 * A small urgent message is one chunk by itself: flags, the number of the message that it is like in the upper half of
 * them, and steps (see `packing.ts`). A farewell chunk ends the stream and says why.
 *
 * Invariant of the receiving side: whatever arrives, memory held is at most twice what really came in (plus one
 * first block per lane, and the small messages remembered) and never above the message limit; what breaks the format is
 * a value, not an exception.
 */
import type { Lane } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { maxPackedBytes, type Packer, Unpacker } from './packing.js'

/** Small enough for every implementation, and for an urgent message to find a gap soon. Header included. */
export const chunkBytes = 16 * 1024

const bulkFlag = 1
const startFlag = 2
const farewellFlag = 4
const packedFlag = 8
/** Where the number of a message begins in the flags of a packed one. */
const likeShift = 4

/** A farewell's reason is for people to read: cut to what fits a line or two. */
const maxReasonCharacters = 200

/** What an assembly starts with before its bytes have come in. */
const firstBlockBytes = 64 * 1024

/** The chunk of `message` that starts at `offset`, and the offset of the one after it. */
export function encodeChunk(
  message: Uint8Array,
  offset: number,
  lane: Lane,
): { chunk: Uint8Array; end: number } {
  const laneFlag = lane === 'bulk' ? bulkFlag : 0
  const header = encoding.createEncoder()
  encoding.writeUint8(header, offset === 0 ? laneFlag | startFlag : laneFlag)
  if (offset === 0) encoding.writeVarUint(header, message.byteLength)
  const headerBytes = encoding.length(header)
  const payload = message.subarray(offset, offset + chunkBytes - headerBytes)
  const chunk = new Uint8Array(headerBytes + payload.byteLength)
  chunk.set(encoding.toUint8Array(header))
  chunk.set(payload, headerBytes)
  return { chunk, end: offset + payload.byteLength }
}

/** Whether a message travels packed, as every one does that could. */
export function isPacked(message: Uint8Array, lane: Lane): boolean {
  return lane === 'urgent' && message.byteLength <= maxPackedBytes
}

/** The only chunk of a message that `isPacked`. */
export function encodePacked(message: Uint8Array, packer: Packer): Uint8Array {
  const { like, steps } = packer.pack(message)
  const chunk = new Uint8Array(1 + steps.byteLength)
  chunk[0] = packedFlag | (like << likeShift)
  chunk.set(steps, 1)
  return chunk
}

export function encodeFarewell(reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason.slice(0, maxReasonCharacters))
  const chunk = new Uint8Array(1 + text.byteLength)
  chunk[0] = farewellFlag
  chunk.set(text, 1)
  return chunk
}

/** Why the other side ends the stream; null if this is no farewell. */
export function readFarewell(chunk: Uint8Array): string | null {
  if (chunk[0] !== farewellFlag) return null
  const reason = new TextDecoder().decode(chunk.subarray(1)).slice(0, maxReasonCharacters)
  return reason === '' ? 'no reason given' : reason
}

export type Taken =
  | { readonly kind: 'part' }
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'farewell'; readonly reason: string }
  | { readonly kind: 'violation'; readonly reason: string }

interface Assembly {
  readonly declaredBytes: number
  block: Uint8Array
  filledBytes: number
}

const part: Taken = { kind: 'part' }

/** Puts messages together again. After a violation or a farewell it must not be used any more. */
export class Reassembler {
  readonly #maxMessageBytes: number
  readonly #assemblies: Record<Lane, Assembly | null> = { urgent: null, bulk: null }
  readonly #unpacker = new Unpacker()

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** What is held for messages that are not complete. */
  get heldBytes(): number {
    return (this.#assemblies.urgent?.block.byteLength ?? 0) + (this.#assemblies.bulk?.block.byteLength ?? 0)
  }

  take(chunk: Uint8Array): Taken {
    if (chunk.byteLength === 0) return violation('an empty chunk')
    if (chunk.byteLength > chunkBytes) return violation(`a chunk of ${chunk.byteLength} bytes`)
    const farewell = readFarewell(chunk)
    if (farewell !== null) return { kind: 'farewell', reason: farewell }
    const decoder = decoding.createDecoder(chunk)
    const flags = decoding.readUint8(decoder)
    if ((flags & ((1 << likeShift) - 1)) === packedFlag)
      return this.#unpack(flags >> likeShift, chunk.subarray(1))
    if ((flags & ~(bulkFlag | startFlag)) !== 0) return violation(`unknown chunk flags ${flags}`)
    const lane: Lane = (flags & bulkFlag) === 0 ? 'urgent' : 'bulk'
    if ((flags & startFlag) === 0) return this.#continue(lane, chunk.subarray(1))
    const declaredBytes = readLength(decoder)
    if (declaredBytes === null) return violation('a chunk whose length does not parse')
    return this.#start(lane, declaredBytes, chunk.subarray(decoder.pos))
  }

  #unpack(like: number, steps: Uint8Array): Taken {
    if (this.#assemblies.urgent !== null) return violation('a packed message inside of another')
    const unpacked = this.#unpacker.unpack(like, steps)
    if (!unpacked.ok) return violation(unpacked.reason)
    const { message } = unpacked
    if (message.byteLength > this.#maxMessageBytes)
      return violation(`a message of ${message.byteLength} bytes`)
    return { kind: 'message', bytes: message }
  }

  #start(lane: Lane, declaredBytes: number, payload: Uint8Array): Taken {
    if (this.#assemblies[lane] !== null)
      return violation(`a second message of the ${lane} lane inside of another`)
    if (declaredBytes > this.#maxMessageBytes) return violation(`a message of ${declaredBytes} bytes`)
    if (payload.byteLength === declaredBytes) return { kind: 'message', bytes: payload }
    const block = new Uint8Array(Math.min(declaredBytes, firstBlockBytes))
    this.#assemblies[lane] = { declaredBytes, block, filledBytes: 0 }
    return this.#continue(lane, payload)
  }

  #continue(lane: Lane, payload: Uint8Array): Taken {
    const assembly = this.#assemblies[lane]
    if (assembly === null) return violation(`a chunk of the ${lane} lane outside of any message`)
    if (payload.byteLength === 0) return violation('a chunk without payload')
    const filledBytes = assembly.filledBytes + payload.byteLength
    if (filledBytes > assembly.declaredBytes) return violation('a chunk beyond the declared length')
    if (filledBytes > assembly.block.byteLength) grow(assembly, filledBytes)
    assembly.block.set(payload, assembly.filledBytes)
    assembly.filledBytes = filledBytes
    if (filledBytes < assembly.declaredBytes) return part
    this.#assemblies[lane] = null
    return { kind: 'message', bytes: assembly.block }
  }
}

/** Doubles, so that copying stays linear, and ends at exactly the declared length. */
function grow(assembly: Assembly, neededBytes: number): void {
  const doubled = Math.max(neededBytes, 2 * assembly.block.byteLength)
  const block = new Uint8Array(Math.min(assembly.declaredBytes, doubled))
  block.set(assembly.block.subarray(0, assembly.filledBytes))
  assembly.block = block
}

function readLength(decoder: decoding.Decoder): number | null {
  try {
    return decoding.readVarUint(decoder)
  } catch {
    return null
  }
}

function violation(reason: string): Taken {
  return { kind: 'violation', reason }
}
