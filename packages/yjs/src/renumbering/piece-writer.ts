/**
 * Writes the structs of a base, one client's in order, as updates of about a given size.
 *
 * Invariant: where a piece ends depends on the units of content before it and on nothing else, not on how they
 * arrived in runs; never within a surrogate pair. A piece is longer than asked for only by a unit that can not
 * be cut.
 *
 * Half of a surrogate pair is written as U+FFFD, as Yjs' own encoding does; joining two halves must not make
 * a character out of them here, which nobody else has.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

type Content = Y.Item['content']

/** About what a struct takes besides its content. */
const HEAD_BYTES = 12
const LONE_SURROGATE = /\p{Surrogate}/gu

export class PieceWriter {
  readonly #client: number
  readonly #pieceBytes: number
  readonly #pieces: Uint8Array[] = []
  #encoder = new Y.UpdateEncoderV1()
  #structs = 0
  #firstClock = 0
  /** Taken and not yet written. */
  #openBytes = 0

  constructor(client: number, pieceBytes: number) {
    if (!(pieceBytes >= 1)) throw new Error(`A piece of ${pieceBytes} bytes is impossible`)
    this.#client = client
    this.#pieceBytes = pieceBytes
  }

  get isFull(): boolean {
    return this.#room <= 0
  }

  get #room(): number {
    return this.#pieceBytes - encoding.length(this.#encoder.restEncoder) - this.#openBytes
  }

  /**
   * As much of a content as still fits into the piece, which is not full, and at least one unit; what is left of it, if
   * anything. To be written as part of the next struct.
   */
  takeUnits(content: Content, beginsStruct: boolean): { content: Content; left: Content | undefined } {
    if (beginsStruct) this.#openBytes += HEAD_BYTES
    const room = Math.max(this.#room, 1)
    if (content instanceof Y.ContentString) return this.#takeText(content, room)
    if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON)
      return this.#takeValues(content, room)
    return { content, left: undefined }
  }

  #takeText(content: Y.ContentString, room: number): { content: Content; left: Content | undefined } {
    const { str } = content
    let at = 0
    let bytes = 0
    let isWellFormed = true
    while (at < str.length && bytes < room) {
      const code = str.charCodeAt(at++)
      if (code < 0x80) bytes++
      else if (code < 0x800) bytes += 2
      else if (code < 0xd800 || code > 0xdfff) bytes += 3
      else if (code < 0xdc00 && (str.charCodeAt(at) & 0xfc00) === 0xdc00) {
        at++
        bytes += 4
      } else {
        isWellFormed = false
        bytes += 3
      }
    }
    this.#openBytes += bytes
    if (at === str.length && isWellFormed) return { content, left: undefined }
    const taken = str.slice(0, at)
    return {
      content: new Y.ContentString(isWellFormed ? taken : taken.replace(LONE_SURROGATE, '\ufffd')),
      left: at === str.length ? undefined : new Y.ContentString(str.slice(at)),
    }
  }

  #takeValues(
    content: Y.ContentAny | Y.ContentJSON,
    room: number,
  ): { content: Content; left: Content | undefined } {
    const { arr } = content
    let at = 0
    let bytes = 0
    while (at < arr.length && bytes < room) bytes += valueBytes(arr[at++])
    this.#openBytes += bytes
    if (at === arr.length) return { content, left: undefined }
    const make = (values: unknown[]) =>
      content instanceof Y.ContentAny ? new Y.ContentAny(values) : new Y.ContentJSON(values)
    return { content: make(arr.slice(0, at)), left: make(arr.slice(at)) }
  }

  /** Structs come with consecutive clocks. */
  write(item: Y.Item): void {
    if (this.#structs === 0) this.#firstClock = item.id.clock
    item.write(this.#encoder, 0)
    this.#structs++
    this.#openBytes = 0
  }

  endPiece(): void {
    if (this.#structs === 0) return
    const out = encoding.createEncoder()
    encoding.writeVarUint(out, 1)
    encoding.writeVarUint(out, this.#structs)
    encoding.writeVarUint(out, this.#client)
    encoding.writeVarUint(out, this.#firstClock)
    encoding.writeBinaryEncoder(out, this.#encoder.restEncoder)
    encoding.writeVarUint(out, 0)
    this.#pieces.push(encoding.toUint8Array(out))
    this.#encoder = new Y.UpdateEncoderV1()
    this.#structs = 0
  }

  finish(): readonly Uint8Array[] {
    this.endPiece()
    return this.#pieces
  }
}

/** Whether a run that ends with `left` can go on with `right` in one struct. */
export function joinable(left: Content | undefined, right: Content): boolean {
  if (left === undefined) return true
  return (
    left.constructor === right.constructor &&
    (right instanceof Y.ContentString || right instanceof Y.ContentAny || right instanceof Y.ContentJSON)
  )
}

export function joined(contents: readonly Content[]): Content {
  const [first] = contents
  if (first === undefined) throw new Error('There is nothing to be joined')
  if (contents.length === 1) return first
  if (first instanceof Y.ContentString) {
    return new Y.ContentString(contents.map((content) => (content as Y.ContentString).str).join(''))
  }
  const values = contents.flatMap((content) => content.getContent())
  return first instanceof Y.ContentJSON ? new Y.ContentJSON(values) : new Y.ContentAny(values)
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 2 + value.length
  if (typeof value === 'number') return Number.isInteger(value) ? 4 : 9
  if (typeof value !== 'object' || value === null) return 2
  const encoder = encoding.createEncoder()
  encoding.writeAny(encoder, value as encoding.AnyEncodable)
  return encoding.length(encoder)
}
