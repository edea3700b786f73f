/** How it shows that somebody does not share the secret of this room (rule AC5). */

/**
 * - `other`: sealed with another password, or changed on its way.
 * - `missing`: somebody seals nothing, though this room has a password.
 * - `unexpected`: somebody seals, though we know of no password.
 * - `unproven`: a connection whose other end did not prove that it knows the password.
 * - `nameless`: a connection whose other end did not prove who it is, in a room whose members have identities.
 * - `named`: somebody proves who it is and asks for the same, though we have no identity.
 */
export type SecretMismatch = 'other' | 'missing' | 'unexpected' | 'unproven' | 'nameless' | 'named'

/** Each kind is told once: whoever does not get in tries again and again. */
export function toldOnce(tell: (mismatch: SecretMismatch) => void): (mismatch: SecretMismatch) => void {
  const told = new Set<SecretMismatch>()
  return (mismatch) => {
    if (told.has(mismatch)) return
    told.add(mismatch)
    tell(mismatch)
  }
}

/** What goes back to somebody whose text could not be read, and needs no secret. */
const sealedHere = '{"unreadable":"sealed-here"}'
const plainHere = '{"unreadable":"plain-here"}'

export function encodeUnreadable(isSealedHere: boolean): string {
  return isSealedHere ? sealedHere : plainHere
}

/** How texts are over there, where ours could not be read; undefined if this says nothing of the kind. */
export function decodeUnreadable(text: string): { readonly isSealedThere: boolean } | undefined {
  return text === sealedHere || text === plainHere ? { isSealedThere: text === sealedHere } : undefined
}
