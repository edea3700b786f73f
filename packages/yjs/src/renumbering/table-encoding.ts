/**
 * A translation table as bytes, to be kept for those who come back later.
 *
 * What is alike stands side by side (lengths, distances, names), and what follows from what stands before it is written
 * as 0: so there is next to nothing left once it is packed. A gap is written where the first run names it; as a rule it
 * lies right behind the survivor before, and before the one that follows.
 *
 * Invariant: one table has one encoding, and only that encoding decodes: whatever names a place, gap or order
 * that a table made by `flatten` could not have is refused.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { GapReader, GapWriter } from './gap-encoding.js'
import {
  type ClientRuns,
  DEAD,
  type Gap,
  goneAt,
  TableBuilder,
  type TranslationTable,
} from './translation-table.js'

const VERSION = 2

const KIND = { dead: 0, gone: 1, live: 2 } as const

/** Clocks stay below this, as in the gate. */
const MAX_CLOCK = 2 ** 31

export function encodeTable(table: TranslationTable): Uint8Array {
  const writer = new TableWriter(table.gaps)
  for (const [client, runs] of [...table.clients].sort(([a], [b]) => a - b)) writer.add(client, runs)
  const out = encoding.createEncoder()
  encoding.writeUint8(out, VERSION)
  encoding.writeVarUint(out, table.client)
  for (const column of writer.columns) encoding.writeVarUint8Array(out, column)
  return encoding.toUint8Array(out)
}

class TableWriter {
  readonly #gaps: readonly Gap[]
  /** By the order of their first use. */
  readonly #places = new Map<number, number>()
  readonly #gapWriter = new GapWriter()
  readonly #clients = encoding.createEncoder()
  readonly #kinds = encoding.createEncoder()
  readonly #liveLengths = encoding.createEncoder()
  readonly #otherLengths = encoding.createEncoder()
  readonly #moves = encoding.createEncoder()
  readonly #uses = encoding.createEncoder()

  constructor(gaps: readonly Gap[]) {
    this.#gaps = gaps
  }

  add(client: number, { clocks, fates, end }: ClientRuns): void {
    encoding.writeVarUint(this.#clients, client)
    encoding.writeVarUint(this.#clients, clocks.length)
    // Survivors mostly follow one another, so a live run is written as the distance from the one before it.
    let expected = 0
    for (const [index, fate] of fates.entries()) {
      const length = (clocks[index + 1] ?? end) - (clocks[index] ?? 0)
      encoding.writeVarUint(fate > DEAD ? this.#liveLengths : this.#otherLengths, length)
      if (fate === DEAD) encoding.writeUint8(this.#kinds, KIND.dead)
      else if (fate < DEAD) {
        encoding.writeUint8(this.#kinds, KIND.gone)
        this.#use(goneAt(fate), expected)
      } else {
        encoding.writeUint8(this.#kinds, KIND.live)
        encoding.writeVarInt(this.#moves, fate - expected)
        expected = fate + length
      }
    }
  }

  /** A new gap is 0, the newest one 1, that before it 2, and so on. */
  #use(gap: number, expected: number): void {
    const place = this.#places.get(gap)
    const used = this.#places.size
    encoding.writeVarUint(this.#uses, place === undefined ? 0 : used - place)
    if (place !== undefined) return
    const unknown = this.#gaps[gap]
    if (unknown === undefined) throw new Error('A translation table names a gap it does not hold')
    this.#places.set(gap, used)
    this.#gapWriter.add(unknown, expected)
  }

  get columns(): Uint8Array[] {
    const own = [this.#clients, this.#kinds, this.#liveLengths, this.#otherLengths, this.#moves, this.#uses]
    return [...own.map(encoding.toUint8Array), ...this.#gapWriter.columns]
  }
}

/** @returns why these bytes are no table, if they are not. */
export function decodeTable(bytes: Uint8Array): TranslationTable | string {
  try {
    const table = readTable(decoding.createDecoder(bytes))
    return sameBytes(encodeTable(table), bytes) ? table : 'the translation table is not in its one encoding'
  } catch (error) {
    return `the translation table can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
}

function readTable(from: decoding.Decoder): TranslationTable {
  const version = decoding.readUint8(from)
  if (version !== VERSION) throw new Error(`version ${version} is unknown`)
  const client = decoding.readVarUint(from)
  return new TableReader(from).read(client)
}

class TableReader {
  readonly #clients: decoding.Decoder
  readonly #kinds: decoding.Decoder
  readonly #liveLengths: decoding.Decoder
  readonly #otherLengths: decoding.Decoder
  readonly #moves: decoding.Decoder
  readonly #uses: decoding.Decoder
  readonly #gapReader: GapReader
  readonly #gaps: Gap[] = []

  constructor(from: decoding.Decoder) {
    const column = () => decoding.createDecoder(decoding.readVarUint8Array(from))
    this.#clients = column()
    this.#kinds = column()
    this.#liveLengths = column()
    this.#otherLengths = column()
    this.#moves = column()
    this.#uses = column()
    this.#gapReader = new GapReader(column)
  }

  read(client: number): TranslationTable {
    const builder = new TableBuilder(client, this.#gaps)
    while (decoding.hasContent(this.#clients)) this.#readRuns(builder)
    return builder.finish()
  }

  #readRuns(builder: TableBuilder): void {
    const client = decoding.readVarUint(this.#clients)
    let expected = 0
    let total = 0
    for (let left = decoding.readVarUint(this.#clients); left > 0; left--) {
      const kind = decoding.readUint8(this.#kinds)
      const length = decoding.readVarUint(kind === KIND.live ? this.#liveLengths : this.#otherLengths)
      total += length
      if (length < 1 || total >= MAX_CLOCK) throw new Error('a run has an impossible length')
      if (kind === KIND.dead) builder.add(client, length, DEAD)
      else if (kind === KIND.gone) builder.add(client, length, goneAt(this.#readUse(expected)))
      else if (kind === KIND.live) {
        const clock = expected + decoding.readVarInt(this.#moves)
        if (clock < 0 || clock + length >= MAX_CLOCK) throw new Error('a run leads to an impossible clock')
        builder.add(client, length, clock)
        expected = clock + length
      } else throw new Error(`a run has the unknown kind ${kind}`)
    }
  }

  #readUse(expected: number): number {
    const back = decoding.readVarUint(this.#uses)
    if (back === 0) return this.#gaps.push(this.#gapReader.read(expected)) - 1
    if (back > this.#gaps.length) throw new Error('a run names a gap that is not there')
    return this.#gaps.length - back
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
