/**
 * A translation table as bytes, to be kept for those who come back later.
 *
 * Invariant: one table has one encoding, and only that encoding decodes: whatever names a place, gap or order
 * that a table made by `flatten` could not have is refused.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import {
  type ClientRuns,
  DEAD,
  type Gap,
  goneAt,
  TableBuilder,
  type TranslationTable,
} from './translation-table.js'

const VERSION = 1

const KIND = { dead: 0, gone: 1, live: 2 } as const

/** Clocks stay below this, as in the gate. */
const MAX_CLOCK = 2 ** 31

export function encodeTable(table: TranslationTable): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, VERSION)
  encoding.writeVarUint(out, table.client)
  encoding.writeVarUint(out, table.gaps.length)
  for (const gap of table.gaps) writeGap(out, gap)
  encoding.writeVarUint(out, table.clients.size)
  for (const [client, runs] of [...table.clients].sort(([a], [b]) => a - b)) {
    encoding.writeVarUint(out, client)
    writeRuns(out, runs)
  }
  return encoding.toUint8Array(out)
}

function writeGap(out: encoding.Encoder, { left, right, parent, parentSub }: Gap): void {
  encoding.writeVarUint(out, left === null ? 0 : left + 1)
  encoding.writeVarUint(out, right === null ? 0 : right + 1)
  encoding.writeUint8(out, (typeof parent === 'string' ? 1 : 0) | (parentSub === null ? 0 : 2))
  if (typeof parent === 'string') encoding.writeVarString(out, parent)
  else encoding.writeVarUint(out, parent)
  if (parentSub !== null) encoding.writeVarString(out, parentSub)
}

function writeRuns(out: encoding.Encoder, { clocks, fates, end }: ClientRuns): void {
  encoding.writeVarUint(out, clocks.length)
  // Survivors mostly follow one another, so a live run is written as the distance from the one before it.
  let expected = 0
  for (const [index, fate] of fates.entries()) {
    const length = (clocks[index + 1] ?? end) - (clocks[index] ?? 0)
    encoding.writeVarUint(out, length)
    if (fate === DEAD) {
      encoding.writeUint8(out, KIND.dead)
    } else if (fate < DEAD) {
      encoding.writeUint8(out, KIND.gone)
      encoding.writeVarUint(out, goneAt(fate))
    } else {
      encoding.writeUint8(out, KIND.live)
      encoding.writeVarInt(out, fate - expected)
      expected = fate + length
    }
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
  const gaps: Gap[] = []
  for (let left = decoding.readVarUint(from); left > 0; left--) gaps.push(readGap(from))
  const builder = new TableBuilder(client, gaps)
  for (let left = decoding.readVarUint(from); left > 0; left--) readRuns(from, builder)
  return builder.finish()
}

function readGap(from: decoding.Decoder): Gap {
  const left = decoding.readVarUint(from)
  const right = decoding.readVarUint(from)
  const flags = decoding.readUint8(from)
  const parent = flags & 1 ? decoding.readVarString(from) : decoding.readVarUint(from)
  const parentSub = flags & 2 ? decoding.readVarString(from) : null
  return { left: left === 0 ? null : left - 1, right: right === 0 ? null : right - 1, parent, parentSub }
}

function readRuns(from: decoding.Decoder, builder: TableBuilder): void {
  const client = decoding.readVarUint(from)
  let expected = 0
  let total = 0
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    const length = decoding.readVarUint(from)
    total += length
    if (length < 1 || total >= MAX_CLOCK) throw new Error('a run has an impossible length')
    const kind = decoding.readUint8(from)
    if (kind === KIND.dead) {
      builder.add(client, length, DEAD)
    } else if (kind === KIND.gone) {
      builder.add(client, length, goneAt(decoding.readVarUint(from)))
    } else if (kind === KIND.live) {
      const clock = expected + decoding.readVarInt(from)
      if (clock < 0 || clock + length >= MAX_CLOCK) throw new Error('a run leads to an impossible clock')
      builder.add(client, length, clock)
      expected = clock + length
    } else {
      throw new Error(`a run has the unknown kind ${kind}`)
    }
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
