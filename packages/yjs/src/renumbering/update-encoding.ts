/**
 * Encoding structs that belong to no document, in Yjs' formats (yjs 13.6, src/utils/encoding.js): what was decoded and
 * changed, or made from scratch.
 *
 * Invariant: the structs of a client are ascending and leave no hole; the order of the clients is Yjs' own.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import type { IdRanges } from '../id-ranges.js'

export type DecodedStruct = Y.Item | Y.GC | Y.Skip

/** An operation's structs by client, ascending. */
export type Sections = ReadonlyMap<number, readonly DecodedStruct[]>

/** The structs at and above where each client's begin to count; no section is empty, none begins with a gap. */
export function sectionsOf(
  structs: readonly DecodedStruct[],
  from: (client: number) => number,
): Map<number, DecodedStruct[]> {
  const sections = new Map<number, DecodedStruct[]>()
  for (const struct of structs) {
    const fresh = partFrom(struct, from(struct.id.client))
    if (fresh === undefined) continue
    const section = sections.get(struct.id.client)
    if (section !== undefined) section.push(fresh)
    else if (!(fresh instanceof Y.Skip)) sections.set(struct.id.client, [fresh])
  }
  return sections
}

function partFrom(struct: DecodedStruct, clock: number): DecodedStruct | undefined {
  const offset = clock - struct.id.clock
  if (offset <= 0) return struct
  if (offset >= struct.length) return undefined
  const { client } = struct.id
  const id = Y.createID(client, clock)
  if (struct instanceof Y.GC) return new Y.GC(id, struct.length - offset)
  if (struct instanceof Y.Skip) return new Y.Skip(id, struct.length - offset)
  const origin = Y.createID(client, clock - 1)
  return new Y.Item(id, null, origin, null, struct.rightOrigin, null, null, struct.content.splice(offset))
}

export function encodeUpdate(
  structs: ReadonlyMap<number, readonly DecodedStruct[]>,
  deletes: IdRanges,
): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  const out = encoder.restEncoder
  writeStructs(encoder, structs)
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

/** In the V2 format, which is shorter where there are many structs with little content. Without deletions. */
export function encodeStructsV2(structs: ReadonlyMap<number, readonly DecodedStruct[]>): Uint8Array {
  const encoder = new Y.UpdateEncoderV2()
  writeStructs(encoder, structs)
  encoding.writeVarUint(encoder.restEncoder, 0)
  return encoder.toUint8Array()
}

function writeStructs(
  encoder: Y.UpdateEncoderV1 | Y.UpdateEncoderV2,
  structs: ReadonlyMap<number, readonly DecodedStruct[]>,
): void {
  const out = encoder.restEncoder
  const sections = [...structs].filter(([, ofClient]) => ofClient.length > 0)
  encoding.writeVarUint(out, sections.length)
  for (const [client, ofClient] of sections.sort(([a], [b]) => b - a)) {
    encoding.writeVarUint(out, ofClient.length)
    encoder.writeClient(client)
    encoding.writeVarUint(out, ofClient[0]?.id.clock ?? 0)
    for (const struct of ofClient) struct.write(encoder, 0)
  }
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
