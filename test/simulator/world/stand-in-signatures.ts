/**
 * Signatures that cost nothing and are the same in every run. Nobody in a schedule forges: what is to be seen is that whoever
 * keeps to the rules is never taken for a forger, and that nothing waits for ever for grounds.
 */
import type { ReplicaId, Signatures } from '@tidemark/core'

export function standInSignatures(id: ReplicaId): Signatures {
  return {
    sign: (statement) => mark(id, statement),
    verify: (replica, statement, signature) =>
      mark(replica, statement).every((byte, i) => byte === signature[i]),
  }
}

function mark(id: ReplicaId, statement: Uint8Array): Uint8Array {
  let hash = 0x811c9dc5
  const take = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  for (let i = 0; i < id.length; i++) take(id.charCodeAt(i))
  for (const byte of statement) take(byte)
  return Uint8Array.of(hash, hash >>> 8, hash >>> 16, hash >>> 24)
}
