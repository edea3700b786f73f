/**
 * What either end of a connection shows to the other: an HMAC under the room's key over everything that makes this
 * connection the one that was meant (rule AC4).
 *
 *   room · call · who proves (caller or callee) · certificates of caller and callee · challenges of both
 *
 * DTLS has checked that each side holds the certificate that the other one was told of, so both see the same two
 * certificates only if nobody sits in between. The challenges make it new each time, the role keeps a proof from
 * being sent back to whoever made it.
 */

export const challengeBytes = 32
export const proofBytes = 32

/** One connection as both of its ends see it. */
export interface Connection {
  readonly room: string
  readonly call: string
  readonly caller: End
  readonly callee: End
}

export interface End {
  readonly fingerprints: readonly string[]
  readonly challenge: Uint8Array
}

export type Role = 'caller' | 'callee'

export async function prove(key: CryptoKey, role: Role, connection: Connection): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, statement(role, connection)))
}

/** Takes the same time wherever a wrong proof differs. */
export function isProof(
  key: CryptoKey,
  role: Role,
  connection: Connection,
  proof: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return crypto.subtle.verify('HMAC', key, proof, statement(role, connection))
}

function statement(role: Role, { room, call, caller, callee }: Connection): Uint8Array<ArrayBuffer> {
  const ends = [caller, callee].map(({ fingerprints, challenge }) => [fingerprints, [...challenge]])
  return new TextEncoder().encode(JSON.stringify(['tidemark link 1', room, call, role, ends]))
}

/**
 * Hashes of the certificates that a session description allows, in one spelling and order. All of them count:
 * one that was slipped in beside the real one would do for DTLS.
 */
export function fingerprintsIn(sdp: string): string[] {
  const found = [...sdp.matchAll(/^a=fingerprint:(\S+) +([0-9a-f:]+) *$/gim)]
  const spelled = found.map(([, hash = '', digits = '']) => `${hash.toLowerCase()} ${digits.toUpperCase()}`)
  return [...new Set(spelled)].sort()
}
