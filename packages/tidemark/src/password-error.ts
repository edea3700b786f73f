/** Somebody does not share the password of this room, or has one where this provider has none. */
export class PasswordError extends Error {
  override readonly name = 'PasswordError'
}
