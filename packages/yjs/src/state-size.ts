/**
 * About how many bytes a document's state takes when encoded.
 *
 * Invariant: the figure is never older than a change of 1% of the document's clock units (typed or deleted), and
 * a document that has not changed is not walked again. Ids are counted as they are written; values and characters
 * beyond ASCII are guessed. Nothing is encoded.
 */
import * as Y from 'yjs'
import type { Struct } from './store.js'
import { parentItemOf } from './struct-part.js'

const STALE_SHARE = 0.01
/** Looking the name up for every struct would cost more than it is worth. */
const ROOT_NAME_BYTES = 8

export class StateSize {
  readonly #doc: Y.Doc
  #bytes = 0
  #unitsMeasured = -1
  #unitsDeletedSince = 0

  constructor(doc: Y.Doc) {
    this.#doc = doc
  }

  noteDeletions(transaction: Y.Transaction): void {
    for (const ranges of transaction.deleteSet.clients.values()) {
      for (const { len } of ranges) this.#unitsDeletedSince += len
    }
  }

  get bytes(): number {
    const { store } = this.#doc
    let units = 0
    for (const client of store.clients.keys()) units += Y.getState(store, client)
    const changed = units - this.#unitsMeasured + this.#unitsDeletedSince
    if (this.#unitsMeasured < 0 || changed > units * STALE_SHARE) {
      this.#bytes = measure(store)
      this.#unitsMeasured = units
      this.#unitsDeletedSince = 0
    }
    return this.#bytes
  }
}

function measure(store: Y.Doc['store']): number {
  let bytes = 2
  for (const [client, structs] of store.clients) {
    bytes += 2 * (varUintBytes(client) + varUintBytes(structs.length))
    let deletedBefore = false
    for (const struct of structs) {
      bytes += structBytes(struct)
      if (struct.deleted && !deletedBefore)
        bytes += varUintBytes(struct.id.clock) + varUintBytes(struct.length)
      deletedBefore = struct.deleted
    }
  }
  return bytes
}

function structBytes(struct: Struct): number {
  if (!(struct instanceof Y.Item)) return 1 + varUintBytes(struct.length)
  const { origin, rightOrigin, content } = struct
  let head = 1
  if (origin !== null) head += idBytes(origin)
  if (rightOrigin !== null) head += idBytes(rightOrigin)
  if (origin === null && rightOrigin === null) {
    const parentItem = parentItemOf(struct)
    head +=
      1 + (parentItem === null ? ROOT_NAME_BYTES : idBytes(parentItem.id)) + (struct.parentSub?.length ?? 0)
  }
  return head + contentBytes(content)
}

function contentBytes(content: Y.Item['content']): number {
  if (content instanceof Y.ContentString) return stringBytes(content.str)
  if (content instanceof Y.ContentDeleted) return varUintBytes(content.len)
  if (content instanceof Y.ContentBinary) return varUintBytes(content.content.length) + content.content.length
  if (content instanceof Y.ContentFormat) return stringBytes(content.key) + valueBytes(content.value)
  if (content instanceof Y.ContentEmbed) return valueBytes(content.embed)
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) {
    return 1 + content.arr.reduce<number>((sum, value) => sum + valueBytes(value), 0)
  }
  return 1
}

function idBytes(id: Y.ID): number {
  return varUintBytes(id.client) + varUintBytes(id.clock)
}

function varUintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5
}

function stringBytes(text: string): number {
  return varUintBytes(text.length) + text.length
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 1 + stringBytes(value)
  if (typeof value === 'number') return Number.isInteger(value) ? 1 + varUintBytes(Math.abs(value) * 2) : 9
  if (value instanceof Uint8Array) return 3 + value.length
  if (typeof value !== 'object' || value === null) return 1
  let bytes = 2
  for (const [key, inner] of Object.entries(value)) {
    bytes += (Array.isArray(value) ? 0 : key.length + 1) + valueBytes(inner)
  }
  return bytes
}
