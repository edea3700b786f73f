/**
 * What the scenarios need of an editor. Positions are the editor's own; all changes go through the editor, so that its
 * binding has to carry them to the document.
 */
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'

export interface Range {
  readonly from: number
  readonly to: number
}

export interface EditorHandle {
  /** What the binding throws now and then, with cuts and without; the next change from elsewhere repairs the editor. */
  readonly knownFault?: RegExp
  /** What the binding, or its manual, undoes with. */
  readonly undoManager: Y.UndoManager
  /** What the editor holds, as plain data. */
  content(): unknown
  /** What the shared document says the editor should hold, in the same form. */
  shared(): unknown
  /** Without formatting. */
  text(): string
  /** The last position. */
  length(): number
  insert(at: number, text: string, isBold?: boolean): void
  remove(range: Range): void
  /** Begins a new line or paragraph. */
  split(at: number): void
  /** Does nothing in editors of plain text. */
  setBold(range: Range): void
  /** Where a word is. Words do not cross lines. */
  find(word: string): Range | undefined
  focus(): void
  select(range: Range): void
  selection(): Range
  textOf(range: Range): string
  /** Works out anew what others have selected, and says where it is shown. */
  selectionsOfOthers(): Range[]
  undo(): void
  redo(): void
  destroy(): void
}

export type OpenEditor = (doc: Y.Doc, awareness: Awareness, parent: HTMLElement) => EditorHandle
