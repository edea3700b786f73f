/**
 * Ed25519 (RFC 8032) for replicas (protocol rule ID1): an id is a public key in base64url, and its secret key never leaves the closure that signs.
 *
 * Loaded only by who uses it. Synchronous, as core is; WebCrypto is not.
 */
import { hashes, keygen, sign, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import type { ReplicaId, Signatures } from '@tidemark/core'

const KEY_BYTES = 32

export interface Identity {
  readonly id: ReplicaId
  readonly signatures: Signatures
}

export function newIdentity(): Identity {
  hashes.sha512 = sha512
  const { secretKey, publicKey } = keygen()
  return {
    id: toText(publicKey),
    signatures: { sign: (statement) => sign(statement, secretKey), verify: isGenuine },
  }
}

function isGenuine(replica: ReplicaId, statement: Uint8Array, signature: Uint8Array): boolean {
  const key = keyOf(replica)
  if (key === undefined) return false
  try {
    // As RFC 8032 has it, which leaves out keys under which one signature holds for many statements.
    return verify(signature, statement, key, { zip215: false })
  } catch {
    return false
  }
}

function toText(key: Uint8Array): string {
  return btoa(String.fromCharCode(...key))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}

/** Undefined if it is none. There is one spelling of each. */
function keyOf(replica: ReplicaId): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(replica)) return undefined
  const text = atob(replica.replaceAll('-', '+').replaceAll('_', '/'))
  const key = Uint8Array.from(text, (character) => character.charCodeAt(0))
  return key.length === KEY_BYTES && toText(key) === replica ? key : undefined
}
