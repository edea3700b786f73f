/**
 * What may be long, packed a part at a time: each is a short task, whoever waits for all of it. Its length comes first, so
 * what it would take to unpack it is known before anything is.
 *
 * Invariant: as in packed.ts, and no part unpacks to more than {@link PART_BYTES}.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { growsTooMuch, Packer, TOO_LARGE, Unpacker } from './packed.js'

const PART_BYTES = 16 * 1024

/** Yields after each part. */
export function* packInSteps(bytes: Uint8Array): Generator<void, Uint8Array, void> {
  const packer = new Packer()
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, bytes.length)
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const part = bytes.subarray(at, at + PART_BYTES)
    // What is written very often is left as it is now and then: nothing may grow beyond measure.
    const isTooSmall = growsTooMuch(encoding.length(out), at + part.length)
    encoding.writeVarUint8Array(out, isTooSmall ? packer.passOn(part) : packer.pack(part))
    yield
  }
  return encoding.toUint8Array(out)
}

export function packLong(bytes: Uint8Array): Uint8Array {
  const steps = packInSteps(bytes)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

/** @returns why it can not be unpacked, if it can not. */
export function unpackLong(packed: Uint8Array, maxBytes: number): Uint8Array | string {
  try {
    const from = decoding.createDecoder(packed)
    const length = decoding.readVarUint(from)
    if (length > maxBytes || growsTooMuch(packed.length, length)) return TOO_LARGE
    return readParts(from, length)
  } catch (error) {
    return `it can not be unpacked: ${error instanceof Error ? error.message : String(error)}`
  }
}

function readParts(from: decoding.Decoder, length: number): Uint8Array {
  const unpacker = new Unpacker()
  const bytes = new Uint8Array(length)
  let at = 0
  while (decoding.hasContent(from)) {
    const part = unpacker.unpack(decoding.readVarUint8Array(from), Math.min(PART_BYTES, length - at))
    if (typeof part === 'string') throw new Error(part)
    bytes.set(part, at)
    at += part.length
  }
  if (at < length) throw new Error('something of it is missing')
  return bytes
}

/** What it says it unpacks to. */
export function unpackedBytes(packed: Uint8Array): number {
  return decoding.readVarUint(decoding.createDecoder(packed))
}
