/** Plain Yjs: a newcomer is sent, and devices keep, one update of everything, as its usual providers have it. */
import * as Y from 'yjs'
import { clientIdOf } from '../../test/traces/concurrent-trace.js'
import { applyPatch, type Patch } from '../../test/traces/sequential-trace.js'
import { type Editor, type Form, type Library, sameEverywhere } from './editor.js'

class YjsEditor implements Editor {
  readonly doc = new Y.Doc()
  private readonly text = this.doc.getText('text')
  private taken = Y.encodeStateVector(this.doc)

  constructor(author: number | undefined) {
    if (author !== undefined) this.doc.clientID = clientIdOf(author)
  }

  apply(patches: readonly Patch[]): void {
    // As an editor does: each by itself.
    for (const patch of patches) applyPatch(this.text, patch)
  }

  take(): Uint8Array {
    const update = Y.encodeStateAsUpdate(this.doc, this.taken)
    this.taken = Y.encodeStateVector(this.doc)
    return update
  }

  merge(changes: Uint8Array): void {
    Y.applyUpdate(this.doc, changes)
  }

  becomeStranger(): void {
    this.doc.clientID = (Math.imul(this.doc.clientID, 69069) + 1) >>> 0
  }

  get content(): string {
    return this.text.toString()
  }

  forms(): Form[] {
    return [
      sameEverywhere('plain Yjs, v1', Y.encodeStateAsUpdate(this.doc)),
      sameEverywhere('plain Yjs, v2', Y.encodeStateAsUpdateV2(this.doc)),
    ]
  }
}

export const yjs: Library = { name: 'Yjs', open: (author) => new YjsEditor(author) }
