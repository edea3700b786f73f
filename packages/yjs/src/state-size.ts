/**
 * About how many bytes a document's state takes when encoded.
 *
 * Invariant: no call looks at more than `STRUCTS_PER_CALL` structs. The figure is that of the last complete walk
 * over the document; the next walk begins once 1% of the document's clock units has been typed or deleted, and
 * takes as many calls as the document has parts of that size. While more than half of the document is new to the
 * last walk (a state has just been loaded), the part walked so far speaks for the whole.
 *
 * Ids are counted as they are written; values and characters beyond ASCII are guessed. Nothing is encoded.
 */
import * as Y from 'yjs'
import { type Struct, StructCursor } from './store.js'
import { parentItemOf } from './struct-part.js'

const STALE_SHARE = 0.01
const UNKNOWN_SHARE = 0.5
const STRUCTS_PER_CALL = 20_000
/** Looking the name up for every struct would cost more than it is worth. */
const ROOT_NAME_BYTES = 8

export class StateSize {
  readonly #doc: Y.Doc
  #bytes = 0
  #unitsMeasured = 0
  #unitsDeletedSince = 0
  #walk: Walk | undefined
  /** Whether somebody else's figure stands in for a walk. */
  #isDue = false
  /** Whether the figure before the present walk says little about the document. */
  #wasUnknown = true

  constructor(doc: Y.Doc) {
    this.#doc = doc
  }

  /** The document has got another structure, of about so many bytes; that figure holds until it is walked over. */
  restart(bytes: number): void {
    this.#bytes = bytes
    this.#unitsMeasured = this.#units
    this.#unitsDeletedSince = 0
    this.#walk = undefined
    this.#isDue = true
  }

  noteDeletions(transaction: Y.Transaction): void {
    for (const ranges of transaction.deleteSet.clients.values()) {
      for (const { len } of ranges) this.#unitsDeletedSince += len
    }
  }

  get bytes(): number {
    const { store } = this.#doc
    const units = this.#units
    const changed = units - this.#unitsMeasured + this.#unitsDeletedSince
    if (this.#walk === undefined && (this.#isDue || changed > units * STALE_SHARE)) {
      this.#walk = new Walk(store)
      this.#unitsMeasured = units
      this.#unitsDeletedSince = 0
      this.#wasUnknown = !this.#isDue && changed > units * UNKNOWN_SHARE
      this.#isDue = false
    }
    this.#advance(units)
    return this.#bytes
  }

  get #units(): number {
    const { store } = this.#doc
    let units = 0
    for (const client of store.clients.keys()) units += Y.getState(store, client)
    return units
  }

  #advance(units: number): void {
    if (this.#walk === undefined) return
    const done = this.#walk.advance(STRUCTS_PER_CALL)
    if (done) this.#bytes = this.#walk.bytes
    else if (this.#wasUnknown) this.#bytes = Math.round((this.#walk.bytes * units) / this.#walk.units)
    if (done) this.#walk = undefined
  }
}

/** Goes over all structs, pausing anywhere: between two steps structs may be split, merged and replaced. */
class Walk {
  readonly #store: Y.Doc['store']
  readonly #clients: number[]
  #clock = 0
  #deletedBefore = false
  bytes = 2
  units = 0

  constructor(store: Y.Doc['store']) {
    this.#store = store
    this.#clients = [...store.clients.keys()]
  }

  /** @returns whether all is done. */
  advance(structs: number): boolean {
    let left = structs
    for (let client = this.#clients.at(-1); client !== undefined; client = this.#clients.at(-1)) {
      left = this.#advanceIn(client, left)
      if (left === 0) return false
      this.#clients.pop()
      this.#clock = 0
      this.#deletedBefore = false
    }
    return true
  }

  #advanceIn(client: number, structs: number): number {
    const end = Y.getState(this.#store, client)
    if (this.#clock === 0) this.bytes += 2 * varUintBytes(client) + 4
    if (this.#clock >= end) return structs
    const cursor = new StructCursor(this.#store, client, this.#clock)
    for (let left = structs; left > 0; left--) {
      const { struct } = cursor
      this.#add(struct)
      this.units += struct.id.clock + struct.length - this.#clock
      this.#clock = struct.id.clock + struct.length
      if (this.#clock >= end) return left - 1
      cursor.advance()
    }
    return 0
  }

  #add(struct: Struct): void {
    this.bytes += structBytes(struct)
    if (struct.deleted && !this.#deletedBefore) {
      this.bytes += varUintBytes(struct.id.clock) + varUintBytes(struct.length)
    }
    this.#deletedBefore = struct.deleted
  }
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
