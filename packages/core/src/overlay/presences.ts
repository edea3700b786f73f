/**
 * Ephemeral state of members (cursors, names): the newest of each, gossiped, never logged (overlay rule OV7).
 */
import { DigestedMap } from '../causality/digested-map.js'
import type { ReplicaId } from '../causality/operation.js'
import type { Presence } from '../wire/messages.js'

export class Presences {
  private readonly newest = new DigestedMap<Presence>('presences', ({ n }) => n)

  get all(): DigestedMap<Presence> {
    return this.newest
  }

  /** @returns whether it was newer than what we had. */
  receive(presence: Presence): boolean {
    const had = this.newest.get(presence.replica)
    if (had && had.n >= presence.n) return false
    this.newest.set(presence.replica, presence)
    return true
  }

  /** Our own next state. @param above the number that it must exceed. */
  publish(replica: ReplicaId, bytes: Uint8Array, above = 0): Presence {
    const presence = { replica, n: Math.max(above, this.newest.get(replica)?.n ?? 0) + 1, bytes }
    this.newest.set(replica, presence)
    return presence
  }

  /** @returns whether there was one. */
  delete(replica: ReplicaId): boolean {
    return this.newest.delete(replica)
  }
}
