/**
 * A base, and the tables that lead to it, on their way to a newcomer.
 *
 * The pieces of the base are cut where the content says, not where the transport would like it: so what travels are
 * parts of at most about `pieceBytes`, put together again on arrival. The lineages that the room stems from come first,
 * then the tables, oldest first, then what carries late operations over the last cut, then the base.
 * All but the lineages are packed; several pieces of the base together, each group when its turn comes.
 *
 * Invariant: the sender holds its own references. A cut in the middle of a transfer replaces what the structure
 * holds, and changes nothing of what is sent.
 */
import type { Naming, StatePiece } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { Packer, Unpacker } from '../packing/packed.js'
import { packLong, unpackLong } from '../packing/packed-long.js'
import type { Crossing } from '../renumbering/index.js'
import type { History } from './history.js'
import { type Link, unpackTable } from './table-chain.js'

const KIND = { lineages: 0, table: 1, base: 2, crossing: 3 } as const
const KIND_BITS = 3
/** Flags beside the kind. */
const CONTINUES = 4
const LAST = 8
/** More than this put together from parts is not believed, packed or not. */
const MAX_JOINED_BYTES = 2 ** 28
/** Pieces of the base that are packed together: what is packed, or loaded, is one short task. */
const GROUP_BYTES = 32 * 1024
const EMPTY_UPDATE = Uint8Array.of(0, 0)

interface Part {
  readonly kind: number
  /** Unpacked: it only tells how far the transfer is. */
  readonly weight: number
  readonly encode: () => Uint8Array
}

export class StateSender implements Iterator<StatePiece, undefined> {
  readonly #parts: readonly Part[]
  readonly #pieceBytes: number
  readonly #weightTotal: number
  #weightSent = 0
  #part = 0
  /** Of the part. */
  #bytes: Uint8Array | undefined
  #offset = 0

