/**
 * Bytes made smaller, for the way to a newcomer and for storage: DEFLATE behind the length that comes out. What is long
 * is packed a part at a time (packed-long.ts).
 *
 * What is packed is never hashed or compared: two versions of the library may pack the same in two ways.
 *
 * Invariant: unpacking allocates no more than the caller's limit, and no more than {@link FREE_BYTES} or {@link MAX_GROWTH}
 * times what was packed, whatever the bytes say. Whoever packs leaves as it is what would grow more than that, so nobody
 * is refused for writing the same thing very often.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { deflate, inflate } from './deflate.js'

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
export function pack(bytes: Uint8Array, before = NOTHING): Uint8Array {
  const smaller = deflate(bytes, before)
  const isWorthIt =
    smaller.length + LENGTH_BYTES < bytes.length && !growsTooMuch(smaller.length, bytes.length)
  if (!isWorthIt) return unpacked(bytes)
  const out = encoding.createEncoder()
  encoding.writeUint8(out, METHOD.deflate)
  encoding.writeVarUint(out, bytes.length)
  encoding.writeUint8Array(out, smaller)
  return encoding.toUint8Array(out)
}

function unpacked(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 + bytes.length)
  out[0] = METHOD.none
  out.set(bytes, 1)
  return out
}

/** @returns why it can not be unpacked, if it can not. What comes out may share memory with what went in. */
export function unpack(packed: Uint8Array, maxBytes: number, before = NOTHING): Uint8Array | string {
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
    if (length > maxBytes || growsTooMuch(smaller.length, length)) return TOO_LARGE
    return inflate(smaller, length, before)
  } catch (error) {
    return `it can not be unpacked: ${error instanceof Error ? error.message : String(error)}`
  }
}

export const TOO_LARGE = 'it would unpack to too much'

export function growsTooMuch(packedBytes: number, bytes: number): boolean {
  return bytes > FREE_BYTES && bytes > packedBytes * MAX_GROWTH
}

/** Packs one after the other: what is in an earlier one takes no room in a later one. */
export class Packer {
  #before = NOTHING

  pack(bytes: Uint8Array): Uint8Array {
    const packed = pack(bytes, this.#before)
    return this.#after(bytes, packed)
  }

  /** As it is, but in the same row. */
  passOn(bytes: Uint8Array): Uint8Array {
    return this.#after(bytes, unpacked(bytes))
  }

  #after(bytes: Uint8Array, packed: Uint8Array): Uint8Array {
    this.#before = lastOf(this.#before, bytes)
    return packed
  }
}

/** Unpacks what a {@link Packer} has packed, in the same order. */
export class Unpacker {
  #before = NOTHING

  /** @returns why it can not be unpacked, if it can not: then nothing behind it can. */
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
