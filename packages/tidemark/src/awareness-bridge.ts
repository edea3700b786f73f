/**
 * Awareness (cursors, names) over the room's presences.
 *
 * A member publishes its own state only; who it is gossiped by does not matter. That a member is alive the room
 * knows better than a timer: states stay as long as their member does, so nobody has to renew them, and a
 * settled room stays silent.
 */
import type { ReplicaId } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import {
  type Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'

interface Change {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}

export class AwarenessBridge {
  private readonly awareness: Awareness
  private readonly publish: () => void
  /** Which awareness client belongs to which member. */
  private readonly clients = new Map<ReplicaId, number>()

  constructor(awareness: Awareness, publish: () => void) {
    this.awareness = awareness
    this.publish = publish
    this.awareness.on('change', this.changed)
  }

  /** Our own state, to be published. */
  encodeOwn(): Uint8Array {
    return encodeAwarenessUpdate(this.awareness, [this.awareness.clientID])
  }

  /** We are a member under a new id: raises the state's clock, or those who saw us leave would ignore it. */
  renew(): void {
    const state = this.awareness.getLocalState()
    if (state !== null) this.awareness.setLocalState(state)
    this.publish()
  }

  /** @returns why a member's state was refused, or undefined. */
  receive(replica: ReplicaId, bytes: Uint8Array): string | undefined {
    const state = onlyState(bytes)
    if (state === undefined) return 'awareness state is malformed'
    const { client, clock } = state
    if (client === this.awareness.clientID) return 'awareness state of somebody else'
    const known = this.awareness.meta.get(client)
    if (known && known.clock > clock) return undefined
    // A page that came back under a new id has its old client; its old id may not have gone yet.
    for (const [owner, owned] of this.clients) if (owned === client) this.clients.delete(owner)
    this.drop(replica)
    this.clients.set(replica, client)
    applyAwarenessUpdate(this.awareness, bytes, this)
    const meta = this.awareness.meta.get(client)
    if (meta) meta.lastUpdated = Number.POSITIVE_INFINITY
    return undefined
  }

  /** A member is gone. */
  drop(replica: ReplicaId): void {
    const client = this.clients.get(replica)
    if (client === undefined) return
    this.clients.delete(replica)
    removeAwarenessStates(this.awareness, [client], this)
    // Should it come back with the state it had, that must not look old.
    this.awareness.meta.delete(client)
  }

  dropAll(): void {
    for (const replica of [...this.clients.keys()]) this.drop(replica)
  }

  destroy(): void {
    this.awareness.off('change', this.changed)
    this.dropAll()
  }

  private readonly changed = ({ added, updated, removed }: Change): void => {
    const own = this.awareness.clientID
    if ([...added, ...updated, ...removed].includes(own)) this.publish()
  }
}

/** The one state that an awareness update holds; undefined if it is not well-formed or holds several. */
function onlyState(bytes: Uint8Array): { client: number; clock: number } | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readVarUint(decoder) !== 1) return undefined
    const client = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const state: unknown = JSON.parse(decoding.readVarString(decoder))
    const isState = state === null || (typeof state === 'object' && !Array.isArray(state))
    return isState && !decoding.hasContent(decoder) ? { client, clock } : undefined
  } catch {
    return undefined
  }
}
