/**
 * Makes the edits of a concurrent trace in a document in which every character has the name that the trace gives it:
 * authors have the client ids of `clientIdOf`, and nothing is renumbered.
 */
import * as Y from 'yjs'
import type { CharacterName, NamedEdit } from './concurrent-trace.js'

export class NamedEditing {
  private readonly doc: Y.Doc
  private readonly text: Y.Text

  constructor(text: Y.Text) {
    if (!text.doc) throw new Error('the text is in no document yet')
    this.doc = text.doc
    this.text = text
  }

  /** Everything that the edit's author had seen is here; there may be more. */
  isPossible({ after, deletes = [], needs, needsGone }: NamedEdit): boolean {
    const isHere = (name: CharacterName) => this.isHere(name)
    if (after && !isHere(after)) return false
    if (!needs.every(isHere)) return false
    if (!needsGone.every((name) => isHere(name) && !this.isVisible(name))) return false
    return deletes.every(([client, clock, length]) => isHere([client, clock + length - 1]))
  }

  make({ after, text: value, deletes = [] }: NamedEdit): void {
    if (value !== undefined) this.insertBehind(after ?? null, value)
    for (const [client, clock, length] of deletes) {
      for (let i = 0; i < length; i++) {
        const name: CharacterName = [client, clock + i]
        if (this.isVisible(name)) this.text.delete(this.indexBehind(name) - 1, 1)
      }
    }
  }

  /**
   * Types right behind a character, even if somebody has deleted it meanwhile. `Y.Text.insert` knows visible places
   * only, and would take the one before whatever was deleted there.
   */
  private insertBehind(after: CharacterName | null, value: string): void {
    const { doc, text } = this
    if (after === null || this.isVisible(after)) {
      text.insert(after ? this.indexBehind(after) : 0, value)
      return
    }
    doc.transact((transaction) => {
      const left = Y.getItemCleanEnd(transaction, doc.store, Y.createID(...after))
      const id = Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID))
      const content = new Y.ContentString(value)
      const { right } = left
      const item = new Y.Item(id, left, left.lastId, right, right?.id ?? null, text, null, content)
      item.integrate(transaction, 0)
    })
  }

  private indexBehind([client, clock]: CharacterName): number {
    const position = new Y.RelativePosition(null, null, Y.createID(client, clock), -1)
    const absolute = Y.createAbsolutePositionFromRelativePosition(position, this.doc)
    if (!absolute) throw new Error(`character ${client}:${clock} has no position`)
    return absolute.index
  }

  private isHere([client, clock]: CharacterName): boolean {
    return Y.getState(this.doc.store, client) > clock
  }

  private isVisible([client, clock]: CharacterName): boolean {
    return !Y.getItem(this.doc.store, Y.createID(client, clock)).deleted
  }
}
