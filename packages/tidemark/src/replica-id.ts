/** Names for replicas: 72 random bits as 12 characters of [A-Za-z0-9_-]. */
import type { ReplicaId } from '@tidemark/core'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export function newReplicaId(): ReplicaId {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join('')
}
