/**
 * All chance in a process, made repeatable: replica ids, Yjs client ids and jitter come from a seed while this is on.
 */
import * as prng from 'lib0/prng'

let generator = prng.create(1)

/** From here on the same calls give the same values. */
export function reseed(seed: number): void {
  generator = prng.create(seed)
}

/** @returns a function that brings real chance back. */
export function takeOverRandomness(): () => void {
  const { random } = Math
  const { getRandomValues } = crypto
  Math.random = () => prng.real53(generator)
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    if (array === null) return array
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    for (let i = 0; i < bytes.length; i++) bytes[i] = prng.int31(generator, 0, 255)
    return array
  }
  return () => {
    Math.random = random
    crypto.getRandomValues = getRandomValues
  }
}
