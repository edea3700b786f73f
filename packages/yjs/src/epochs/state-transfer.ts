/**
 * A base, and the tables that lead to it, on their way to a newcomer.
 *
 * The pieces of the base are cut where the content says, not where the transport would like it: so what travels are
 * parts of at most about `pieceBytes`, put together again on arrival. The lineages that the room stems from come first,
 * then the tables, oldest first, then
 * what carries late operations over the last cut.
 *
 * Invariant: the sender holds its own references. A cut in the middle of a transfer replaces what the structure
 * holds, and changes nothing of what is sent.
 */
import type { Naming, StatePiece } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type Crossing, decodeTable } from '../renumbering/index.js'
import type { History } from './history.js'
import type { Link } from './table-chain.js'

const KIND = { lineages: 0, table: 1, base: 2, crossing: 3 } as const
const KIND_BITS = 3
/** Flags beside the kind. */
const CONTINUES = 4
const LAST = 8
/** More than this put together from parts is not believed. */
const MAX_JOINED_BYTES = 2 ** 28
const EMPTY_UPDATE = Uint8Array.of(0, 0)

export class StateSender implements Iterator<StatePiece, undefined> {
  readonly #parts: { readonly kind: number; readonly bytes: Uint8Array }[]
  readonly #pieceBytes: number
  readonly #bytesTotal: number
  #bytesSent = 0
  #part = 0
  #offset = 0

  /** @param crossing what carries operations of the epoch before over the last cut, where some may come. */
  constructor(
    { lineages, pieces: base }: History,
    links: readonly Link[],
    crossing: Crossing | undefined,
    pieceBytes: number,
  ) {
    if (!(pieceBytes >= 1)) throw new Error(`A piece of ${pieceBytes} bytes is impossible`)
    const pieces = base.length === 0 ? [EMPTY_UPDATE] : base
    this.#parts = [
      { kind: KIND.lineages, bytes: encodeLineages(lineages) },
      ...links.map((link) => ({ kind: KIND.table, bytes: encodeLink(link) })),
      ...(crossing === undefined ? [] : [{ kind: KIND.crossing, bytes: crossing.encode() }]),
      ...pieces.map((bytes) => ({ kind: KIND.base, bytes })),
    ]
    this.#pieceBytes = pieceBytes
    this.#bytesTotal = this.#parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  next(): IteratorResult<StatePiece, undefined> {
    const part = this.#parts[this.#part]
    if (part === undefined) return { done: true, value: undefined }
    const end = Math.min(part.bytes.length, this.#offset + this.#pieceBytes)
    const continues = end < part.bytes.length
    const isLast = !continues && this.#part === this.#parts.length - 1
    const bytes = new Uint8Array(1 + end - this.#offset)
    bytes[0] = part.kind | (continues ? CONTINUES : 0) | (isLast ? LAST : 0)
    bytes.set(part.bytes.subarray(this.#offset, end), 1)
    this.#bytesSent += end - this.#offset
    this.#offset = continues ? end : 0
    if (!continues) this.#part++
    return { done: false, value: { bytes, progress: isLast ? 1 : this.#bytesSent / this.#bytesTotal } }
  }
}

export type Received =
  | { readonly kind: 'lineages'; readonly lineages: readonly string[] }
  | { readonly kind: 'table'; readonly link: Link }
  | { readonly kind: 'crossing'; readonly bytes: Uint8Array }
  | { readonly kind: 'base'; readonly update: Uint8Array }

export class StateReceiver {
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
    if (kind === KIND.base) {
      this.#isComplete = (head & LAST) !== 0
      return { kind: 'base', update: bytes }
    }
    if (kind === KIND.lineages) {
      const lineages = decodeLineages(bytes)
      return typeof lineages === 'string' ? lineages : { kind: 'lineages', lineages }
    }
    if (kind === KIND.crossing) return { kind: 'crossing', bytes }
    const link = decodeLink(bytes)
    return typeof link === 'string' ? link : { kind: 'table', link }
  }
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

function encodeLineages(lineages: readonly string[]): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, lineages.length)
  for (const lineage of lineages) encoding.writeVarString(out, lineage)
  return encoding.toUint8Array(out)
}

function decodeLineages(bytes: Uint8Array): string[] | string {
  const lineages: string[] = []
  try {
    const decoder = decoding.createDecoder(bytes)
    for (let left = decoding.readVarUint(decoder); left > 0; left--)
      lineages.push(decoding.readVarString(decoder))
    return lineages
  } catch (error) {
    return `the lineages of the state can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
}

function encodeLink({ from, bytes }: Link): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, from.length)
  for (const { lineage, epoch } of from) {
    encoding.writeVarString(out, lineage)
    encoding.writeVarUint(out, epoch)
  }
  encoding.writeUint8Array(out, bytes)
  return encoding.toUint8Array(out)
}

function decodeLink(bytes: Uint8Array): Link | string {
  const from: Naming[] = []
  let rest: Uint8Array
  try {
    const decoder = decoding.createDecoder(bytes)
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      from.push({ lineage: decoding.readVarString(decoder), epoch: decoding.readVarUint(decoder) })
    }
    // A copy: the table outlives the message it came in.
    rest = decoding.readTailAsUint8Array(decoder).slice()
  } catch (error) {
    return `a table of the state can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
  const table = decodeTable(rest)
  return typeof table === 'string' ? table : { from, bytes: rest }
}
