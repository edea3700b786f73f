/** Automerge, whose saved form and whose changes are compressed by itself. */
import * as Automerge from '@automerge/automerge'
import type { Patch } from '../../test/traces/sequential-trace.js'
import { joined } from '../bytes.js'
import type { Editor, Form, Library } from './editor.js'

interface Content extends Record<string, unknown> {
  text: string
}

/** Every copy begins with the same change, or each would have a text of its own. */
const ORIGIN = Automerge.from<Content>({ text: '' }, { actor: '00000000' })

class AutomergeEditor implements Editor {
  private doc = Automerge.clone(ORIGIN)

  apply(patches: readonly Patch[]): void {
    this.doc = Automerge.change(this.doc, (draft) => {
      for (const [position, deleteCount, text] of patches)
        Automerge.splice(draft, ['text'], position, deleteCount, text)
    })
  }

  take(): Uint8Array {
    // Each application is one change.
    const change = Automerge.getLastLocalChange(this.doc)
    if (change === undefined) throw new Error('nothing was edited')
    return change
  }

  merge(changes: Uint8Array): void {
    this.doc = Automerge.applyChanges(this.doc, [changes])[0]
  }

  becomeStranger(): void {
    const stranger = Automerge.clone(this.doc)
    Automerge.free(this.doc)
    this.doc = stranger
  }

  get content(): string {
    return this.doc.text
  }

  forms(): Form[] {
    const saved = Automerge.save(this.doc)
    return [{ who: 'Automerge', encoded: saved, wire: joined(this.sentToNewcomer()), rest: saved }]
  }

  /** By its sync protocol, to somebody who has nothing. */
  private sentToNewcomer(): Uint8Array[] {
    const sent: Uint8Array[] = []
    let newcomer = Automerge.init<Content>()
    let [ours, theirs] = [Automerge.initSyncState(), Automerge.initSyncState()]
    for (let isGoing = true; isGoing; ) {
      isGoing = false
      const asked = Automerge.generateSyncMessage(newcomer, theirs)
      theirs = asked[0]
      if (asked[1]) {
        isGoing = true
        ;[this.doc, ours] = Automerge.receiveSyncMessage(this.doc, ours, asked[1])
      }
      const answered = Automerge.generateSyncMessage(this.doc, ours)
      ours = answered[0]
      if (answered[1]) {
        isGoing = true
        sent.push(answered[1])
        ;[newcomer, theirs] = Automerge.receiveSyncMessage(newcomer, theirs, answered[1])
      }
    }
    if (newcomer.text !== this.doc.text) throw new Error('the newcomer has another content')
    return sent
  }
}

export const automerge: Library = { name: 'Automerge', open: () => new AutomergeEditor() }
