/** Quill with y-quill, and quill-cursors for the cursors of others. */
import '../repeatable-randomness.js'
import Quill from 'quill'
import QuillCursors from 'quill-cursors'
import { normQuillDelta, QuillBinding } from 'y-quill'
import * as Y from 'yjs'
import type { OpenEditor, Range } from '../editor-handle.js'
import { seedRandomness } from '../repeatable-randomness.js'
import { scenarios } from '../scenarios.js'

Quill.register('modules/cursors', QuillCursors)

interface DeltaOp {
  readonly insert?: unknown
  readonly attributes?: object
}

interface ShownCursor {
  readonly range: { readonly index: number; readonly length: number } | null
}

/**
 * One form for what both write differently: runs of the same format are one, and properties have one order. A line break that
 * somebody typed where others made the text bold is bold in the document; in Quill's lines it can not be.
 */
function normalized(ops: Iterable<DeltaOp>): unknown {
  const merged: { insert: string; readonly attributes: string }[] = []
  for (const { insert, attributes = {} } of ops) {
    if (typeof insert !== 'string') throw new Error('only text is expected')
    for (const part of insert.split(/(\n)/).filter((one) => one !== '')) {
      const key = JSON.stringify(part === '\n' ? [] : Object.entries(attributes).sort())
      const last = merged.at(-1)
      if (last?.attributes === key) last.insert += part
      else merged.push({ insert: part, attributes: key })
    }
  }
  return merged
}

const open: OpenEditor = (doc, awareness, parent) => {
  const text = doc.getText('editor')
  const quill = new Quill(parent, { modules: { cursors: true } })
  const binding = new QuillBinding(text, quill, awareness)
  const undoManager = new Y.UndoManager(text, { trackedOrigins: new Set([binding]) })
  const cursors = quill.getModule('cursors') as { cursors(): ShownCursor[] }
  let lastSelection: Range = { from: 0, to: 0 }
  return {
    undoManager,
    content: () => normalized(normQuillDelta(quill.getContents().ops)),
    shared: () => normalized(normQuillDelta(text.toDelta())),
    text: () => quill.getText(),
    // Behind the line break that every document ends with, nothing can be typed.
    length: () => quill.getLength() - 1,
    insert(at, inserted, isBold = false) {
      quill.insertText(at, inserted, isBold ? { bold: true } : {}, 'user')
    },
    remove({ from, to }) {
      quill.deleteText(from, to - from, 'user')
    },
    split(at) {
      quill.insertText(at, '\n', 'user')
    },
    setBold({ from, to }) {
      quill.formatText(from, to - from, { bold: true }, 'user')
    },
    find(word) {
      const from = quill.getText().indexOf(word)
      return from < 0 ? undefined : { from, to: from + word.length }
    },
    focus: () => quill.focus(),
    select({ from, to }) {
      quill.setSelection(from, to - from, 'user')
    },
    selection() {
      const selection = quill.getSelection()
      if (selection) lastSelection = { from: selection.index, to: selection.index + selection.length }
      return lastSelection
    },
    textOf: ({ from, to }) => quill.getText(from, to - from),
    selectionsOfOthers() {
      // The binding works them out whenever the editor's selection may have changed.
      quill.emitter.emit('editor-change', 'selection-change', null, null, 'silent')
      return cursors.cursors().flatMap(({ range }) => {
        return range ? [{ from: range.index, to: range.index + range.length }] : []
      })
    },
    undo: () => undoManager.undo(),
    redo: () => undoManager.redo(),
    destroy: () => binding.destroy(),
  }
}

export const { typeAtRandom, keepSelections, undoAfterCut, undoAfterCutOfEverything } = scenarios(
  open,
  seedRandomness,
)
