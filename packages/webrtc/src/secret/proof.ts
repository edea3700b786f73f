/**
 * What either end of a connection shows to the other: an HMAC under the room's key, a signature with the key of its identity, or
 * both, over everything that makes this connection the one that was meant (rules AC4, ID7).
 *
 *   room · call · who proves (caller or callee) · certificates of caller and callee · challenges of both
 *
 * DTLS has checked that each side holds the certificate that the other one was told of, so both see the same two
 * certificates only if nobody sits in between. The challenges make it new each time, the role keeps a proof from
 * being sent back to whoever made it.
 */

import type { ReplicaId, Signatures } from '@tidemark/core'

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

/** Who we are, in rooms whose members have identities. */
export interface LinkIdentity {
  readonly room: string
  readonly self: ReplicaId
  readonly signatures: Signatures
}

/** Our id, and its holder's signature. */
export function introduce(
  { self, signatures }: LinkIdentity,
  role: Role,
  connection: Connection,
): Uint8Array {
  const name = new TextEncoder().encode(self)
  const signature = signatures.sign(statement('tidemark identity 1', role, connection))
  return Uint8Array.from([name.length, ...name, ...signature])
}

/** @returns who it is at the other end; null if that is not proved. */
export function introduced(
  { signatures }: LinkIdentity,
  role: Role,
  connection: Connection,
  introduction: Uint8Array,
): ReplicaId | null {
  const [length = 0] = introduction
  const peer = new TextDecoder().decode(introduction.subarray(1, 1 + length))
  const said = statement('tidemark identity 1', role, connection)
  return signatures.verify(peer, said, introduction.subarray(1 + length)) ? peer : null
}

export async function prove(key: CryptoKey, role: Role, connection: Connection): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, statement(link, role, connection)))
}

/** Takes the same time wherever a wrong proof differs. */
export function isProof(
  key: CryptoKey,
  role: Role,
  connection: Connection,
  proof: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return crypto.subtle.verify('HMAC', key, proof, statement(link, role, connection))
}

const link = 'tidemark link 1'

function statement(
  what: string,
  role: Role,
  { room, call, caller, callee }: Connection,
): Uint8Array<ArrayBuffer> {
  const ends = [caller, callee].map(({ fingerprints, challenge }) => [fingerprints, [...challenge]])
  return new TextEncoder().encode(JSON.stringify([what, room, call, role, ends]))
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
