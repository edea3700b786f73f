/**
 * Writing any part of a struct in Yjs' V1 format.
 *
 * Yjs itself can start in the middle of a struct, but always writes it to the end (`Item.write`). A state that
 * travels in small pieces must also end in the middle: at a byte budget, or at a clock that later text has been
 * merged across. The layout is that of yjs 13.6, src/structs/Item.js and src/utils/encoding.js.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import type { Struct, StructStore } from './store.js'

const HAS_ORIGIN = 0x80
const HAS_RIGHT_ORIGIN = 0x40
const HAS_PARENT_SUB = 0x20
const GC_REF = 0

/** Names of root types. `Y.findRootTypeKey` searches all of them at every call, quadratic in documents with many. */
export class RootNames {
  readonly store: Y.Doc['store']
  readonly #share: Y.Doc['share']
  readonly #names = new Map<unknown, string>()

  constructor(doc: Y.Doc) {
    this.store = doc.store
    this.#share = doc.share
  }

  of(type: unknown): string {
    if (!this.#names.has(type)) {
      for (const [name, root] of this.#share) this.#names.set(root, name)
    }
    const name = this.#names.get(type)
    if (name === undefined) throw new Error('A root type is not listed in its document')
    return name
  }
}

/**
 * How many of a struct's units, from `offset` up to at most `end`, take about `budgetBytes`: at least one, and
 * everything if the content can not be cut (or takes no more when long).
 */
export function unitsWithin(struct: Struct, offset: number, end: number, budgetBytes: number): number {
  const content = struct instanceof Y.Item ? struct.content : undefined
  if (end - offset === 1) return 1
  if (content instanceof Y.ContentString) return charsWithin(content.str, offset, end, budgetBytes)
  if (content instanceof Y.ContentAny) {
    return elementsWithin(content.arr, offset, end, budgetBytes, encodedBytes)
  }
  if (content instanceof Y.ContentJSON) {
    return elementsWithin(content.arr, offset, end, budgetBytes, (value) => jsonText(value).length)
  }
  return end - offset
}

function charsWithin(text: string, offset: number, end: number, budgetBytes: number): number {
  if ((end - offset) * 3 <= budgetBytes) return end - offset
  let at = offset
  for (let bytes = 0; at < end && (bytes < budgetBytes || at === offset); at++) {
    const code = text.charCodeAt(at)
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3
  }
  // A pair must stay together: encoding a half of it would write a replacement character.
  if (at < end && isPairAcross(text, at)) at += at - 1 > offset ? -1 : 1
  return at - offset
}

function isPairAcross(text: string, at: number): boolean {
  return (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00
}

function elementsWithin(
  values: readonly unknown[],
  offset: number,
  end: number,
  budgetBytes: number,
  bytesOf: (value: unknown) => number,
): number {
  let at = offset
  for (let bytes = 0; at < end && (bytes < budgetBytes || at === offset); at++) bytes += bytesOf(values[at])
  return at - offset
}

function encodedBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  const encoder = encoding.createEncoder()
  encoding.writeAny(encoder, value as encoding.AnyEncodable)
  return encoding.length(encoder)
}

function jsonText(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value)
}

/**
 * Whether a struct was written into a type of which nothing is left but an object that somebody held on to. What it
 * names may be named differently by now, or not at all; to everybody else it is a struct without content.
 */
export function isInCollected(struct: Struct, store: StructStore): boolean {
  // Yjs deletes at once what is written there.
  if (!(struct instanceof Y.Item && struct.deleted)) return false
  const holder = parentItemOf(struct)
  if (holder === null) return false
  const { client, clock } = holder.id
  return clock >= Y.getState(store, client) || Y.getItem(store, holder.id) !== holder
}

/** Writes the units of `struct` from `offset` up to `end` (exclusive; the struct's length at most). */
export function writeStructPart(
  encoder: Y.UpdateEncoderV1,
  struct: Struct,
  offset: number,
  end: number,
  roots: RootNames,
): void {
  if (struct instanceof Y.GC || isInCollected(struct, roots.store)) {
    encoder.writeInfo(GC_REF)
    encoder.writeLen(end - offset)
    return
  }
  const origin = offset > 0 ? Y.createID(struct.id.client, struct.id.clock + offset - 1) : struct.origin
  const { rightOrigin, parentSub, content } = struct
  encoder.writeInfo(
    content.getRef() |
      (origin === null ? 0 : HAS_ORIGIN) |
      (rightOrigin === null ? 0 : HAS_RIGHT_ORIGIN) |
      (parentSub === null ? 0 : HAS_PARENT_SUB),
  )
  if (origin !== null) encoder.writeLeftID(origin)
  if (rightOrigin !== null) encoder.writeRightID(rightOrigin)
  if (origin === null && rightOrigin === null) {
    const parentItem = parentItemOf(struct)
    encoder.writeParentInfo(parentItem === null)
    if (parentItem === null) encoder.writeString(roots.of(struct.parent))
    else encoder.writeLeftID(parentItem.id)
    if (parentSub !== null) encoder.writeString(parentSub)
  }
  writeContentPart(encoder, content, offset, end)
}

/** The item that holds the type an integrated item lies in, null for a root type. */
export function parentItemOf(item: Y.Item): Y.Item | null {
  if (item.parent === null || item.parent instanceof Y.ID) throw new Error('An integrated item has no parent')
  return item.parent._item
}

function writeContentPart(
  encoder: Y.UpdateEncoderV1,
  content: Y.Item['content'],
  offset: number,
  end: number,
): void {
  if (end === content.getLength()) {
    content.write(encoder, offset)
  } else if (content instanceof Y.ContentString) {
    encoder.writeString(content.str.slice(offset, end))
  } else if (content instanceof Y.ContentAny) {
    encoder.writeLen(end - offset)
    for (const value of content.arr.slice(offset, end)) encoder.writeAny(value)
  } else if (content instanceof Y.ContentJSON) {
    encoder.writeLen(end - offset)
    for (const value of content.arr.slice(offset, end)) encoder.writeString(jsonText(value))
  } else if (content instanceof Y.ContentDeleted) {
    encoder.writeLen(end - offset)
  } else {
    throw new Error(`Content ${content.constructor.name} can not be cut`)
  }
}
