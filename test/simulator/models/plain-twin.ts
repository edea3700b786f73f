/**
 * A Yjs document without any compaction, in which the same things are wanted: it exchanges plain Yjs updates and
 * keeps every tombstone.
 */
import * as Y from 'yjs'
import { Census } from './census.js'
import { type Intent, perform } from './intent.js'
import type { ContainerId, Twin } from './model.js'
import type { Run, TokenId } from './tokens.js'
import type { Wish } from './yjs-user.js'

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

  want(wishes: readonly Wish[]): void {
    this.doc.transact(() => {
      for (const { intent, run } of wishes) {
        const census = new Census(this.doc)
        if (run) run.crossed = crossedBy(run, intent, census)
        perform(this.doc, census, intent)
      }
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

/** What it will have on its other side here, because the order was another one already. */
function crossedBy({ around, at }: Run, intent: Intent, census: Census): ReadonlySet<TokenId> {
  const crossed = new Set<TokenId>()
  if (intent.type !== 'type' && intent.type !== 'insert') return crossed
  const present = census.sequences.get(intent.into)?.tokens ?? []
  const place = present.indexOf(intent.after ?? -2) + 1
  const places = new Map(present.map((token, i) => [token, i]))
  for (const [i, token] of around.entries()) {
    const there = places.get(token)
    if (there !== undefined && there < place !== i < at) crossed.add(token)
  }
  return crossed
}
