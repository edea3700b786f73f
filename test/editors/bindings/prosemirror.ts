/** ProseMirror with y-prosemirror, set up as its manual says. */
import '../repeatable-randomness.js'
import { schema } from 'prosemirror-schema-basic'
import { EditorState } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import {
  redo,
  undo,
  yCursorPlugin,
  yCursorPluginKey,
  ySyncPlugin,
  yUndoPlugin,
  yUndoPluginKey,
  yXmlFragmentToProseMirrorRootNode,
} from 'y-prosemirror'
import type { OpenEditor } from '../editor-handle.js'
import { seedRandomness } from '../repeatable-randomness.js'
import { scenarios } from '../scenarios.js'
import { prosemirrorHandle } from './prosemirror-handle.js'

const open: OpenEditor = (doc, awareness, parent) => {
  const fragment = doc.getXmlFragment('editor')
  const plugins = [ySyncPlugin(fragment), yCursorPlugin(awareness), yUndoPlugin()]
  const view = new EditorView(parent, { state: EditorState.create({ schema, plugins }) })
  const bold = schema.marks['strong']
  if (!bold) throw new Error('the schema has no bold type')
  return prosemirrorHandle(view, {
    bold,
    undoManager: yUndoPluginKey.getState(view.state).undoManager,
    shared: () => yXmlFragmentToProseMirrorRootNode(fragment, schema).toJSON(),
    remoteDecorations() {
      view.dispatch(view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }))
      return yCursorPluginKey.getState(view.state)
    },
    undo: () => undo(view.state),
    redo: () => redo(view.state),
    destroy: () => view.destroy(),
  })
}

export const { typeAtRandom, keepSelections, undoAfterCut, undoAfterCutOfEverything } = scenarios(
  open,
  seedRandomness,
)
