/**
 * The control in the experiment: the same edits in a plain Y.Doc, which nobody ever compacts.
 *
 * Every author inserts under the client id it has in the shared document, so that structs are split, joined and
 * garbage-collected as plain Yjs would do it: to the byte for one author. Where several write at the same time it
 * comes out a few percent too small, because their edits stand here as if made one after another. Tests hold it to that.
 *
 * Invariant: it shows the text that the shared document shows.
 */
import * as Y from 'yjs'
import type { Edit, Insertion } from './edit.js'
import { PrefixSums } from './prefix-sums.js'

const CHANGES_PER_STEP = 40

export class ControlDocument {
  private readonly doc = new Y.Doc()
  readonly text: Y.Text = this.doc.getText('text')

  apply(edit: Edit): void {
    for (const _ of this.applying(edit));
  }

  /** The same in steps: an edit may be a whole state. Whoever looks in between sees half of it. */
  *applying(edit: Edit): Generator<void, void> {
    const changes = this.changesOf(edit)
    for (let done = 0; done < changes.length; done += CHANGES_PER_STEP) {
      this.doc.transact(() => {
        for (const change of changes.slice(done, done + CHANGES_PER_STEP)) change()
      })
      yield
    }
  }

  /** What plain Yjs would store, and send to whoever comes next. */
  get bytes(): number {
    return Y.encodeStateAsUpdate(this.doc).length
  }

  /**
   * First what is inserted, in its authors' order, because it depends on that whether two insertions are one struct;
   * then what is deleted, from the right, so that no place moves.
   */
  private changesOf(edit: Edit): (() => void)[] {
    const lengths = new PrefixSums(edit.map(({ kind, length }) => (kind === 'inserted' ? 0 : length)))
    const insertions = insertionsInOrder(edit).map(([at, { client, content }]) => () => {
      this.doc.clientID = client
      this.text.insert(lengths.before(at), content)
      lengths.add(at, content.length)
    })
    const deletions = edit.flatMap((part, at) => {
      if (part.kind === 'kept' || (part.kind === 'inserted' && !part.isDeleted)) return []
      return [() => this.text.delete(lengths.before(at), part.length)]
    })
    return [...insertions, ...deletions.toReversed()]
  }
}

function insertionsInOrder(edit: Edit): [at: number, insertion: Insertion][] {
  const insertions = edit.flatMap((part, at): [number, Insertion][] =>
    part.kind === 'inserted' ? [[at, part]] : [],
  )
  return insertions.sort(([, a], [, b]) => a.client - b.client || a.clock - b.clock)
}
