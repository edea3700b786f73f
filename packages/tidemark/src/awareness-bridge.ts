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

/** Well below the 30 seconds after which y-protocols forgets a state that was not renewed. */
const REFRESH_INTERVAL_MS = 10_000

export class AwarenessBridge {
  private readonly awareness: Awareness
  private readonly publish: () => void
  /** Which awareness client belongs to which member. */
  private readonly clients = new Map<ReplicaId, number>()
  private readonly refreshing: ReturnType<typeof setInterval>

  constructor(awareness: Awareness, publish: () => void) {
    this.awareness = awareness
    this.publish = publish
    this.awareness.on('change', this.changed)
    this.refreshing = setInterval(() => this.refresh(), REFRESH_INTERVAL_MS)
    // In Node this timer alone must not keep a process alive.
    if (typeof this.refreshing === 'object') (this.refreshing as { unref?: () => void }).unref?.()
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
    const client = onlyClient(bytes)
    if (client === undefined) return 'awareness state is malformed'
    if (client === this.awareness.clientID) return 'awareness state of somebody else'
    for (const [owner, owned] of this.clients) {
      if (owned === client && owner !== replica) return 'awareness state of somebody else'
    }
    const before = this.clients.get(replica)
    if (before !== undefined && before !== client) this.drop(replica)
    this.clients.set(replica, client)
    applyAwarenessUpdate(this.awareness, bytes, this)
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
    clearInterval(this.refreshing)
    this.awareness.off('change', this.changed)
    this.dropAll()
  }

  private readonly changed = ({ added, updated, removed }: Change): void => {
    const own = this.awareness.clientID
    if ([...added, ...updated, ...removed].includes(own)) this.publish()
  }

  private refresh(): void {
    for (const client of this.clients.values()) {
      const meta = this.awareness.meta.get(client)
      if (meta) meta.lastUpdated = Date.now()
    }
  }
}

/** The one client that an awareness update is about; undefined if it is not well-formed or about several. */
function onlyClient(bytes: Uint8Array): number | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readVarUint(decoder) !== 1) return undefined
    const client = decoding.readVarUint(decoder)
    decoding.readVarUint(decoder)
    const state: unknown = JSON.parse(decoding.readVarString(decoder))
    const isState = state === null || (typeof state === 'object' && !Array.isArray(state))
    return isState && !decoding.hasContent(decoder) ? client : undefined
  } catch {
    return undefined
  }
}
