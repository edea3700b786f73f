/** What ProseMirror and Tiptap have in common: the view, its positions, and a schema with paragraphs and one mark. */
import type { MarkType, Node } from 'prosemirror-model'
import { Selection, TextSelection } from 'prosemirror-state'
import type { DecorationSet, EditorView } from 'prosemirror-view'
import type * as Y from 'yjs'
import type { EditorHandle, Range } from '../editor-handle.js'

/** What the two bindings name differently. */
export interface Binding {
  readonly knownFault?: RegExp
  readonly bold: MarkType
  readonly undoManager: Y.UndoManager
  shared(): unknown
  /** Works out the decorations of others' cursors anew. */
  remoteDecorations(): DecorationSet
  undo(): void
  redo(): void
  destroy(): void
}

export function prosemirrorHandle(view: EditorView, binding: Binding): EditorHandle {
  const { bold, remoteDecorations, ...rest } = binding
  const schema = view.state.schema
  const cursorNear = (at: number) => {
    const { doc } = view.state
    return Selection.near(doc.resolve(Math.min(at, doc.content.size))).from
  }
  return {
    ...rest,
    content: () => view.state.doc.toJSON(),
    text: () => view.state.doc.textBetween(0, view.state.doc.content.size, '\n'),
    length: () => view.state.doc.content.size,
    insert(at, text, isBold = false) {
      const node = schema.text(text, isBold ? [bold.create()] : [])
      view.dispatch(view.state.tr.insert(cursorNear(at), node))
    },
    remove({ from, to }) {
      view.dispatch(view.state.tr.delete(from, to))
    },
    split(at) {
      view.dispatch(view.state.tr.split(cursorNear(at)))
    },
    setBold({ from, to }) {
      view.dispatch(view.state.tr.addMark(from, to, bold.create()))
    },
    find: (word) => findIn(view.state.doc, word),
    focus: () => view.focus(),
    select({ from, to }) {
      const { doc, tr } = view.state
      view.dispatch(tr.setSelection(TextSelection.between(doc.resolve(from), doc.resolve(to))))
    },
    selection: () => view.state.selection,
    textOf: ({ from, to }) => view.state.doc.textBetween(from, to, '\n'),
    selectionsOfOthers() {
      const ranges = remoteDecorations().find()
      return ranges.filter(({ from, to }) => from < to).map(({ from, to }) => ({ from, to }))
    },
  }
}

function findIn(doc: Node, word: string): Range | undefined {
  let found: Range | undefined
  doc.descendants((node, position) => {
    const index = node.isTextblock ? node.textContent.indexOf(word) : -1
    if (index < 0) return !found
    const from = position + 1 + index
    found ??= { from, to: from + word.length }
    return false
  })
  return found
}
