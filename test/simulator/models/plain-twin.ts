/**
 * A Yjs document without any compaction, in which the same things are wanted: it exchanges plain Yjs updates and
 * keeps every tombstone.
 */
import * as Y from 'yjs'
import { Census } from './census.js'
import { type Intent, perform } from './intent.js'
import type { ContainerId, Twin } from './model.js'
import type { TokenId } from './tokens.js'

export class PlainTwin implements Twin {
  private readonly doc: Y.Doc
  private updates: Uint8Array[] = []
  private isCarrying = false

  constructor(doc: Y.Doc) {
    this.doc = doc
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.updates.push(update)
    })
  }

  want(intents: readonly Intent[]): void {
    this.doc.transact(() => {
      for (const intent of intents) perform(this.doc, new Census(this.doc), intent)
    })
  }

  take(): Uint8Array | undefined {
    const { updates, isCarrying } = this
    this.updates = []
    this.isCarrying = false
    if (isCarrying) return this.state()
    return updates.length > 1 ? Y.mergeUpdates(updates) : updates[0]
  }

  apply(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, this)
  }

  state(): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc)
  }

  carry(): void {
    this.isCarrying = true
  }

  shown(): readonly TokenId[] {
    return new Census(this.doc).shown
  }

  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]> {
    const { sequences } = new Census(this.doc)
    return new Map([...sequences].map(([id, { tokens }]) => [id, tokens]))
  }
}
