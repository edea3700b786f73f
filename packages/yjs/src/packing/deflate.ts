/**
 * DEFLATE (RFC 1951), at once: by a library that works everywhere, or, in Node, by the zlib it comes with, which packs a little
 * better and needs no time to warm up. Either reads what the other one has written.
 *
 * (What browsers come with answers later, and in between a document would have changed.)
 */
import { deflateSync, inflateSync } from 'fflate'

const LEVEL = 9

export interface Deflate {
  /** @param before what whoever unpacks it has got already. */
  pack(bytes: Uint8Array, before: Uint8Array): Uint8Array
  /**
   * @returns exactly `length` bytes, and never allocates room for many more.
   * @throws if the bytes are damaged, or something else comes out.
   */
  unpack(packed: Uint8Array, length: number, before: Uint8Array): Uint8Array
}

export const portable: Deflate = {
  pack: (bytes, before) => deflateSync(bytes, { level: LEVEL, ...dictionary(before) }),
  unpack(packed, length, before) {
    // With room for one more: otherwise what does not fit would be left out without a word.
    const out = new Uint8Array(length + 1)
    return ofLength(inflateSync(packed, { out, ...dictionary(before) }), length)
  },
}

/** What is used of `node:zlib`: there are no types of Node here. */
interface Zlib {
  deflateRawSync(bytes: Uint8Array, options: object): Uint8Array
  inflateRawSync(bytes: Uint8Array, options: object): Uint8Array
}

/** Undefined where there is none: in a browser, and in Node before 20.16. */
export const native: Deflate | undefined = nativeOf(
  (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process?.getBuiltinModule?.(
    'node:zlib',
  ) as Zlib | undefined,
)

function nativeOf(zlib: Zlib | undefined): Deflate | undefined {
  if (typeof zlib?.inflateRawSync !== 'function') return undefined
  return {
    pack: (bytes, before) => plain(zlib.deflateRawSync(bytes, { level: LEVEL, ...dictionary(before) })),
    unpack(packed, length, before) {
      const options = { maxOutputLength: Math.max(1, length), ...dictionary(before) }
      return ofLength(plain(zlib.inflateRawSync(packed, options)), length)
    },
  }
}

function dictionary(before: Uint8Array): { readonly dictionary?: Uint8Array } {
  return before.length === 0 ? {} : { dictionary: before }
}

/** Not a Buffer, whose `slice` does not copy. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

function ofLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new Error('something of another length comes out')
  return bytes
}
