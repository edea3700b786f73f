/** CodeMirror 6 with y-codemirror.next, set up as its manual says. */
import '../repeatable-randomness.js'
import { EditorState } from '@codemirror/state'
import { basicSetup, EditorView } from 'codemirror'
import { yCollab, yRemoteSelections } from 'y-codemirror.next'
import * as Y from 'yjs'
import type { OpenEditor, Range } from '../editor-handle.js'
import { seedRandomness } from '../repeatable-randomness.js'
import { scenarios } from '../scenarios.js'

const open: OpenEditor = (doc, awareness, parent) => {
  const text = doc.getText('editor')
  const undoManager = new Y.UndoManager(text)
  const extensions = [basicSetup, yCollab(text, awareness, { undoManager })]
  const view = new EditorView({ parent, state: EditorState.create({ doc: text.toString(), extensions }) })
  const content = () => view.state.doc.toString()
  return {
    undoManager,
    content,
    shared: () => text.toString(),
    text: content,
    length: () => view.state.doc.length,
    insert(at, inserted) {
      view.dispatch({ changes: { from: at, insert: inserted }, userEvent: 'input.type' })
    },
    remove({ from, to }) {
      view.dispatch({ changes: { from, to }, userEvent: 'delete' })
    },
    split(at) {
      view.dispatch({ changes: { from: at, insert: '\n' }, userEvent: 'input' })
    },
    setBold() {},
    find(word) {
      const from = content().indexOf(word)
      return from < 0 ? undefined : { from, to: from + word.length }
    },
    focus: () => view.focus(),
    select({ from, to }) {
      view.dispatch({ selection: { anchor: from, head: to }, userEvent: 'select' })
    },
    selection: () => view.state.selection.main,
    textOf: ({ from, to }) => view.state.sliceDoc(from, to),
    selectionsOfOthers() {
      view.dispatch({})
      const ranges: Range[] = []
      view.plugin(yRemoteSelections)?.decorations.between(0, view.state.doc.length, (from, to, { spec }) => {
        if (spec.class === 'cm-ySelection') ranges.push({ from, to })
      })
      return ranges
    },
    undo: () => undoManager.undo(),
    redo: () => undoManager.redo(),
    destroy: () => view.destroy(),
  }
}

export const { typeAtRandom, keepSelections, undoAfterCut, undoAfterCutOfEverything } = scenarios(
  open,
  seedRandomness,
)
