/** Loro: a full snapshot keeps all history, a shallow one what is needed from now on. */
import { LoroDoc } from 'loro-crdt'
import { clientIdOf } from '../../test/traces/concurrent-trace.js'
import type { Patch } from '../../test/traces/sequential-trace.js'
import { type Editor, type Form, type Library, sameEverywhere } from './editor.js'

class LoroEditor implements Editor {
  private readonly doc = new LoroDoc()
  private readonly text = this.doc.getText('text')
  private taken = this.doc.version()

  constructor(author: number | undefined) {
    if (author !== undefined) this.doc.setPeerId(BigInt(clientIdOf(author)))
  }

  apply(patches: readonly Patch[]): void {
    for (const [position, deleteCount, inserted] of patches) {
      if (deleteCount > 0) this.text.delete(position, deleteCount)
      if (inserted !== '') this.text.insert(position, inserted)
    }
    this.doc.commit()
  }

  take(): Uint8Array {
    const changes = this.doc.export({ mode: 'update', from: this.taken })
    this.taken = this.doc.version()
    return changes
  }

  merge(changes: Uint8Array): void {
    this.doc.import(changes)
  }

  becomeStranger(): void {
    this.doc.setPeerId(this.doc.peerId + 1n)
  }

  get content(): string {
    return this.text.toString()
  }

  forms(): Form[] {
    const full = this.doc.export({ mode: 'snapshot' })
    const shallow = this.doc.export({ mode: 'shallow-snapshot', frontiers: this.doc.frontiers() })
    return [
      { who: 'Loro, full', encoded: full, wire: this.doc.export({ mode: 'update' }), rest: full },
      sameEverywhere('Loro, shallow', shallow),
    ]
  }
}

export const loro: Library = { name: 'Loro', open: (author) => new LoroEditor(author) }
