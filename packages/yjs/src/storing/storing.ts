/**
 * A document and what is stored of it: filling it from there, and taking in what other pages have stored.
 */
import type * as Y from 'yjs'
import { newAuthorClient } from '../epochs/base-client.js'
import type { FullCompaction } from '../epochs/full-compaction.js'
import { broughtBy, documentOf, meanSame, type Returning, withNamesOf } from './joining-stored.js'
import type { Recording } from './recording.js'
import { batchesOf, type StoredDocument } from './stored-document.js'

/** The structure that the document belongs to. */
export interface StoringHost {
  readonly doc: Y.Doc
  readonly full: FullCompaction | undefined
  readonly recording: Recording | undefined
  /** Integrates updates that were stored: they are not recorded, and are nobody's local change. */
  integrate(updates: readonly Uint8Array[]): void
  /** What was integrated is to be sent like any local change. */
  isLocal(update: Uint8Array): void
  /** Another document of the same kind, and its structure. */
  structureOf(doc: Y.Doc): Returning
}

const OTHER_MODE = 'it was stored with another compaction mode'

export class Storing {
  readonly #host: StoringHost

  constructor(host: StoringHost) {
    this.#host = host
    const { doc, recording } = host
    // Whatever was stored may be older than what others have got from this device: nothing is ever written under an id again.
    if (recording !== undefined && !doc.store.clients.has(doc.clientID)) doc.clientID = newAuthorClient()
  }

  /**
   * Fills the document with what was stored of it, some of it with each step, the last one included; before the first
   * room. What the document holds already stays, and is its user's.
   * @returns why it can not be, before anything is done: it is of another mode.
   */
  *restore({ history, updates }: StoredDocument): Generator<void, string | undefined> {
    const { doc, full, recording } = this.#host
    if ((history === undefined) !== (full === undefined)) return OTHER_MODE
    if (history !== undefined) full?.restore(history)
    const { clients } = doc.store
    const isUsed = clients.has(doc.clientID)
    if (clients.size === 0) recording?.isStored()
    let isFirst = true
    for (const batch of batchesOf(updates)) {
      if (!isFirst) yield
      isFirst = false
      this.#host.integrate(batch)
      while (!isUsed && doc.store.clients.has(doc.clientID)) doc.clientID = newAuthorClient()
    }
    return undefined
  }

  /** Whether ids mean the same here and in what somebody else has stored: then it can be absorbed at any time. */
  meansSame({ history }: StoredDocument): boolean {
    const { full } = this.#host
    return full === undefined || history === undefined || meanSame(full.kept, history)
  }

  /**
   * Takes in what somebody else has stored of the same document. Where ids mean something else, only while the document
   * holds the room's state: what is new becomes a local change then.
   * @returns why it can not be.
   */
  absorb(other: StoredDocument): string | undefined {
    const { full, recording } = this.#host
    const { history, updates } = other
    if ((history === undefined) !== (full === undefined)) return OTHER_MODE
    if (full === undefined || history === undefined || this.meansSame(other)) {
      this.#host.integrate([...updates])
      if (history !== undefined) full?.restore(withNamesOf(full.kept, history))
    } else if (!full.canSwitch || full.isLoading) {
      return 'the document is in the middle of something'
    } else {
      const returning = this.#host.structureOf(documentOf(other))
      returning.full.restore(history)
      const brought = broughtBy(returning, this.#host.doc, full.kept)
      full.restore(brought.history)
      if (brought.update !== undefined) {
        this.#host.integrate([brought.update])
        this.#host.isLocal(brought.update)
      }
    }
    recording?.invalidate()
    return undefined
  }
}
