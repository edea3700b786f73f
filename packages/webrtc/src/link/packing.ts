/**
 * Small messages as what they differ in from those before (rule WI7): whoever types sends nearly the same again and again, and so
 * do those who say how far they have got.
 *
 * A packed message is steps, each a number of new bytes and then a number of bytes that are copied from what was sent
 * before. Copying goes on where it was: at first at the beginning of the message that the new one is like, and behind
 * new bytes as far on as these are long, as if they had replaced what stood there. A step may name another place.
 *
 * ```
 * step: place (1 bit) new (3 bits) copied (4 bits), [new - 7], [copied - 15], [distance from the end], new bytes
 * ```
 * The numbers in brackets are variable-length integers, and there only if needed.
 *
 * Invariant: both ends remember the same messages, since a lane keeps their order and every one of them is packed. What
 * breaks the format is a value, not an exception; nothing is allocated beyond the limit of a packed message.
 */
import * as encoding from 'lib0/encoding'
import { RecentMessages } from './recent-messages.js'

/** Larger ones are rare and gain little; this also bounds what a few bytes can be unpacked to. */
export const maxPackedBytes = 1024

const placeFlag = 0x80
const maxShortNew = 7
const maxShortCopied = 15
/** What a step costs, and what naming a place costs besides. */
const worthwhileBytes = 2
const placeBytes = 3
/** The places of so many bytes in a row are remembered, to be found again. */
const keyBytes = 4
const placesSize = 2048
/** Of two bytes of a variable-length integer; what is remembered may reach one further. */
const maxDistance = 2 ** 14 - 1

export interface Packed {
  /** The number of the message that it is like: 0 is the one before. */
  readonly like: number
  readonly steps: Uint8Array
}

export class Packer {
  readonly #recent = new RecentMessages()
  /** By key: behind everything that was ever there before the place. */
  readonly #places = new Float64Array(placesSize)

  /** @param message of at most `maxPackedBytes`. */
  pack(message: Uint8Array): Packed {
    const like = this.#mostLike(message)
    const steps = this.#steps(message, this.#recent.start(like))
    this.#remember(message)
    return { like, steps }
  }

  /** The one that has most bytes in the same places. */
  #mostLike(message: Uint8Array): number {
    let best = 0
    let most = -1
    for (let index = 0; index < this.#recent.named; index++) {
      const start = this.#recent.start(index)
      const length = Math.min(message.byteLength, this.#recent.end - start)
      let same = 0
      for (let i = 0; i < length; i++) if (this.#recent.at(start + i) === message[i]) same++
      if (same > most) {
        best = index
        most = same
      }
    }
    return best
  }

  #steps(message: Uint8Array, start: number): Uint8Array {
    const out = encoding.createEncoder()
    const { byteLength } = message
    let source = start
    let newFrom = 0
    let at = 0
    while (at < byteLength) {
      const aligned = this.#recent.matching(source + at - newFrom, message, at)
      const place = this.#find(message, at)
      const found = place === undefined ? 0 : this.#recent.matching(place, message, at)
      if (place !== undefined && found >= Math.max(aligned, worthwhileBytes) + placeBytes) {
        writeStep(out, message.subarray(newFrom, at), found, this.#recent.end - place)
        source = place + found
        at += found
        newFrom = at
      } else if (aligned >= worthwhileBytes || (aligned > 0 && at + aligned === byteLength)) {
        writeStep(out, message.subarray(newFrom, at), aligned)
        source += at - newFrom + aligned
        at += aligned
        newFrom = at
      } else at++
    }
    if (newFrom < byteLength) writeStep(out, message.subarray(newFrom), 0)
    return encoding.toUint8Array(out)
  }

  #find(message: Uint8Array, at: number): number | undefined {
    if (at + keyBytes > message.byteLength) return undefined
    const place = (this.#places[keyOf(message, at)] ?? 0) - 1 - this.#recent.forgotten
    return place < 0 || this.#recent.end - place > maxDistance ? undefined : place
  }

  #remember(message: Uint8Array): void {
    this.#recent.add(message)
    const first = this.#recent.start(0) + this.#recent.forgotten
    for (let at = 0; at + keyBytes <= message.byteLength; at++)
      this.#places[keyOf(message, at)] = first + at + 1
  }
}

