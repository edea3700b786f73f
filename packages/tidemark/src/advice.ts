/**
 * What goes wrong on account of compaction, storage or passwords, and what an application can do about it.
 */
import type { ReplicaId } from '@tidemark/core'
import type { SecretMismatch } from '@tidemark/webrtc'
import type { CompactionMode } from './options.js'
import { PasswordError } from './password-error.js'

/** Something else than the user's own code changes the document, and would not understand a compacted one. */
export function foreignChanges(origin: unknown): Error {
  return new Error(
    `tidemark: ${describe(origin)} brings changes from elsewhere into this document. It can not follow a full ` +
      "compaction and would bring back what is deleted: use compaction: 'log', or remove that provider",
  )
}

export function otherMode(from: string, own: CompactionMode): Error {
  const mode = own === 'full' ? "not compaction 'full'" : `compaction 'full', not '${own}'`
  return new Error(
    `tidemark: ${from} uses ${mode}, as this provider does. All members of a room use 'full', or none of them does`,
  )
}

export function otherIdentities(from: string, own: boolean): Error {
  const found = own ? 'has no identity, and this provider has' : 'has an identity, and this provider has none'
  return new Error(
    `tidemark: ${from} ${found}. All members of a room are given { identities: true }, or none of them is`,
  )
}

export function otherBase(from: ReplicaId, reason: string): Error {
  return new Error(
    `tidemark: the compacted document of ${from} is not the room's (${reason}). This should never happen: please ` +
      'report it. Loading its page again takes over what the room has',
  )
}

export function otherHistory(from: ReplicaId, reason: string): Error {
  return new Error(
    `tidemark: ${from} has been told something else than this replica (${reason}): somebody in this room tells different ` +
      'members different things. Who has what fewer have starts over with what most have, and keeps its own changes',
  )
}

const mismatches: Record<SecretMismatch, string> = {
  other:
    'someone in this room uses another password, or the signaling server changes what it carries. Give all the same ' +
    'password; until then the two sides see nothing of each other',
  missing:
    'someone in this room uses no password, and one is given here. Give all the same password; until then the two ' +
    'sides see nothing of each other',
  unexpected:
    "someone in this room uses a password, and none is given here. Give all the same ({ password: '…' }); until then the " +
    'two sides see nothing of each other',
  unproven:
    'a connection was closed because its other end did not prove that it knows the password: somebody may have tried ' +
    'to get in between. Nothing was sent over it',
  nameless:
    'a connection was closed because its other end did not prove who it is: somebody may have tried to get in between, or ' +
    'has no identities. Give all the same ({ identities: true }). Nothing was sent over it',
  named:
    'someone in this room has an identity, and this provider has none. Give all the same ({ identities: true }); until then the ' +
    'two sides see nothing of each other',
}

export function otherSecret(mismatch: SecretMismatch): Error {
  const message = `tidemark: ${mismatches[mismatch]}`
  const isAboutIdentity = mismatch === 'nameless' || mismatch === 'named'
  return isAboutIdentity ? new Error(message) : new PasswordError(message)
}

function describe(origin: unknown): string {
  if (typeof origin === 'object' && origin !== null) return origin.constructor?.name || 'an unnamed provider'
  return origin === undefined || origin === null ? 'an update without an origin' : `'${String(origin)}'`
}

export function storageUnusable(cause: unknown): Error {
  const message = messageOf(cause)
  const reason = message.startsWith('tidemark: ') ? message : `tidemark: storage: ${message}`
  return new Error(`${reason}. Until then nothing of this document survives this page or process`, { cause })
}

export function storageFailed(cause: unknown): Error {
  const isFull = (cause as { name?: unknown } | undefined)?.name === 'QuotaExceededError'
  const advice = isFull
    ? 'Storage is full. Free some (other documents of this site count, too) or ask for more with navigator.storage.persist(). '
    : ''
  return new Error(
    `tidemark: storage: a change could not be written (${messageOf(cause)}). ${advice}Nothing is lost while this page or ` +
      'process lives: it is tried again until it succeeds',
    { cause },
  )
}

export function lastWriteFailed(cause: unknown): Error {
  return new Error(
    `tidemark: storage: what was changed last could not be written before the provider was gone (${messageOf(cause)}). Only ` +
      'the Y.Doc has it, and other members of the room that have got it: a new provider for the same Y.Doc stores it',
    { cause },
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