  /** @param crossing what carries operations of the epoch before over the last cut, where some may come. */
  constructor(
    { lineages, pieces }: History,
    links: readonly Link[],
    crossing: Crossing | undefined,
    pieceBytes: number,
  ) {
    if (!(pieceBytes >= 1)) throw new Error(`A piece of ${pieceBytes} bytes is impossible`)
    const packer = new Packer()
    const base = pieces.length === 0 ? [EMPTY_UPDATE] : pieces
    this.#parts = [
      made(KIND.lineages, encodeLineages(lineages)),
      ...links.map((link) => made(KIND.table, encodeLink(link))),
      ...(crossing === undefined ? [] : [packedWhole(KIND.crossing, crossing.encode())]),
      ...groupsOf(base).map((group) => ({
        kind: KIND.base,
        weight: bytesIn(group),
        encode: () => packer.pack(encodeGroup(group)),
      })),
    ]
    this.#pieceBytes = pieceBytes
    this.#weightTotal = this.#parts.reduce((sum, { weight }) => sum + weight, 0)
  }

  next(): IteratorResult<StatePiece, undefined> {
    const part = this.#parts[this.#part]
    if (part === undefined) return { done: true, value: undefined }
    const whole = this.#bytes ?? part.encode()
    const end = Math.min(whole.length, this.#offset + this.#pieceBytes)
    const continues = end < whole.length
    const isLast = !continues && this.#part === this.#parts.length - 1
    const bytes = new Uint8Array(1 + end - this.#offset)
    bytes[0] = part.kind | (continues ? CONTINUES : 0) | (isLast ? LAST : 0)
    bytes.set(whole.subarray(this.#offset, end), 1)
    const sent = this.#weightSent + (part.weight * end) / whole.length
    this.#bytes = continues ? whole : undefined
    this.#offset = continues ? end : 0
    if (!continues) {
      this.#part++
      this.#weightSent += part.weight
    }
    return { done: false, value: { bytes, progress: isLast ? 1 : sent / this.#weightTotal } }
  }
}

function made(kind: number, bytes: Uint8Array): Part {
  return { kind, weight: bytes.length, encode: () => bytes }
}

function packedWhole(kind: number, bytes: Uint8Array): Part {
  return { kind, weight: bytes.length, encode: () => packLong(bytes) }
}

export type Received =
  | { readonly kind: 'lineages'; readonly lineages: readonly string[] }
  | { readonly kind: 'table'; readonly link: Link }
  | { readonly kind: 'crossing'; readonly bytes: Uint8Array }
  | { readonly kind: 'base'; readonly updates: readonly Uint8Array[] }

export class StateReceiver {
  readonly #unpacker = new Unpacker()
  #parts: Uint8Array[] = []
  #joinedBytes = 0
  #isComplete = false

  /** Whether the last piece has been read. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** @returns what is complete with this piece, nothing yet (undefined), or why the piece is refused. */
  add(piece: Uint8Array): Received | string | undefined {
    const head = piece[0]
    const kind = (head ?? 0) & KIND_BITS
    if (head === undefined || head >= 2 * LAST) return 'the piece of the state has an unknown kind'
    if (this.#isComplete) return 'a piece follows the last piece of the state'
    this.#joinedBytes += piece.length
    if (this.#joinedBytes > MAX_JOINED_BYTES) return 'the piece of the state is too long'
    this.#parts.push(piece.subarray(1))
    if (head & CONTINUES) return undefined
    const bytes = joined(this.#parts)
    this.#parts = []
    this.#joinedBytes = 0
    if (kind === KIND.base) return this.#base(bytes, (head & LAST) !== 0)
    return read(() => {
      if (kind === KIND.lineages) return { kind: 'lineages', lineages: decodeLineages(bytes) }
      if (kind === KIND.crossing)
        return { kind: 'crossing', bytes: sound(unpackLong(bytes, MAX_JOINED_BYTES)) }
      return { kind: 'table', link: decodeLink(bytes) }
    })
  }

  #base(bytes: Uint8Array, isLast: boolean): Received | string {
    return read(() => {
      const updates = decodeGroup(sound(this.#unpacker.unpack(bytes, MAX_JOINED_BYTES)))
      if (updates.length === 0) throw new Error('a part of the base is empty')
      this.#isComplete = isLast
      return { kind: 'base', updates }
    })
  }
}

/** @returns why it can not be read, if it can not. */
function read(decode: () => Received): Received | string {
  try {
    return decode()
  } catch (error) {
    return `a part of the state can not be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

function sound<T>(value: T | string): T {
  if (typeof value === 'string') throw new Error(value)
  return value
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function bytesIn(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

function groupsOf(pieces: readonly Uint8Array[]): Uint8Array[][] {
  const groups: Uint8Array[][] = []
  for (const piece of pieces) {
    const group = groups.at(-1)
    if (group !== undefined && bytesIn(group) + piece.length <= GROUP_BYTES) group.push(piece)
    else groups.push([piece])
  }
  return groups
}

function encodeGroup(pieces: readonly Uint8Array[]): Uint8Array {
  const out = encoding.createEncoder()
  for (const piece of pieces) encoding.writeVarUint8Array(out, piece)
  return encoding.toUint8Array(out)
}

function decodeGroup(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const from = decoding.createDecoder(bytes)
  while (decoding.hasContent(from)) pieces.push(decoding.readVarUint8Array(from).slice())
  return pieces
}

function encodeLineages(lineages: readonly string[]): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, lineages.length)
  for (const lineage of lineages) encoding.writeVarString(out, lineage)
  return encoding.toUint8Array(out)
}

function decodeLineages(bytes: Uint8Array): string[] {
  const lineages: string[] = []
  const decoder = decoding.createDecoder(bytes)
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    lineages.push(decoding.readVarString(decoder))
  }
  return lineages
}

function encodeLink({ from, packed }: Link): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, from.length)
  for (const { lineage, epoch } of from) {
    encoding.writeVarString(out, lineage)
    encoding.writeVarUint(out, epoch)
  }
  encoding.writeUint8Array(out, packed)
  return encoding.toUint8Array(out)
}

/** The table is looked at here, once: later it is taken to be one. */
function decodeLink(bytes: Uint8Array): Link {
  const from: Naming[] = []
  const decoder = decoding.createDecoder(bytes)
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    from.push({ lineage: decoding.readVarString(decoder), epoch: decoding.readVarUint(decoder) })
  }
  // A copy: the table outlives the message it came in.
  const packed = decoding.readTailAsUint8Array(decoder).slice()
  sound(unpackTable(packed))
  return { from, packed }
}
