/** Monaco with y-monaco, set up as its manual says. */
import '../repeatable-randomness.js'
import { Range as MonacoRange, editor as monaco } from 'monaco-editor/esm/vs/editor/editor.api.js'
import { MonacoBinding } from 'y-monaco'
import * as Y from 'yjs'
import type { OpenEditor, Range } from '../editor-handle.js'
import { seedRandomness } from '../repeatable-randomness.js'
import { scenarios } from '../scenarios.js'

// Its background services (links, differences) are not needed, so their worker does nothing.
Object.assign(globalThis, {
  MonacoEnvironment: { getWorker: () => new Worker(URL.createObjectURL(new Blob(['']))) },
})

const open: OpenEditor = (doc, awareness, parent) => {
  const text = doc.getText('editor')
  const model = monaco.createModel('', 'plaintext')
  const editor = monaco.create(parent, { model })
  const binding = new MonacoBinding(text, model, new Set([editor]), awareness)
  const undoManager = new Y.UndoManager(text, { trackedOrigins: new Set([binding]) })
  const content = () => model.getValue()
  const toMonaco = ({ from, to }: Range) =>
    MonacoRange.fromPositions(model.getPositionAt(from), model.getPositionAt(to))
  const fromMonaco = (range: MonacoRange): Range => ({
    from: model.getOffsetAt(range.getStartPosition()),
    to: model.getOffsetAt(range.getEndPosition()),
  })
  const replace = (range: Range, inserted: string) =>
    editor.executeEdits('keyboard', [{ range: toMonaco(range), text: inserted, forceMoveMarkers: true }])
  return {
    undoManager,
    content,
    shared: () => text.toString(),
    text: content,
    length: () => model.getValueLength(),
    insert: (at, inserted) => replace({ from: at, to: at }, inserted),
    remove: (range) => replace(range, ''),
    split: (at) => replace({ from: at, to: at }, '\n'),
    setBold() {},
    find(word) {
      const from = content().indexOf(word)
      return from < 0 ? undefined : { from, to: from + word.length }
    },
    focus: () => editor.focus(),
    select: (range) => editor.setSelection(toMonaco(range)),
    selection: () => fromMonaco(editor.getSelection() ?? new MonacoRange(1, 1, 1, 1)),
    textOf: (range) => model.getValueInRange(toMonaco(range)),
    selectionsOfOthers() {
      awareness.emit('change', [{ added: [], updated: [], removed: [] }, 'test'])
      const shown = model
        .getAllDecorations()
        .filter(({ options }) => options.className?.includes('yRemoteSelection'))
      return shown.map(({ range }) => fromMonaco(range))
    },
    undo: () => undoManager.undo(),
    redo: () => undoManager.redo(),
    destroy() {
      binding.destroy()
      editor.dispose()
      model.dispose()
    },
  }
}

export const { typeAtRandom, keepSelections, undoAfterCut, undoAfterCutOfEverything } = scenarios(
  open,
  seedRandomness,
)
