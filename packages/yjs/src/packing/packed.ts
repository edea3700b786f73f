/**
 * Bytes made smaller, for the way to a newcomer and for storage: DEFLATE behind the length that comes out.
 *
 * What is packed is never hashed or compared: two versions of a packer may pack the same in two ways.
 *
 * Invariant: unpacking allocates no more than the caller's limit, and no more than {@link FREE_BYTES} or {@link MAX_GROWTH}
 * times what was packed, whatever the bytes say. Whoever packs leaves as it is what would grow more than that, so nobody
 * is refused for writing the same thing very often.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { native, portable } from './deflate.js'

const METHOD = { none: 0, deflate: 1 } as const
/** So much may come out of anything. */
const FREE_BYTES = 2 ** 24
const MAX_GROWTH = 64
/** How far back DEFLATE looks. */
const WINDOW_BYTES = 2 ** 15
/** What the length takes, at most. */
const LENGTH_BYTES = 5
const NOTHING = new Uint8Array()

/** @param before what came before it, at most {@link WINDOW_BYTES}: whoever unpacks it must have that. */
export function pack(bytes: Uint8Array, before = NOTHING, deflate = native ?? portable): Uint8Array {
  const smaller = deflate.pack(bytes, before)
  const isWorthIt = smaller.length + LENGTH_BYTES < bytes.length && bytes.length <= most(smaller.length)
  const out = encoding.createEncoder()
  encoding.writeUint8(out, isWorthIt ? METHOD.deflate : METHOD.none)
  if (isWorthIt) encoding.writeVarUint(out, bytes.length)
  encoding.writeUint8Array(out, isWorthIt ? smaller : bytes)
  return encoding.toUint8Array(out)
}

/** @returns why it can not be unpacked, if it can not. What comes out may share memory with what went in. */
export function unpack(
  packed: Uint8Array,
  maxBytes: number,
  before = NOTHING,
  deflate = native ?? portable,
): Uint8Array | string {
  try {
    const from = decoding.createDecoder(packed)
    const method = decoding.readUint8(from)
    if (method === METHOD.none) {
      const bytes = decoding.readTailAsUint8Array(from)
      return bytes.length > maxBytes ? TOO_LARGE : bytes
    }
    if (method !== METHOD.deflate) return `it is packed in the unknown way ${method}`
    const length = decoding.readVarUint(from)
    const smaller = decoding.readTailAsUint8Array(from)
    if (length > maxBytes || length > most(smaller.length)) return TOO_LARGE
    return deflate.unpack(smaller, length, before)
  } catch (error) {
    return `it can not be unpacked: ${error instanceof Error ? error.message : String(error)}`
  }
}

const TOO_LARGE = 'it would unpack to too much'

/** What it says it unpacks to. */
export function unpackedBytes(packed: Uint8Array): number {
  const from = decoding.createDecoder(packed)
  return decoding.readUint8(from) === METHOD.deflate ? decoding.readVarUint(from) : packed.length - 1
}

function most(packedBytes: number): number {
  return Math.max(FREE_BYTES, packedBytes * MAX_GROWTH)
}

/** Packs one after the other: what is in an earlier one takes no room in a later one. */
export class Packer {
  #before = NOTHING

  pack(bytes: Uint8Array): Uint8Array {
    const packed = pack(bytes, this.#before)
    this.#before = lastOf(this.#before, bytes)
    return packed
  }
}

/** Unpacks what a {@link Packer} has packed, in the same order. */
export class Unpacker {
  #before = NOTHING

  unpack(packed: Uint8Array, maxBytes: number): Uint8Array | string {
    const bytes = unpack(packed, maxBytes, this.#before)
    if (typeof bytes !== 'string') this.#before = lastOf(this.#before, bytes)
    return bytes
  }
}

function lastOf(before: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length >= WINDOW_BYTES) return bytes.slice(-WINDOW_BYTES)
  const kept = before.subarray(Math.max(0, before.length + bytes.length - WINDOW_BYTES))
  const last = new Uint8Array(kept.length + bytes.length)
  last.set(kept)
  last.set(bytes, kept.length)
  return last
}
