/** The CodeMirror editor on the shared text, with everybody's cursors and an undo of one's own edits only. */
import { EditorState, Prec } from '@codemirror/state'
import { keymap } from '@codemirror/view'
import { basicSetup, EditorView } from 'codemirror'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'

export interface Editor {
  readonly view: EditorView
  readonly undoManager: Y.UndoManager
}

/** Colours come from the page's custom properties, so that one theme fits both. */
const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--editor)', fontSize: '13.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overscrollBehavior: 'contain' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '14px 0 40px' },
  '.cm-line': { padding: '0 16px 0 8px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--editor)', color: 'var(--ink-faint)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--active-line)' },
  '&.cm-focused .cm-activeLineGutter': { backgroundColor: 'var(--active-line)', color: 'var(--ink-soft)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-ySelectionCaret': { borderLeftWidth: '1px', borderRightWidth: '1px' },
  '.cm-ySelectionInfo': {
    opacity: '1',
    top: '-1.3em',
    padding: '0 4px',
    borderRadius: '3px 3px 3px 0',
    fontFamily: 'var(--sans)',
    fontSize: '10px',
    fontWeight: '600',
    lineHeight: '1.35',
  },
  '.cm-line:first-child .cm-ySelectionInfo': { top: '1.5em', borderRadius: '0 3px 3px 3px' },
})

export function mountEditor(parent: HTMLElement, text: Y.Text, awareness: Awareness): Editor {
  const undoManager = new Y.UndoManager(text)
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        Prec.high(keymap.of(yUndoManagerKeymap)),
        yCollab(text, awareness, { undoManager }),
        basicSetup,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'Shared document' }),
        theme,
      ],
    }),
  })
  return { view, undoManager }
}

/** Shows a place in the document, unless its reader works somewhere in it. */
export function follow({ view }: Editor, index: number): void {
  if (view.hasFocus || index > view.state.doc.length) return
  view.dispatch({ effects: EditorView.scrollIntoView(index, { y: 'nearest', yMargin: 60 }) })
}
