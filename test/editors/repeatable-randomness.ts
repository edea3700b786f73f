/**
 * Lets a page draw everything from one seed: client ids, replica ids, waiting times. To be imported before all else,
 * because libraries hold on to the functions that they find when they are loaded.
 */
let state = 1

/** mulberry32 */
function next(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return (mixed ^ (mixed >>> 14)) >>> 0
}

export function seedRandomness(seed: number): void {
  state = seed
}

Math.random = () => next() / 2 ** 32

Crypto.prototype.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
  if (array === null) throw new TypeError('an array is needed')
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() & 0xff
  return array
}
