/**
 * A document as storage keeps it: records, each of which is what the document's ids mean or an update.
 *
 * Of what they mean the last record counts. The updates, applied in order, make the document in the naming that it was
 * in at the end; the first of an author it does not know begins above what that author did below the base.
 *
 * What a base is made of is not kept, and neither is what late operations would need: nobody comes back as a member. A
 * restored document founds the room, with all it holds as the base, or is led to what the room holds.
 */
import type { Naming } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type History, NO_HISTORY } from '../epochs/history.js'
import { decodeLinks, type Link, TableChain } from '../epochs/table-chain.js'

const KIND = { meaning: 0, update: 1 } as const
const FORMAT = 1

export interface StoredDocument {
  /** Undefined: ids are never renumbered. */
  readonly history: History | undefined
  readonly updates: readonly Uint8Array[]
}

export function encodeMeaning(history: History | undefined): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, KIND.meaning)
  encoding.writeVarUint(out, FORMAT)
  encoding.writeUint8(out, history === undefined ? 0 : 1)
  if (history !== undefined) writeHistory(out, history)
  return encoding.toUint8Array(out)
}

export function encodeUpdateRecord(update: Uint8Array): Uint8Array {
  const record = new Uint8Array(1 + update.length)
  record[0] = KIND.update
  record.set(update, 1)
  return record
}

/** @returns why these records are no document, if they are not. */
export function readStored(records: readonly Uint8Array[]): StoredDocument | string {
  let meaning: { readonly history: History | undefined } | undefined
  const updates: Uint8Array[] = []
  for (const record of records) {
    const [kind] = record
    if (kind === KIND.update) updates.push(record.subarray(1))
    else if (kind === KIND.meaning) {
      const read = readMeaning(record)
      if (typeof read === 'string') return read
      meaning = read
    } else return `a record is of the unknown kind ${kind}`
  }
  return meaning === undefined ? 'no record says what the ids mean' : { ...meaning, updates }
}

function readMeaning(record: Uint8Array): { readonly history: History | undefined } | string {
  try {
    const from = decoding.createDecoder(record.subarray(1))
    const format = decoding.readVarUint(from)
    if (format !== FORMAT) return `it is written in format ${format}, and this version reads format ${FORMAT}`
    return { history: decoding.readUint8(from) === 0 ? undefined : readHistory(from) }
  } catch (error) {
    return `what its ids mean can not be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

function writeHistory(out: encoding.Encoder, { namings, client, lineages, chain }: History): void {
  writeNamings(out, namings)
  encoding.writeVarUint(out, client)
  encoding.writeVarUint(out, lineages.length)
  for (const lineage of lineages) encoding.writeVarString(out, lineage)
  encoding.writeVarUint(out, chain.links.length)
  for (const { from, bytes } of chain.links) {
    writeNamings(out, from)
    encoding.writeVarUint8Array(out, bytes)
  }
}

function readHistory(from: decoding.Decoder): History {
  const namings = readNamings(from)
  const client = decoding.readVarUint(from)
  const lineages = readList(from, decoding.readVarString)
  const links = readList(from, (decoder): Link => {
    return { from: readNamings(decoder), bytes: decoding.readVarUint8Array(decoder).slice() }
  })
  // Throws where one is broken, and not when it is needed.
  decodeLinks(links)
  return { ...NO_HISTORY, namings, client, lineages, chain: new TableChain(links) }
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

export function* batchesOf(updates: readonly Uint8Array[]): Generator<Uint8Array[]> {
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
