/**
 * A document as storage keeps it: records, each of which is what the document's ids mean, the tables that lead to that, or
 * an update.
 *
 * Of what they mean the last record counts, and of tables, too. The updates, applied in order, make the document in the
 * naming that it was in at the end; the first of an author it does not know begins above what that author did below the base.
 * Those that were written all at once are packed, each with the help of the one before; of those that were added, long ones,
 * each by itself. All that is packed has a checksum, and only that is looked at
 * when the records are read. Updates are unpacked one by one, tables when somebody needs them.
 *
 * What a base is made of is not kept, and neither is what late operations would need: nobody comes back as a member. A
 * restored document founds the room, with all it holds as the base, or is led to what the room holds.
 */
import type { Naming } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type History, NO_HISTORY } from '../epochs/history.js'
import { type Link, TableChain } from '../epochs/table-chain.js'
import { Packer, pack, Unpacker, unpack } from '../packing/packed.js'
import { checksum } from './checksum.js'

const KIND = { meaning: 0, update: 1, packedUpdate: 2, tables: 3, loneUpdate: 4 } as const
const FORMAT = 2
/** More is not believed to be one update. */
const MAX_UPDATE_BYTES = 2 ** 28
const SUM_BYTES = 4
/** Shorter ones are keystrokes: packing takes longer than it saves. */
const LONG_BYTES = 512

export interface StoredDocument {
  /** Undefined: ids are never renumbered. */
  readonly history: History | undefined
  /** Unpacked as they are read: all of a large document at once would hold up the page. */
  readonly updates: Iterable<Uint8Array>
}

export function encodeMeaning(history: History | undefined): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, KIND.meaning)
  encoding.writeVarUint(out, FORMAT)
  encoding.writeUint8(out, history === undefined ? 0 : 1)
  if (history !== undefined) writeHistory(out, history)
  return encoding.toUint8Array(out)
}

/** Of an update that is added to what is stored. */
export function encodeUpdateRecord(update: Uint8Array): Uint8Array {
  const isLong = update.length >= LONG_BYTES
  return isLong ? recordOf(KIND.loneUpdate, summed(pack(update))) : recordOf(KIND.update, update)
}

/** For updates that are only ever read together, in the order in which they were packed. */
export function updatePacking(): (update: Uint8Array) => Uint8Array {
  const packer = new Packer()
  return (update) => recordOf(KIND.packedUpdate, summed(packer.pack(update)))
}

export function encodeTables({ links }: TableChain): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeVarUint(out, links.length)
  for (const { from, packed } of links) {
    writeNamings(out, from)
    encoding.writeVarUint8Array(out, packed)
  }
  return recordOf(KIND.tables, summed(encoding.toUint8Array(out)))
}

/** Behind its checksum. */
function summed(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(SUM_BYTES + bytes.length)
  new DataView(all.buffer).setUint32(0, checksum(bytes))
  all.set(bytes, SUM_BYTES)
  return all
}

/** @throws if it is not what was written. */
function undamaged(all: Uint8Array): Uint8Array {
  const bytes = all.subarray(SUM_BYTES)
  const sum = new DataView(all.buffer, all.byteOffset, all.length).getUint32(0)
  if (sum !== checksum(bytes)) throw new Error('a record is damaged')
  return bytes
}

function recordOf(kind: number, bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(1 + bytes.length)
  record[0] = kind
  record.set(bytes, 1)
  return record
}

/** @returns why these records are no document, if they are not. */
export function readStored(records: readonly Uint8Array[]): StoredDocument | string {
  try {
    return read(records)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function read(records: readonly Uint8Array[]): StoredDocument {
  const updates = new StoredUpdates()
  let meaning: Uint8Array | undefined
  let tables: Uint8Array | undefined
  for (const record of records) {
    const [kind] = record
    const bytes = record.subarray(1)
    if (kind === KIND.update) updates.add(kind, bytes)
    else if (kind === KIND.packedUpdate || kind === KIND.loneUpdate) updates.add(kind, undamaged(bytes))
    else if (kind === KIND.tables) tables = bytes
    else if (kind === KIND.meaning) meaning = bytes
    else throw new Error(`a record is of the unknown kind ${kind}`)
  }
  if (meaning === undefined) throw new Error('no record says what the ids mean')
  const history = readMeaning(meaning)
  if (history === undefined || tables === undefined) return { history, updates }
  return { history: { ...history, chain: readTables(tables) }, updates }
}

class StoredUpdates implements Iterable<Uint8Array> {
  readonly #records: { readonly kind: number; readonly bytes: Uint8Array }[] = []

  add(kind: number, bytes: Uint8Array): void {
    this.#records.push({ kind, bytes })
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    const unpacker = new Unpacker()
    for (const { kind, bytes } of this.#records) {
      if (kind === KIND.update) yield bytes
      else if (kind === KIND.loneUpdate) yield sound(unpack(bytes, MAX_UPDATE_BYTES))
      else yield sound(unpacker.unpack(bytes, MAX_UPDATE_BYTES))
    }
  }
}

/** Its checksum was right: it is as it was written. */
function sound(update: Uint8Array | string): Uint8Array {
  if (typeof update === 'string') throw new Error(`A stored update is broken: ${update}`)
  return update
}

function readMeaning(bytes: Uint8Array): History | undefined {
  const from = decoding.createDecoder(bytes)
  const format = decoding.readVarUint(from)
  if (format !== FORMAT)
    throw new Error(`it is written in format ${format}, and this version reads format ${FORMAT}`)
  return decoding.readUint8(from) === 0 ? undefined : readHistory(from)
}

function readTables(bytes: Uint8Array): TableChain {
  const from = decoding.createDecoder(undamaged(bytes))
  const links = readList(from, (decoder): Link => {
    return { from: readNamings(decoder), packed: decoding.readVarUint8Array(decoder).slice() }
  })
  return new TableChain(links)
}

function writeHistory(out: encoding.Encoder, { namings, client, lineages }: History): void {
  writeNamings(out, namings)
  encoding.writeVarUint(out, client)
  encoding.writeVarUint(out, lineages.length)
  for (const lineage of lineages) encoding.writeVarString(out, lineage)
}

function readHistory(from: decoding.Decoder): History {
  const namings = readNamings(from)
  const client = decoding.readVarUint(from)
  const lineages = readList(from, decoding.readVarString)
  return { ...NO_HISTORY, namings, client, lineages }
}

function writeNamings(out: encoding.Encoder, namings: readonly Naming[]): void {
  encoding.writeVarUint(out, namings.length)
  for (const { lineage, epoch } of namings) {
    encoding.writeVarString(out, lineage)
    encoding.writeVarUint(out, epoch)
  }
}

function readNamings(from: decoding.Decoder): Naming[] {
  return readList(from, (decoder) => {
    return { lineage: decoding.readVarString(decoder), epoch: decoding.readVarUint(decoder) }
  })
}

function readList<T>(from: decoding.Decoder, read: (from: decoding.Decoder) => T): T[] {
  const list: T[] = []
  for (let left = decoding.readVarUint(from); left > 0; left--) list.push(read(from))
  return list
}

/** What is restored in one step: a transaction each, and a short task. */
const BATCH_BYTES = 64 * 1024
const BATCH_UPDATES = 500

export function* batchesOf(updates: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const update of updates) {
    batch.push(update)
    bytes += update.length
    if (bytes < BATCH_BYTES && batch.length < BATCH_UPDATES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
