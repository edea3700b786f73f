/** Numbers of one kind, side by side: what is alike packs well. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

export class ColumnWriter {
  readonly #out = encoding.createEncoder()

  uint(value: number): void {
    encoding.writeVarUint(this.#out, value)
  }

  int(value: number): void {
    encoding.writeVarInt(this.#out, value)
  }

  text(value: string): void {
    encoding.writeVarString(this.#out, value)
  }

  get bytes(): Uint8Array {
    return encoding.toUint8Array(this.#out)
  }
}

export class ColumnReader {
  readonly #from: decoding.Decoder

  constructor(bytes: Uint8Array) {
    this.#from = decoding.createDecoder(bytes)
  }

  get hasMore(): boolean {
    return decoding.hasContent(this.#from)
  }

  uint(): number {
    return decoding.readVarUint(this.#from)
  }

  int(): number {
    return decoding.readVarInt(this.#from)
  }

  text(): string {
    return decoding.readVarString(this.#from)
  }
}

/** @returns what gives the columns that were written one after the other. */
export function columnsOf(from: decoding.Decoder): () => ColumnReader {
  return () => new ColumnReader(decoding.readVarUint8Array(from))
}
