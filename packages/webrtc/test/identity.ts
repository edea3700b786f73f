/** Identities of tests, by the cryptography of Node. */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { ReplicaId, Signatures } from '@tidemark/core'

export interface Identity {
  readonly id: ReplicaId
  readonly signatures: Signatures
}

export function newIdentity(): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { id: x, signatures: { sign: (statement) => sign(null, statement, privateKey), verify: isGenuine } }
}

function isGenuine(x: ReplicaId, statement: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, statement, key, signature)
  } catch {
    return false
  }
}
