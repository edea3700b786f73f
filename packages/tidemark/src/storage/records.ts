/**
 * What a provider keeps beside the document: under which names it was in the room, and the base it was at. Records of
 * these kinds stand among those of the document, which has kinds of its own below 16.
 */
import type { FormerBase, ReplicaId } from '@tidemark/core'
import { readStored, type StoredDocument } from '@tidemark/yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const KIND = { replicaIds: 16, base: 17 } as const

export interface Kept {
  readonly document: StoredDocument
  /** All that were ever set aside for this device, oldest first. */
  readonly replicaIds: readonly ReplicaId[]
  readonly base: FormerBase | undefined
}

export function encodeReplicaIds(ids: readonly ReplicaId[]): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, KIND.replicaIds)
  for (const id of ids) encoding.writeVarString(out, id)
  return encoding.toUint8Array(out)
}

export function encodeBase({ lineage, epoch, hash }: FormerBase): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, KIND.base)
  encoding.writeVarString(out, lineage)
  encoding.writeVarUint(out, epoch)
  encoding.writeVarString(out, hash)
  return encoding.toUint8Array(out)
}

/** @returns why they can not be read, if they can not. Undefined: there are none. */
export function readKept(records: readonly Uint8Array[]): Kept | string | undefined {
  if (records.length === 0) return undefined
  const ofDocument: Uint8Array[] = []
  const replicaIds: ReplicaId[] = []
  let base: FormerBase | undefined
  try {
    for (const record of records) {
      const from = decoding.createDecoder(record)
      const kind = record.length === 0 ? undefined : decoding.readUint8(from)
      if (kind === KIND.replicaIds) {
        while (decoding.hasContent(from)) replicaIds.push(decoding.readVarString(from))
      } else if (kind === KIND.base) base = readBase(from)
      else ofDocument.push(record)
    }
  } catch (error) {
    return `a record can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
  const document = readStored(ofDocument)
  return typeof document === 'string' ? document : { document, replicaIds, base }
}

function readBase(from: decoding.Decoder): FormerBase {
  return {
    lineage: decoding.readVarString(from),
    epoch: decoding.readVarUint(from),
    hash: decoding.readVarString(from),
  }
}
