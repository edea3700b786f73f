/** Names a base: sha-256 over its pieces, each hashed together with the hash of those before it. */
import * as sha256 from 'lib0/hash/sha256'

const HASH_BYTES = 32

export class Fingerprint {
  #hash = new Uint8Array(HASH_BYTES)

  add(piece: Uint8Array): void {
    const chained = new Uint8Array(HASH_BYTES + piece.length)
    chained.set(this.#hash)
    chained.set(piece, HASH_BYTES)
    this.#hash = new Uint8Array(sha256.digest(chained))
  }

  get bytes(): Uint8Array {
    return this.#hash
  }
}
