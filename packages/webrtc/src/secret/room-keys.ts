/**
 * What follows from a room's password: two keys that never leave the browser's or Node's cryptography (rule AC1).
 *
 * The password may be weak and whoever carries our calls sees what is sealed with it, so each guess must be
 * dear: PBKDF2 with as many rounds as OWASP asks for with SHA-256 (2023). That is done once. The room's name is
 * the salt, so a table of guesses serves one room only, and one password for two rooms gives unrelated keys.
 * HKDF then makes a key for each purpose, as no key may serve two.
 */

export interface RoomKeys {
  /** AES-GCM, for what carriers carry. */
  readonly sealing: CryptoKey
  /** HMAC, for proving at both ends of a connection that this is the connection that was meant. */
  readonly proving: CryptoKey
}

/** What sessions share of a room with a password. */
export interface RoomSecret {
  readonly room: string
  readonly keys: Promise<RoomKeys>
}

const rounds = 600_000

export async function deriveRoomKeys(password: string, room: string): Promise<RoomKeys> {
  const { subtle } = crypto
  // One keyboard composes an accented letter, another does not: both mean the same password.
  const typed = await subtle.importKey('raw', bytesOf(password.normalize('NFC')), 'PBKDF2', false, [
    'deriveBits',
  ])
  const stretching = { name: 'PBKDF2', hash: 'SHA-256', salt: bytesOf(`tidemark room 1 ${room}`) }
  const bits = await subtle.deriveBits({ ...stretching, iterations: rounds }, typed, 256)
  const root = await subtle.importKey('raw', bits, 'HKDF', false, ['deriveKey'])
  const purpose = (name: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: bytesOf(`tidemark ${name} 1`),
  })
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 }
  const [sealing, proving] = await Promise.all([
    subtle.deriveKey(purpose('sealing'), root, { name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]),
    subtle.deriveKey(purpose('proving'), root, hmac, false, ['sign', 'verify']),
  ])
  return { sealing, proving }
}

/** Keys are derived when a room is first asked for, and kept for all sessions that follow. */
export function rememberSecrets(password: string | undefined): (room: string) => RoomSecret | null {
  const secrets = new Map<string, RoomSecret>()
  return (room) => {
    if (password === undefined) return null
    const known = secrets.get(room)
    if (known !== undefined) return known
    const secret = { room, keys: deriveRoomKeys(password, room) }
    // Whoever needs them hears that they could not be derived.
    secret.keys.catch(() => {})
    secrets.set(room, secret)
    return secret
  }
}

/** Null if they could not be derived. */
export function keysOf(secret: RoomSecret): Promise<RoomKeys | null> {
  return secret.keys.catch(() => null)
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
