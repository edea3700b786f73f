/**
 * The document at a cut as far as places go: which items there were, and between what they were written. The content is
 * left out, so what one author wrote in one go is one struct, whatever became of it.
 *
 * Whoever comes into a room after a cut needs it as long as operations of the naming before can arrive.
 */
import * as Y from 'yjs'
import { isParked } from '../store.js'
import { RootNames } from '../struct-part.js'
import type { TranslationTable } from './translation-table.js'
import { type DecodedStruct, encodeStructsV2, type LooseParent, newLooseItem } from './update-encoding.js'

export function encodeSkeleton(doc: Y.Doc, table: TranslationTable): Uint8Array {
  const roots = new RootNames(doc)
  const sections = new Map<number, DecodedStruct[]>()
  for (const [client, structs] of doc.store.clients) {
    const end = table.endOf(client)
    const section: DecodedStruct[] = []
    for (const struct of structs) {
      if (struct.id.clock >= end) break
      const bone = boneOf(struct, Math.min(struct.length, end - struct.id.clock), roots)
      const last = section.at(-1)
      if (!(last instanceof Y.Item && bone instanceof Y.Item && grow(last, bone))) section.push(bone)
    }
    if (section.length > 0) sections.set(client, section)
  }
  return encodeStructsV2(sections)
}

function boneOf(struct: Y.Item | Y.GC, length: number, roots: RootNames): DecodedStruct {
  const id = Y.createID(struct.id.client, struct.id.clock)
  if (!(struct instanceof Y.Item)) return new Y.GC(id, length)
  const { content, origin, rightOrigin, parentSub } = struct
  const isFirst = origin === null && rightOrigin === null
  const bone = newLooseItem(
    id,
    origin,
    isFirst ? placeOf(struct, roots) : null,
    isFirst ? parentSub : null,
    content instanceof Y.ContentType ? content : new Y.ContentDeleted(length),
  )
  bone.rightOrigin = rightOrigin
  return bone
}

function placeOf({ parent }: Y.Item, roots: RootNames): LooseParent {
  if (!(parent instanceof Y.AbstractType)) throw new Error('An integrated item has no parent')
  return parent._item === null ? roots.of(parent) : parent._item.id
}

/** Whether `next`, written directly after `last`, has become a part of it. */
function grow(last: Y.Item, next: Y.Item): boolean {
  if (!(last.content instanceof Y.ContentDeleted && next.content instanceof Y.ContentDeleted)) return false
  if (!Y.compareIDs(next.origin, last.lastId) || !Y.compareIDs(next.rightOrigin, last.rightOrigin))
    return false
  last.content.len += next.content.len
  last.length += next.length
  return true
}

/**
 * This encoding stores what repeats itself once, however often that is: a few bytes may stand for millions of structs. Each has
 * a unit at least, and no document is so regular for long.
 */
function boundedDecoder(bytes: number, table: TranslationTable): typeof Y.UpdateDecoderV2 {
  let units = 0
  for (const client of table.clients.keys()) units += table.endOf(client)
  let left = Math.min(units, MAX_REGULAR_STRUCTS + MAX_STRUCTS_PER_BYTE * bytes)
  return class extends Y.UpdateDecoderV2 {
    override readInfo(): number {
      if (left-- <= 0) throw new Error('it holds more structs than it can have')
      return super.readInfo()
    }
  }
}

const MAX_REGULAR_STRUCTS = 1_000_000
const MAX_STRUCTS_PER_BYTE = 16

/** @returns why this is no skeleton of the document that the table leads from, if it is not. */
export function decodeSkeleton(bytes: Uint8Array, table: TranslationTable): Y.Doc | string {
  const doc = new Y.Doc({ gc: false })
  try {
    Y.applyUpdateV2(doc, bytes, undefined, boundedDecoder(bytes.length, table))
  } catch (error) {
    return `the skeleton can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
  if (isParked(doc.store)) return 'the skeleton names what it does not hold'
  for (const client of new Set([...table.clients.keys(), ...doc.store.clients.keys()])) {
    if (Y.getState(doc.store, client) !== table.endOf(client))
      return `the skeleton and the table differ in how far client ${client} goes`
  }
  return doc
}
