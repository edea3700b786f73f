/**
 * Values that appear in many messages, over lib0's encoding.
 *
 * Replica ids go through a table: the first mention writes the id, later ones its number. Reading throws a
 * WireError at the first value out of bounds; `codec.ts` turns that into a refusal.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { ReplicaId } from '../causality/operation.js'
import { HISTORY_HASH_BYTES, MAX_ID_LENGTH, MAX_SIGNATURE_BYTES } from './limits.js'

export class WireError extends Error {
  override name = 'WireError'
}

export class Writer {
  readonly encoder = encoding.createEncoder()
  private readonly ids = new Map<ReplicaId, number>()

  uint(value: number): void {
    encoding.writeVarUint(this.encoder, value)
  }

  flag(value: boolean): void {
    encoding.writeUint8(this.encoder, value ? 1 : 0)
  }

  text(value: string): void {
    encoding.writeVarString(this.encoder, value)
  }

  bytes(value: Uint8Array): void {
    encoding.writeVarUint8Array(this.encoder, value)
  }

  /** Several flags in one byte, the first one being its lowest bit. */
  flags(...values: boolean[]): void {
    this.uint(values.reduce((bits, value, place) => bits + (value ? 2 ** place : 0), 0))
  }

  id(id: ReplicaId): void {
    const known = this.ids.get(id)
    this.uint(known ?? this.ids.size)
    if (known !== undefined) return
    this.ids.set(id, this.ids.size)
    this.text(id)
  }

  list<T>(items: Iterable<T>, count: number, write: (item: T) => void): void {
    this.uint(count)
    for (const item of items) write(item)
  }

  vector(vector: ReadonlyMap<ReplicaId, number>): void {
    this.list(vector, vector.size, ([id, value]) => {
      this.id(id)
      this.uint(value)
    })
  }

  finish(): Uint8Array {
    return encoding.toUint8Array(this.encoder)
  }
}

const ID_PATTERN = /^[A-Za-z0-9_-]{4,43}$/

export function isReplicaId(text: string): boolean {
  return text.length <= MAX_ID_LENGTH && ID_PATTERN.test(text)
}

export class Reader {
  private readonly decoder: decoding.Decoder
  private readonly ids: ReplicaId[] = []

  constructor(bytes: Uint8Array) {
    this.decoder = decoding.createDecoder(bytes)
  }

  uint(): number {
    return decoding.readVarUint(this.decoder)
  }

  flag(): boolean {
    // lib0 checks the end of the frame everywhere but for single bytes.
    if (this.remaining < 1) throw new WireError('flag beyond the end')
    const value = decoding.readUint8(this.decoder)
    if (value > 1) throw new WireError('flag out of range')
    return value === 1
  }

  flags(count: number): boolean[] {
    const bits = this.uint()
    if (bits >= 2 ** count) throw new WireError('flag out of range')
    return Array.from({ length: count }, (_, place) => (bits & (2 ** place)) !== 0)
  }

  signature(): Uint8Array {
    const bytes = this.bytes(MAX_SIGNATURE_BYTES)
    if (bytes.length === 0) throw new WireError('signature of no bytes')
    return bytes
  }

  historyHash(): Uint8Array {
    const bytes = this.bytes(HISTORY_HASH_BYTES)
    if (bytes.length !== HISTORY_HASH_BYTES) throw new WireError('hash of another length')
    return bytes
  }

  text(maxLength: number): string {
    const text = decoding.readVarString(this.decoder)
    if (text.length > maxLength) throw new WireError('text too long')
    return text
  }

  /** A copy, so that one small payload does not keep a whole frame in memory. */
  bytes(maxLength = Number.POSITIVE_INFINITY): Uint8Array {
    const length = this.uint()
    if (length > this.remaining) throw new WireError('bytes beyond the end')
    if (length > maxLength) throw new WireError('too many bytes')
    return decoding.readUint8Array(this.decoder, length).slice()
  }

  id(): ReplicaId {
    const index = this.uint()
    const known = this.ids[index]
    if (known !== undefined) return known
    if (index !== this.ids.length) throw new WireError('unknown id number')
    const id = this.text(MAX_ID_LENGTH)
    if (!isReplicaId(id)) throw new WireError('malformed id')
    this.ids.push(id)
    return id
  }

  /** Every item takes a byte at least, so a count can not make us allocate more than arrived. */
  list<T>(read: () => T, maxCount = Number.POSITIVE_INFINITY): T[] {
    const count = this.uint()
    if (count > maxCount) throw new WireError('list too long')
    if (count > this.remaining) throw new WireError('list longer than the frame')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  vector(): Map<ReplicaId, number> {
    const entries = this.list((): [ReplicaId, number] => [this.id(), this.uint()])
    const vector = new Map(entries)
    if (vector.size !== entries.length) throw new WireError('id twice in a vector')
    return vector
  }

  end(): void {
    if (this.remaining > 0) throw new WireError('trailing bytes')
  }

  private get remaining(): number {
    return this.decoder.arr.length - this.decoder.pos
  }
}
