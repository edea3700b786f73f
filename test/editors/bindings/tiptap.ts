/** Tiptap with its collaboration extension, and the cursors of the binding beneath it. */
import '../repeatable-randomness.js'
import { Editor, Extension } from '@tiptap/core'
import { Bold } from '@tiptap/extension-bold'
import { Collaboration } from '@tiptap/extension-collaboration'
import { Document } from '@tiptap/extension-document'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Text } from '@tiptap/extension-text'
import {
  yCursorPlugin,
  yCursorPluginKey,
  yUndoPluginKey,
  yXmlFragmentToProseMirrorRootNode,
} from '@tiptap/y-tiptap'
import type { OpenEditor } from '../editor-handle.js'
import { seedRandomness } from '../repeatable-randomness.js'
import { scenarios } from '../scenarios.js'
import { prosemirrorHandle } from './prosemirror-handle.js'

const open: OpenEditor = (doc, awareness, parent) => {
  const fragment = doc.getXmlFragment('editor')
  const cursors = Extension.create({
    name: 'cursors',
    addProseMirrorPlugins: () => [yCursorPlugin(awareness)],
  })
  const extensions = [Document, Paragraph, Text, Bold, Collaboration.configure({ fragment }), cursors]
  const editor = new Editor({ element: parent, extensions })
  const { view, schema } = editor
  const bold = schema.marks['bold']
  if (!bold) throw new Error('the schema has no bold type')
  return prosemirrorHandle(view, {
    // It brings back a selection that is too far behind in a document that has become shorter.
    knownFault: /^Position \d+ out of range$/,
    bold,
    undoManager: yUndoPluginKey.getState(editor.state).undoManager,
    shared: () => yXmlFragmentToProseMirrorRootNode(fragment, schema).toJSON(),
    remoteDecorations() {
      view.dispatch(view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }))
      return yCursorPluginKey.getState(view.state)
    },
    undo: () => editor.commands.undo(),
    redo: () => editor.commands.redo(),
    destroy: () => editor.destroy(),
  })
}

export const { typeAtRandom, keepSelections, undoAfterCut, undoAfterCutOfEverything } = scenarios(
  open,
  seedRandomness,
)
