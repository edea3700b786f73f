/**
 * A document's state in pieces: V1 updates of about a given size, made one at a time.
 *
 * Invariant: each piece can be applied once those before it are, with nothing left waiting. So structs go out
 * in an order in which each follows what it names (its origins, its parent, its client's earlier structs); that
 * is Yjs' own order of integration (src/utils/encoding.js, `integrateStructs`), here as a walk that can pause.
 * A piece carries the deletions of its own structs, as they are when it is made.
 *
 * The document may change between two pieces in any way. What is remembered are clocks; what is written after
 * the start has clocks at or above the state vector taken then, and stays out.
 */
import type { StatePiece } from '@tidemark/core'
import * as Y from 'yjs'
import { type Struct, StructCursor, stateVector } from './store.js'
import { isInCollected, parentItemOf, RootNames, unitsWithin } from './struct-part.js'
import { UpdateWriter } from './update-writer.js'

/** A client whose structs up to `until` (inclusive) are needed before the walk can go on below it. */
interface Need {
  readonly client: number
  readonly until: number
}

export class StatePieces implements Iterator<StatePiece, undefined> {
  readonly #doc: Y.Doc
  readonly #pieceBytes: number
  readonly #target: ReadonlyMap<number, number>
  readonly #sent = new Map<number, number>()
  /** Clients not yet sent completely, ascending: Yjs integrates conflicts fastest from the highest id down. */
  readonly #clients: number[]
  readonly #needs: Need[] = []
  readonly #unitsTotal: number
  #unitsSent = 0
  #done = false

  constructor(doc: Y.Doc, pieceBytes: number) {
    if (!(pieceBytes >= 1)) throw new Error(`A piece of ${pieceBytes} bytes is impossible`)
    this.#doc = doc
    this.#pieceBytes = pieceBytes
    this.#target = stateVector(doc.store)
    this.#clients = [...this.#target.keys()].sort((a, b) => a - b)
    this.#unitsTotal = [...this.#target.values()].reduce((sum, clock) => sum + clock, 0)
  }

  next(): IteratorResult<StatePiece, undefined> {
    if (this.#done) return { done: true, value: undefined }
    const writer = new UpdateWriter(new RootNames(this.#doc))
    const cursors = new Map<number, StructCursor>()
    while (writer.isEmpty || writer.bytes < this.#pieceBytes) {
      const client = this.#nextClient()
      if (client === undefined) break
      const cursor = this.#cursor(cursors, client)
      const missing = this.#missing(cursor.struct)
      if (missing === undefined) this.#send(writer, cursor)
      else this.#require(missing)
    }
    this.#done = this.#unitsSent === this.#unitsTotal
    const progress = this.#done ? 1 : this.#unitsSent / this.#unitsTotal
    return { done: false, value: { bytes: writer.finish(), progress } }
  }

  #sentOf(client: number): number {
    return this.#sent.get(client) ?? 0
  }

  #nextClient(): number | undefined {
    for (let need = this.#needs.at(-1); need !== undefined; need = this.#needs.at(-1)) {
      if (this.#sentOf(need.client) <= need.until) return need.client
      this.#needs.pop()
    }
    for (let client = this.#clients.at(-1); client !== undefined; client = this.#clients.at(-1)) {
      if (this.#sentOf(client) < this.#targetOf(client)) return client
      this.#clients.pop()
    }
    return undefined
  }

  #targetOf(client: number): number {
    return this.#target.get(client) ?? 0
  }

  /** The client's first struct not yet sent. */
  #cursor(cursors: Map<number, StructCursor>, client: number): StructCursor {
    const clock = this.#sentOf(client)
    const known = cursors.get(client)
    if (known === undefined) {
      const cursor = new StructCursor(this.#doc.store, client, clock)
      cursors.set(client, cursor)
      return cursor
    }
    if (known.struct.id.clock + known.struct.length <= clock) known.advance()
    return known
  }

  /** An id the struct's unsent part names and that has not been sent. */
  #missing(struct: Struct): Y.ID | undefined {
    if (!(struct instanceof Y.Item) || isInCollected(struct, this.#doc.store)) return undefined
    const fromStart = this.#sentOf(struct.id.client) <= struct.id.clock
    const { origin, rightOrigin } = struct
    if (rightOrigin !== null && !this.#isSent(rightOrigin)) return rightOrigin
    if (!fromStart) return undefined
    if (origin !== null) return this.#isSent(origin) ? undefined : origin
    if (rightOrigin !== null) return undefined
    const parentItem = parentItemOf(struct)
    return parentItem === null || this.#isSent(parentItem.id) ? undefined : parentItem.id
  }

  #isSent(id: Y.ID): boolean {
    return id.clock < this.#sentOf(id.client)
  }

  #require(id: Y.ID): void {
    if (id.clock >= this.#targetOf(id.client) || this.#needs.length > this.#target.size) {
      throw new Error(
        `The document has no order in which ${id.client}:${id.clock} comes before what names it`,
      )
    }
    this.#needs.push({ client: id.client, until: id.clock })
  }

  #send(writer: UpdateWriter, cursor: StructCursor): void {
    const { struct } = cursor
    const { client, clock } = struct.id
    const offset = this.#sentOf(client) - clock
    const last = Math.min(struct.length, this.#targetOf(client) - clock)
    const units = unitsWithin(struct, offset, last, this.#pieceBytes - writer.bytes)
    writer.addStruct(struct, offset, offset + units)
    this.#sent.set(client, clock + offset + units)
    this.#unitsSent += units
  }
}
