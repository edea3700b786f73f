/**
 * Tells bytes that were damaged from those that were written: FNV-1a of 32 bits, by words, as it is taken whenever a
 * document is opened. Against nobody who means it.
 */
export function checksum(bytes: Uint8Array): number {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length - (bytes.length % 4)
  let sum = 0x811c9dc5
  for (let at = 0; at < end; at += 4) sum = Math.imul(sum ^ words.getUint32(at), 0x01000193)
  for (let at = end; at < bytes.length; at++) sum = Math.imul(sum ^ words.getUint8(at), 0x01000193)
  return sum >>> 0
}
