/**
 * Puts together one V1 update out of parts of structs and ranges of deletions.
 *
 * Invariant: the parts of one client are added in the order of their clocks and without gaps, because an update
 * has room for one section per client (Yjs' reader keeps only the last of two). What an update needs besides
 * itself is up to whoever chooses the parts.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { IdRanges } from './id-ranges.js'
import type { Struct } from './store.js'
import { type RootNames, writeStructPart } from './struct-part.js'

interface Section {
  readonly clock: number
  /** The clock after what is in it. */
  end: number
  structs: number
  readonly encoder: Y.UpdateEncoderV1
}

/** Rough sizes of a section's head and of one range of deletions, for the byte budget. */
const SECTION_HEAD_BYTES = 12
const DELETE_RANGE_BYTES = 6

export class UpdateWriter {
  readonly #roots: RootNames
  readonly #sections = new Map<number, Section>()
  readonly #deletes = new IdRanges()
  #bytes = 2

  constructor(roots: RootNames) {
    this.#roots = roots
  }

  /** About how long the update is so far. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#sections.size === 0 && this.#deletes.isEmpty
  }

  /** Adds a struct's units from `offset` up to `end`, and their deletion if the struct is deleted. */
  addStruct(struct: Struct, offset: number, end: number): void {
    const { client, clock } = struct.id
    const section = this.#section(client, clock + offset)
    const before = encoding.length(section.encoder.restEncoder)
    writeStructPart(section.encoder, struct, offset, end, this.#roots)
    section.structs++
    section.end = clock + end
    this.#bytes += encoding.length(section.encoder.restEncoder) - before
    if (struct.deleted) this.addDelete(client, clock + offset, end - offset)
  }

  addDelete(client: number, clock: number, length: number): void {
    if (this.#deletes.add(client, clock, length)) this.#bytes += DELETE_RANGE_BYTES
  }

  finish(): Uint8Array {
    const out = encoding.createEncoder()
    encoding.writeVarUint(out, this.#sections.size)
    for (const [client, section] of descending(this.#sections)) {
      encoding.writeVarUint(out, section.structs)
      encoding.writeVarUint(out, client)
      encoding.writeVarUint(out, section.clock)
      encoding.writeBinaryEncoder(out, section.encoder.restEncoder)
    }
    this.#writeDeletes(out)
    return encoding.toUint8Array(out)
  }

  #section(client: number, clock: number): Section {
    const known = this.#sections.get(client)
    if (known !== undefined) {
      if (known.end !== clock)
        throw new Error(`Structs of ${client} leave a gap from ${known.end} to ${clock}`)
      return known
    }
    const section = { clock, end: clock, structs: 0, encoder: new Y.UpdateEncoderV1() }
    this.#sections.set(client, section)
    this.#bytes += SECTION_HEAD_BYTES
    return section
  }

  #writeDeletes(out: encoding.Encoder): void {
    const clients = [...this.#deletes.clients()].sort((a, b) => b - a)
    encoding.writeVarUint(out, clients.length)
    for (const client of clients) {
      const ranges = this.#deletes.of(client)
      encoding.writeVarUint(out, client)
      encoding.writeVarUint(out, ranges.length)
      for (const { clock, end } of ranges) {
        encoding.writeVarUint(out, clock)
        encoding.writeVarUint(out, end - clock)
      }
    }
  }
}

/** Higher client ids first, as Yjs writes them. */
function descending<T>(entries: ReadonlyMap<number, T>): [number, T][] {
  return [...entries].sort(([a], [b]) => b - a)
}
