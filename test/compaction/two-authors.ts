/**
 * Replays a trace of authors who typed at once, in a room whose documents are renumbered.
 *
 * The trace's names of characters mean nothing there. So each author keeps a plain document of its own beside, in
 * which they do, and which always holds the same edits as the author's document in the room: a counter per author,
 * written with every edit, tells which those are.
 */
import * as Y from 'yjs'
import { clientIdOf, type NamedEdit, type PlayableTrace } from '../traces/concurrent-trace.js'
import { NamedEditing } from '../traces/named-editing.js'
import type { Replica } from './replicas.js'

export class Author {
  readonly plain = new Y.Doc({ gc: false })
  private readonly index: number
  private readonly replica: Replica
  private readonly edits: readonly NamedEdit[]
  private readonly editing: NamedEditing
  /** What every author's edits did to its plain document, one update for each. */
  private readonly made: Uint8Array[][]
  /** How many edits of each author the plain document holds. */
  private readonly seen: number[]
  private lastChange: Change = []

  /** @param made shared by all authors, and filled by them. */
  constructor(index: number, replica: Replica, { authors }: PlayableTrace, made: Uint8Array[][]) {
    this.index = index
    this.replica = replica
    this.edits = authors[index] ?? []
    this.made = made
    this.seen = authors.map(() => 0)
    this.plain.clientID = clientIdOf(index)
    const text = this.plain.getText('text')
    this.editing = new NamedEditing(text)
    text.observe(({ delta }) => {
      this.lastChange = delta as Change
    })
  }

  get isDone(): boolean {
    return this.made[this.index]?.length === this.edits.length
  }

  /** Types on, as far as what the others have typed is here. @returns how many edits were made. */
  type(most: number): number {
    this.catchUp()
    const own = this.made[this.index] as Uint8Array[]
    for (let count = 0; count < most; count++) {
      const edit = this.edits[own.length]
      if (!edit || !this.editing.isPossible(edit)) return count
      own.push(this.makePlain(edit))
      this.seen[this.index] = own.length
      this.replica.doc.transact(() => {
        this.replica.text.applyDelta(this.lastChange)
        this.counters.set(String(this.index), own.length)
      })
    }
    return most
  }

  private makePlain(edit: NamedEdit): Uint8Array {
    let update: Uint8Array | undefined
    const take = (bytes: Uint8Array) => {
      update = bytes
    }
    this.lastChange = []
    this.plain.on('update', take)
    this.plain.transact(() => this.editing.make(edit))
    this.plain.off('update', take)
    // Somebody else has deleted all that this edit deletes.
    return update ?? Y.encodeStateAsUpdate(new Y.Doc())
  }

  /** Lets the plain document have what the one in the room has. */
  catchUp(): void {
    for (const [other, updates] of this.made.entries()) {
      if (other === this.index) continue
      const arrived = Number(this.counters.get(String(other)) ?? 0)
      for (let next = this.seen[other] ?? 0; next < arrived; next++)
        Y.applyUpdate(this.plain, updates[next] as Uint8Array)
      this.seen[other] = arrived
    }
  }

  private get counters(): Y.Map<number> {
    return this.replica.doc.getMap('counters')
  }
}

type Change = Parameters<Y.Text['applyDelta']>[0]
