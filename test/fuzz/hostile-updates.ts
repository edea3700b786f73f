/**
 * Yjs updates that no document writes: valid V1, as far as a decoder can tell, about ids that matter to the room.
 */
import fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

/** An id of the document under attack: of one of its clients, at a place relative to what it has of it. */
export interface RawId {
  readonly client: number
  readonly fromEnd: number
}

export interface RawStruct {
  readonly kind: 'text' | 'gc' | 'skip' | 'deleted' | 'type' | 'any' | 'format' | 'binary' | 'doc'
  readonly length: number
  readonly origin: RawId | undefined
  readonly rightOrigin: RawId | undefined
  readonly parent: RawId | 'text' | 'map' | 'list' | '__proto__' | 'other'
  readonly key: string | undefined
}

export interface HostileUpdate {
  readonly sections: readonly {
    /** Which client; beyond those that there are: a new one. */
    readonly client: number
    readonly fromEnd: number
    readonly structs: readonly RawStruct[]
  }[]
  readonly deletes: readonly { readonly id: RawId; readonly length: number }[]
  readonly isV2: boolean
}

const id: fc.Arbitrary<RawId> = fc.record({ client: fc.nat(7), fromEnd: fc.integer({ min: -20, max: 3 }) })
const someId = fc.option(id, { nil: undefined })
const length = fc.constantFrom(0, 1, 1, 1, 2, 3, 10, 10 ** 9, 2 ** 31 - 1)

const struct: fc.Arbitrary<RawStruct> = fc.record({
  kind: fc.constantFrom(
    'text' as const,
    'text' as const,
    'gc' as const,
    'skip' as const,
    'deleted' as const,
    'type' as const,
    'any' as const,
    'format' as const,
    'binary' as const,
    'doc' as const,
  ),
  length,
  origin: someId,
  rightOrigin: someId,
  parent: fc.oneof(
    fc.constantFrom('text' as const, 'map' as const, 'list' as const, '__proto__' as const, 'other' as const),
    id,
  ),
  key: fc.option(fc.constantFrom('bert', 'mona', 'key', '__proto__', 'constructor'), { nil: undefined }),
})

export const hostileUpdate: fc.Arbitrary<HostileUpdate> = fc.record({
  sections: fc.array(
    fc.record({
      client: fc.nat(7),
      fromEnd: fc.constantFrom(0, 0, 0, 0, -1, -3, 1, 5),
      structs: fc.array(struct, { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
  deletes: fc.array(fc.record({ id, length }), { maxLength: 3 }),
  isV2: fc.constantFrom(false, false, false, false, false, false, false, true),
})

/** @param store of the document that it is aimed at. */
export function encodeHostile({ sections, deletes, isV2 }: HostileUpdate, store: Y.Doc['store']): Uint8Array {
  const clients = [...store.clients.keys()]
  const clientOf = (index: number) => clients[index] ?? 7000 + index
  const idOf = ({ client, fromEnd }: RawId) => {
    const of = clientOf(client)
    return Y.createID(of, Math.max(0, Y.getState(store, of) + fromEnd))
  }
  const out = isV2 ? new Y.UpdateEncoderV2() : new Y.UpdateEncoderV1()
  encoding.writeVarUint(out.restEncoder, sections.length)
  for (const { client, fromEnd, structs } of sections) {
    const of = clientOf(client)
    encoding.writeVarUint(out.restEncoder, structs.length)
    out.writeClient(of)
    encoding.writeVarUint(out.restEncoder, Math.max(0, Y.getState(store, of) + fromEnd))
    for (const one of structs) writeStruct(out, one, idOf)
  }
  encoding.writeVarUint(out.restEncoder, deletes.length)
  for (const { id: at, length: size } of deletes) {
    const { client, clock } = idOf(at)
    encoding.writeVarUint(out.restEncoder, client)
    encoding.writeVarUint(out.restEncoder, 1)
    out.resetDsCurVal()
    out.writeDsClock(clock)
    out.writeDsLen(Math.max(isV2 ? 1 : 0, size))
  }
  return out.toUint8Array()
}

const REFS = { gc: 0, deleted: 1, binary: 3, text: 4, format: 6, type: 7, any: 8, doc: 9, skip: 10 } as const

function writeStruct(
  out: Y.UpdateEncoderV1 | Y.UpdateEncoderV2,
  { kind, length: size, origin, rightOrigin, parent, key }: RawStruct,
  idOf: (id: RawId) => Y.ID,
): void {
  const ref = REFS[kind]
  if (kind === 'gc') {
    out.writeInfo(ref)
    return out.writeLen(size)
  }
  if (kind === 'skip') {
    out.writeInfo(ref)
    return encoding.writeVarUint(out.restEncoder, size)
  }
  const isFirst = origin === undefined && rightOrigin === undefined
  out.writeInfo(
    ref | (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (isFirst && key !== undefined ? 0x20 : 0),
  )
  if (origin) out.writeLeftID(idOf(origin))
  if (rightOrigin) out.writeRightID(idOf(rightOrigin))
  if (isFirst) {
    out.writeParentInfo(typeof parent === 'string')
    if (typeof parent === 'string') out.writeString(parent)
    else out.writeLeftID(idOf(parent))
    if (key !== undefined) out.writeString(key)
  }
  switch (kind) {
    case 'text':
      return out.writeString('x'.repeat(Math.min(size, 10)))
    case 'deleted':
      return out.writeLen(size)
    case 'binary':
      return out.writeBuf(new Uint8Array(Math.min(size, 10)))
    case 'format':
      out.writeKey(key ?? 'bold')
      return out.writeJSON(size)
    case 'type':
      return out.writeTypeRef(size % 7)
    case 'doc':
      out.writeString('guid')
      return out.writeAny({ gc: size % 2 === 0, autoLoad: true })
    case 'any':
      out.writeLen(Math.min(size, 10))
      for (let i = 0; i < Math.min(size, 10); i++) out.writeAny({ i })
  }
}
