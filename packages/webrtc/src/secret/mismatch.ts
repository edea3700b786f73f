/** How it shows that somebody does not share the secret of this room. */

/**
 * - `other`: sealed with another password, or changed on its way.
 * - `missing`: somebody seals nothing, though this room has a password.
 * - `unexpected`: somebody seals, though we know of no password.
 * - `unproven`: a connection whose other end did not prove that it knows the password.
 */
export type SecretMismatch = 'other' | 'missing' | 'unexpected' | 'unproven'

/** Each kind is told once: whoever does not get in tries again and again. */
export function toldOnce(tell: (mismatch: SecretMismatch) => void): (mismatch: SecretMismatch) => void {
  const told = new Set<SecretMismatch>()
  return (mismatch) => {
    if (told.has(mismatch)) return
    told.add(mismatch)
    tell(mismatch)
  }
}

/** What goes back to somebody whose text could not be read: whether texts are sealed here. It needs no secret. */
export interface Unreadable {
  readonly unreadable: 'sealed-here' | 'plain-here'
}

export function encodeUnreadable(isSealedHere: boolean): string {
  const answer: Unreadable = { unreadable: isSealedHere ? 'sealed-here' : 'plain-here' }
  return JSON.stringify(answer)
}

const answers = new Map([true, false].map((isSealedHere) => [encodeUnreadable(isSealedHere), isSealedHere]))

/** What somebody makes of our texts: undefined if this is no such answer. */
export function decodeUnreadable(text: string): { readonly isSealedThere: boolean } | undefined {
  const isSealedThere = answers.get(text)
  return isSealedThere === undefined ? undefined : { isSealedThere }
}
