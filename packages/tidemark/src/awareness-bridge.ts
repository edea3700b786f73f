/**
 * Awareness (cursors, names) over the room's presences.
 *
 * A member publishes its own state only; who it is gossiped by does not matter. That a member is alive the room
 * knows better than a timer: states stay as long as their member does, so nobody has to renew them, and a
 * settled room stays silent.
 *
 * Invariant: the positions in every state held are in the document's present naming. What is published says in front
 * which epoch it is in; what comes from an earlier one is translated, what comes from a later one waits for us.
 */
import type { ReplicaId } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import {
  type Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { isNestedTooDeeply, type TranslatePosition, translatePositions } from './position-translation.js'

export interface AwarenessBridgeOptions {
  /** There is something to publish: ask for `encodeOwn`. */
  readonly publish: () => void
  /** The epoch that names the document's content. */
  readonly epoch: () => number
  /** From an earlier naming into the present one; undefined or null: there is no such position any more. */
  readonly translate: (position: Y.RelativePosition, fromEpoch: number) => ReturnType<TranslatePosition>
  /** A listener of the application's threw. */
  readonly onListenerError: (error: unknown) => void
}

interface Change {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}

/** Far more changes than a page lives for. Beyond 2^53 nothing could follow. */
const MAX_CLOCK = 2 ** 31

type State = Record<string, unknown>

interface Announcement {
  readonly epoch: number
  readonly client: number
  readonly clock: number
  readonly state: State | null
}

export class AwarenessBridge {
  private readonly awareness: Awareness
  private readonly options: AwarenessBridgeOptions
  /** Which awareness client belongs to which member. */
  private readonly clients = new Map<ReplicaId, number>()
  /** What members have said for a client that is somebody else's as long as that one is here. */
  private readonly contested = new Map<ReplicaId, Announcement>()
  /** What members have said who are further than we are. */
  private readonly waiting = new Map<ReplicaId, Announcement>()

  constructor(awareness: Awareness, options: AwarenessBridgeOptions) {
    this.awareness = awareness
    this.options = options
    this.awareness.on('change', this.changed)
  }

  /** Our own state, to be published. */
  encodeOwn(): Uint8Array {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, this.options.epoch())
    encoding.writeUint8Array(encoder, encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]))
    return encoding.toUint8Array(encoder)
  }

  /** We are a member under a new id: raises the state's clock, or those who saw us leave would ignore it. */
  renew(): void {
    const state = this.awareness.getLocalState()
    if (state !== null) this.guard(() => this.awareness.setLocalState(state))
    this.options.publish()
  }

  /** @returns why a member's state was refused, or undefined. */
  receive(replica: ReplicaId, bytes: Uint8Array): string | undefined {
    const announcement = decode(bytes)
    if (announcement === undefined) return 'awareness state is malformed'
    // Our own, under an id that we had before and that is not gone yet.
    if (announcement.client !== this.awareness.clientID) this.take(replica, announcement)
    return undefined
  }

  private take(replica: ReplicaId, announcement: Announcement): void {
    const { epoch, client, clock } = announcement
    if (epoch > this.options.epoch()) {
      this.waiting.set(replica, announcement)
      return
    }
    // A page that came back under a new id has its old client, and its old id may not have gone yet: then it waits for that.
    // Anybody else who speaks for it waits for ever.
    if (this.isOfAnother(client, replica)) {
      this.contested.set(replica, announcement)
      return
    }
    this.contested.delete(replica)
    const known = this.awareness.meta.get(client)
    if (known && known.clock > clock) return
    if (this.clients.get(replica) !== client) this.drop(replica)
    this.clients.set(replica, client)
    try {
      applyAwarenessUpdate(this.awareness, encode(this.inPresentNaming(announcement)), this)
    } finally {
      // Also if a listener throws: nobody says it again in time for what outdates states.
      const meta = this.awareness.meta.get(client)
      if (meta) meta.lastUpdated = Number.POSITIVE_INFINITY
    }
  }

  private isOfAnother(client: number, replica: ReplicaId): boolean {
    for (const [owner, owned] of this.clients) if (owned === client) return owner !== replica
    return false
  }

  private inPresentNaming(announcement: Announcement): Announcement {
    const { epoch, state } = announcement
    if (epoch === this.options.epoch()) return announcement
    const translate: TranslatePosition = (position) => this.options.translate(position, epoch)
    return { ...announcement, state: translatePositions(state, translate) }
  }

  /** The document is named by a later epoch now: every state follows, our own is published again. */
  renamed(translate: TranslatePosition): void {
    this.guard(() => this.renameOwn(translate))
    this.guard(() => this.renameOthers(translate))
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const [replica, announcement] of waiting) this.guard(() => this.take(replica, announcement))
  }

  private renameOwn(translate: TranslatePosition): void {
    const state: State | null = this.awareness.getLocalState()
    const translated = translatePositions(state, translate)
    if (translated === state) return
    try {
      this.awareness.setLocalState(translated)
    } catch (error) {
      // A listener of the application's, which kept ours from being called.
      this.options.publish()
      throw error
    }
  }

  /** In place: nobody has said anything new, so clocks stay, but editors have to draw again. */
  private renameOthers(translate: TranslatePosition): void {
    const { awareness } = this
    const updated: number[] = []
    for (const [client, state] of awareness.states) {
      if (client === awareness.clientID) continue
      const translated = translatePositions(state, translate)
      if (translated === state) continue
      awareness.states.set(client, translated)
      updated.push(client)
    }
    if (updated.length === 0) return
    const change: Change = { added: [], updated, removed: [] }
    this.guard(() => awareness.emit('change', [change, this]))
    this.guard(() => awareness.emit('update', [change, this]))
  }

  /** A member is gone. */
  drop(replica: ReplicaId): void {
    this.waiting.delete(replica)
    this.contested.delete(replica)
    const client = this.clients.get(replica)
    if (client === undefined) return
    this.clients.delete(replica)
    // Should it come back with the state it had, that must not look old.
    this.awareness.meta.delete(client)
    removeAwarenessStates(this.awareness, [client], this)
    for (const [heir, announcement] of this.contested) {
      if (announcement.client === client) return this.take(heir, announcement)
    }
  }

  dropAll(): void {
    this.waiting.clear()
    this.contested.clear()
    for (const replica of [...this.clients.keys()]) this.guard(() => this.drop(replica))
  }

  destroy(): void {
    this.awareness.off('change', this.changed)
    this.dropAll()
  }

  private readonly changed = ({ added, updated, removed }: Change): void => {
    const own = this.awareness.clientID
    if ([...added, ...updated, ...removed].includes(own)) this.options.publish()
  }

  private guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.options.onListenerError(error)
    }
  }
}

/** @returns undefined if it is not well-formed, holds several states, or one that only an attacker would make. */
function decode(bytes: Uint8Array): Announcement | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    const epoch = decoding.readVarUint(decoder)
    if (decoding.readVarUint(decoder) !== 1) return undefined
    const client = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    if (clock >= MAX_CLOCK) return undefined
    const state: unknown = JSON.parse(decoding.readVarString(decoder))
    const isState = typeof state === 'object' && !Array.isArray(state) && !isNestedTooDeeply(state)
    return isState && !decoding.hasContent(decoder)
      ? { epoch, client, clock, state: state as State | null }
      : undefined
  } catch {
    return undefined
  }
}

/** As y-protocols has it. */
function encode({ client, clock, state }: Announcement): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarUint(encoder, client)
  encoding.writeVarUint(encoder, clock)
  encoding.writeVarString(encoder, JSON.stringify(state))
  return encoding.toUint8Array(encoder)
}
