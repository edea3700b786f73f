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

export class ControlDocument {
  private readonly doc = new Y.Doc()
  readonly text: Y.Text = this.doc.getText('text')

  apply(edits: readonly Edit[]): void {
    this.doc.transact(() => {
      for (const edit of edits) this.repeat(edit)
    })
  }

  /** What plain Yjs would store, and send to whoever comes next. */
  get bytes(): number {
    return Y.encodeStateAsUpdate(this.doc).length
  }

  /**
   * First what is inserted, in its authors' order, because it depends on that whether two insertions are one struct;
   * then what is deleted, from the right, so that no place moves.
   */
  private repeat(edit: Edit): void {
    const lengths = new PrefixSums(edit.map(({ kind, length }) => (kind === 'inserted' ? 0 : length)))
    for (const [at, { client, content }] of insertionsInOrder(edit)) {
      this.doc.clientID = client
      this.text.insert(lengths.before(at), content)
      lengths.add(at, content.length)
    }
    for (const [fromRight, part] of edit.toReversed().entries()) {
      if (part.kind === 'kept' || (part.kind === 'inserted' && !part.isDeleted)) continue
      this.text.delete(lengths.before(edit.length - 1 - fromRight), part.length)
    }
  }
}

function insertionsInOrder(edit: Edit): [at: number, insertion: Insertion][] {
  const insertions = edit.flatMap((part, at): [number, Insertion][] =>
    part.kind === 'inserted' ? [[at, part]] : [],
  )
  return insertions.sort(([, a], [, b]) => a.client - b.client || a.clock - b.clock)
}
