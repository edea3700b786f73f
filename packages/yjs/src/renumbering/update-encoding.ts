/**
 * Encoding structs that belong to no document, in Yjs' V1 format (yjs 13.6, src/utils/encoding.js): what was
 * decoded and changed, or made from scratch.
 *
 * Invariant: the structs of a client are ascending and leave no hole; the order of the clients is Yjs' own.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import type { IdRanges } from '../id-ranges.js'

export type DecodedStruct = Y.Item | Y.GC | Y.Skip

export function encodeUpdate(
  structs: ReadonlyMap<number, readonly DecodedStruct[]>,
  deletes: IdRanges,
): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  const out = encoder.restEncoder
  const sections = [...structs].filter(([, ofClient]) => ofClient.length > 0)
  encoding.writeVarUint(out, sections.length)
  for (const [client, ofClient] of sections.sort(([a], [b]) => b - a)) {
    encoding.writeVarUint(out, ofClient.length)
    encoding.writeVarUint(out, client)
    encoding.writeVarUint(out, ofClient[0]?.id.clock ?? 0)
    for (const struct of ofClient) struct.write(encoder, 0)
  }
  const clients = [...deletes.clients()].sort((a, b) => b - a)
  encoding.writeVarUint(out, clients.length)
  for (const client of clients) {
    const ranges = deletes.of(client)
    encoding.writeVarUint(out, client)
    encoding.writeVarUint(out, ranges.length)
    for (const { clock, end } of ranges) {
      encoding.writeVarUint(out, clock)
      encoding.writeVarUint(out, end - clock)
    }
  }
  return encoder.toUint8Array()
}

/** The parent of an item in no document: the name of a root type, or the id of the item that holds the type. */
export type LooseParent = string | Y.ID | null

/** Yjs gives and takes root names here (`decodeUpdate`, `Item.write`), and does not declare it. */
export function looseParent(item: Y.Item): LooseParent {
  const parent: unknown = item.parent
  if (parent === null || typeof parent === 'string' || parent instanceof Y.ID) return parent
  throw new Error('An item taken from an update lies in a document')
}

export function setLooseParent(item: Y.Item, parent: LooseParent): void {
  item.parent = parent as Y.ID | null
}

export function newLooseItem(
  id: Y.ID,
  origin: Y.ID | null,
  parent: LooseParent,
  parentSub: string | null,
  content: Y.Item['content'],
): Y.Item {
  return new Y.Item(id, null, origin, null, null, parent as Y.ID | null, parentSub, content)
}
