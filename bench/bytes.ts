/** Byte strings, and how small they get. */
import { gzipSync } from 'node:zlib'

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** As browsers compress, too: CompressionStream has no levels, and works like this one. */
export function gzipBytes(bytes: Uint8Array): number {
  return gzipSync(bytes).length
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
