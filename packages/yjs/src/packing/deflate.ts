/**
 * DEFLATE (RFC 1951), at once, and by the same library everywhere: how small something gets is the same in all engines, so a
 * schedule of the simulator is, too.
 *
 * (What browsers come with answers later, and in between a document would have changed.)
 */
import { deflateSync, inflateSync } from 'fflate'

const LEVEL = 9

/** @param before what whoever unpacks it has got already. */
export function deflate(bytes: Uint8Array, before: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: LEVEL, ...dictionary(before) })
}

/**
 * @returns exactly `length` bytes, and never allocates room for many more.
 * @throws if the bytes are damaged, or something else comes out.
 */
export function inflate(smaller: Uint8Array, length: number, before: Uint8Array): Uint8Array {
  // With room for one more: otherwise what does not fit would be left out without a word.
  const out = new Uint8Array(length + 1)
  const bytes = inflateSync(smaller, { out, ...dictionary(before) })
  if (bytes.length !== length) throw new Error('something of another length comes out')
  return bytes
}

function dictionary(before: Uint8Array): { readonly dictionary?: Uint8Array } {
  return before.length === 0 ? {} : { dictionary: before }
}
