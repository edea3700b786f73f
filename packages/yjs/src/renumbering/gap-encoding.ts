/**
 * The gaps of a translation table as bytes, each at its first use: what is alike stands side by side, and what is as
 * expected is 0.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Gap } from './translation-table.js'

/** Flags. */
const IN_ROOT = 1
const IN_MAP = 2
const AT_END = 4

/** Roots and keys, each written once. */
class NameWriter {
  readonly #numbers = new Map<string, number>()
  readonly #out = encoding.createEncoder()

  numberOf(name: string): number {
    let number = this.#numbers.get(name)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(name, number)
      encoding.writeVarString(this.#out, name)
    }
    return number
  }

  get bytes(): Uint8Array {
    return encoding.toUint8Array(this.#out)
  }
}

export class GapWriter {
  readonly #names = new NameWriter()
  readonly #flags = encoding.createEncoder()
  readonly #lefts = encoding.createEncoder()
  readonly #rights = encoding.createEncoder()
  readonly #parents = encoding.createEncoder()
  #parent = 0

  /** @param expected where the next survivor would be, if nothing lay between. */
  add({ left, right, parent, parentSub }: Gap, expected: number): void {
    const isRoot = typeof parent === 'string'
    const start = left === null ? 0 : left + 1
    const flags = (isRoot ? IN_ROOT : 0) | (parentSub === null ? 0 : IN_MAP) | (right === null ? AT_END : 0)
    encoding.writeUint8(this.#flags, flags)
    encoding.writeVarInt(this.#lefts, start - expected)
    if (right !== null) encoding.writeVarInt(this.#rights, right - start)
    if (isRoot) encoding.writeVarUint(this.#parents, this.#names.numberOf(parent))
    else {
      encoding.writeVarInt(this.#parents, parent - this.#parent)
      this.#parent = parent
    }
    if (parentSub !== null) encoding.writeVarUint(this.#parents, this.#names.numberOf(parentSub))
  }

  get columns(): Uint8Array[] {
    const columns = [this.#flags, this.#lefts, this.#rights, this.#parents]
    return [...columns.map(encoding.toUint8Array), this.#names.bytes]
  }
}

/** Throws where a gap lies at a place that no base has. */
export class GapReader {
  readonly #flags: decoding.Decoder
  readonly #lefts: decoding.Decoder
  readonly #rights: decoding.Decoder
  readonly #parents: decoding.Decoder
  readonly #names: string[] = []
  #parent = 0

  /** @param column the next one of those that a {@link GapWriter} has written. */
  constructor(column: () => decoding.Decoder) {
    this.#flags = column()
    this.#lefts = column()
    this.#rights = column()
    this.#parents = column()
    const names = column()
    while (decoding.hasContent(names)) this.#names.push(decoding.readVarString(names))
  }

  read(expected: number): Gap {
    const flags = decoding.readUint8(this.#flags)
    const start = expected + decoding.readVarInt(this.#lefts)
    const right = flags & AT_END ? null : start + decoding.readVarInt(this.#rights)
    const parent = flags & IN_ROOT ? this.#name() : this.#container()
    const parentSub = flags & IN_MAP ? this.#name() : null
    if (start < 0 || (right !== null && right < 0)) throw new Error('a gap lies at an impossible place')
    return { left: start === 0 ? null : start - 1, right, parent, parentSub }
  }

  #container(): number {
    this.#parent += decoding.readVarInt(this.#parents)
    if (this.#parent < 0) throw new Error('a gap lies in an impossible place')
    return this.#parent
  }

  #name(): string {
    const name = this.#names[decoding.readVarUint(this.#parents)]
    if (name === undefined) throw new Error('a gap names what is not there')
    return name
  }
}
