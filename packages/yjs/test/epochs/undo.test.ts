import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { apply, change, cut, founder, load, type Member, newcomer } from './members.js'

function withUndo(of: Member): Y.UndoManager {
  const manager = new Y.UndoManager(of.text, { captureTimeout: 0 })
  of.structure.trackUndo(manager)
  return manager
}

/** What an editor's binding keeps with a step. */
class Selection {
  anchor: Y.RelativePosition
  readonly owner: { self?: unknown } = {}

  constructor(text: Y.Text, index: number) {
    this.anchor = Y.createRelativePositionFromTypeIndex(text, index)
    this.owner.self = this
  }

  indexIn(doc: Y.Doc): number | undefined {
    return Y.createAbsolutePositionFromRelativePosition(this.anchor, doc)?.index
  }
}

describe('undo', () => {
  test('goes back through cuts, as far as nothing was purged, and forward again', () => {
    const alice = founder(1)
    const undo = withUndo(alice)
    const below = [change(alice, () => alice.text.insert(0, 'below'))]
    const above = [
      change(alice, () => alice.text.insert(5, ' above')),
      change(alice, () => alice.text.delete(0, 2)),
    ]
    cut(alice, below, above)
    const bob = newcomer(2, alice, above)
    expect(alice.text.toString()).toBe('low above')
    undo.undo()
    expect(alice.text.toString()).toBe('below above')
    undo.undo()
    expect(alice.text.toString()).toBe('below')
    const undone = change(alice, () => {})
    apply(bob, undone)
    expect(bob.text.toString()).toBe('below')
    cut(alice, above, [undone])
    undo.redo()
    expect(alice.text.toString()).toBe('below above')
    undo.redo()
    expect(alice.text.toString()).toBe('low above')
  })

  test('leaves out what a cut has purged, and steps that have nothing left', () => {
    const alice = founder(1)
    const undo = withUndo(alice)
    const below = [
      change(alice, () => alice.text.insert(0, 'abc')),
      change(alice, () => alice.text.delete(0, 1)),
    ]
    cut(alice, below)
    expect(undo.undoStack).toHaveLength(1)
    undo.undo()
    expect(alice.text.toString()).toBe('')
  })

  test('is followed on return', () => {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const undo = withUndo(bob)
    const shared = change(alice, () => alice.text.insert(0, 'shared'))
    apply(bob, shared)
    bob.text.insert(6, ' offline')
    cut(alice, [shared])
    load(bob, alice)
    undo.undo()
    expect(bob.text.toString()).toBe('shared')
  })

  test.each([
    ['held by a step', true],
    ['that enters a step only later', false],
  ])('the selection of an editor, %s, follows', (_how, isHeld) => {
    const alice = founder(1)
    const undo = withUndo(alice)
    const below = [
      change(alice, () => alice.text.insert(0, 'abcdef')),
      change(alice, () => alice.text.delete(0, 2)),
    ]
    const selection = new Selection(alice.text, 3)
    const meta = undo.undoStack[0]?.meta
    if (isHeld) meta?.set('editor', { selection })
    cut(alice, below)
    if (!isHeld) meta?.set('editor', { selection })
    let shown: number | undefined
    undo.on('stack-item-popped', () => {
      shown = selection.indexIn(alice.doc)
    })
    undo.undo()
    // What it stood in is erased by this step.
    expect(shown).toBe(0)
    expect(alice.text.toString()).toBe('')
  })

  test('a manager that is not tracked any more is left alone', () => {
    const alice = founder(1)
    const manager = new Y.UndoManager(alice.text)
    const untrack = alice.structure.trackUndo(manager)
    untrack()
    const below = [change(alice, () => alice.text.insert(0, 'x'))]
    const before = manager.undoStack[0]?.insertions
    cut(alice, below)
    expect(manager.undoStack[0]?.insertions).toBe(before)
  })
})