export type Unpacked =
  | { readonly ok: true; readonly message: Uint8Array }
  | { readonly ok: false; readonly reason: string }

export class Unpacker {
  readonly #recent = new RecentMessages()

  unpack(like: number, steps: Uint8Array): Unpacked {
    if (like > 0 && like >= this.#recent.named) return refused('names a message that was not sent')
    const message = new Uint8Array(maxPackedBytes)
    const from = new Steps(steps)
    let source = this.#recent.start(like)
    let filled = 0
    while (!from.isAtEnd) {
      const { fresh, copied, distance } = from.next()
      if (from.isBroken) return refused('does not parse')
      if (filled + fresh.byteLength + copied > maxPackedBytes) return refused('is too long')
      message.set(fresh, filled)
      source = distance === undefined ? source + fresh.byteLength : this.#recent.end - distance
      if (copied > 0 && (source < 0 || source + copied > this.#recent.end))
        return refused('copies what was not sent')
      message.set(this.#recent.copy(source, copied), filled + fresh.byteLength)
      source += copied
      filled += fresh.byteLength + copied
    }
    const whole = message.slice(0, filled)
    this.#recent.add(whole)
    return { ok: true, message: whole }
  }
}

function writeStep(out: encoding.Encoder, fresh: Uint8Array, copied: number, distance?: number): void {
  const shortNew = Math.min(fresh.byteLength, maxShortNew)
  const shortCopied = Math.min(copied, maxShortCopied)
  encoding.writeUint8(out, (distance === undefined ? 0 : placeFlag) | (shortNew << 4) | shortCopied)
  if (shortNew === maxShortNew) encoding.writeVarUint(out, fresh.byteLength - maxShortNew)
  if (shortCopied === maxShortCopied) encoding.writeVarUint(out, copied - maxShortCopied)
  if (distance !== undefined) encoding.writeVarUint(out, distance)
  encoding.writeUint8Array(out, fresh)
}

interface Step {
  readonly fresh: Uint8Array
  readonly copied: number
  readonly distance: number | undefined
}

/** Reads steps. Beyond the end, or with a number that no honest sender writes, it is broken. */
class Steps {
  readonly #bytes: Uint8Array
  #at = 0
  isBroken = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength
  }

  next(): Step {
    const head = this.#byte()
    let fresh = (head >> 4) & maxShortNew
    let copied = head & maxShortCopied
    if (fresh === maxShortNew) fresh += this.#uint()
    if (copied === maxShortCopied) copied += this.#uint()
    const distance = (head & placeFlag) === 0 ? undefined : this.#uint()
    if (this.#at + fresh > this.#bytes.byteLength) this.isBroken = true
    const bytes = this.#bytes.subarray(this.#at, this.#at + fresh)
    this.#at += fresh
    return { fresh: bytes, copied, distance }
  }

  #byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) this.isBroken = true
    return value ?? 0
  }

  /** Of two bytes at most: more can not be copied or lie back. */
  #uint(): number {
    const low = this.#byte()
    if (low < 0x80) return low
    const high = this.#byte()
    if (high >= 0x80) this.isBroken = true
    return (low & 0x7f) | ((high & 0x7f) << 7)
  }
}

function keyOf(bytes: Uint8Array, at: number): number {
  let key = 0
  for (let i = at; i < at + keyBytes; i++) key = Math.imul(key ^ (bytes[i] ?? 0), 0x9e3779b1)
  return (key >>> 16) % placesSize
}

function refused(what: string): Unpacked {
  return { ok: false, reason: `a packed message that ${what}` }
}
