import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { EpochChange } from '../../src/epochs/full-host.js'
import { UndoTracking } from '../../src/epochs/undo-tracking.js'
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

  describe('of what replaced something that a cut has purged', () => {
    function documentOf(of: Member) {
      const { doc, text } = of
      const [list, map] = [doc.getArray<string>('list'), doc.getMap('map')]
      const shown = () => ({ text: text.toString(), list: list.toArray(), map: map.toJSON() })
      return { doc, text, list, map, shown }
    }

    type Parts = ReturnType<typeof documentOf>

    const fill = ({ text, list, map }: Parts) => {
      text.insert(0, 'foo')
      list.push(['A', 'B', 'C'])
      map.set('title', 'old')
    }

    test.each<[string, (parts: Parts) => void]>([
      [
        'a word by another one',
        ({ text }) => {
          text.delete(0, 3)
          text.insert(0, 'bar')
        },
      ],
      [
        'a card to another place',
        ({ list }) => {
          list.delete(0, 1)
          list.push(['A'])
        },
      ],
      ['a value by another one', ({ map }) => map.set('title', 'new')],
    ])('%s: the new one stays, and steps around it are undone', (_what, replace) => {
      const alice = founder(1)
      const parts = documentOf(alice)
      const { doc, text, list, map, shown } = parts
      const below = [change(alice, () => doc.transact(() => fill(parts), 'nobody'))]
      const manager = new Y.UndoManager([text, list, map], { captureTimeout: 0 })
      alice.structure.trackUndo(manager)
      below.push(change(alice, () => map.set('before', 1)))
      below.push(change(alice, () => doc.transact(() => replace(parts))))
      below.push(change(alice, () => map.set('after', 2)))
      const replaced = shown()
      cut(alice, below)
      expect(manager.undoStack).toHaveLength(2)
      manager.undo()
      manager.undo()
      expect(shown()).toEqual({ ...replaced, map: { title: replaced.map['title'] } })
      expect(manager.undo()).toBeNull()
      manager.redo()
      manager.redo()
      expect(shown()).toEqual(replaced)
    })

    test('a step that was undone does not take back what it would have replaced', () => {
      const alice = founder(1)
      const below = [change(alice, () => alice.text.insert(0, 'foo'))]
      const undo = withUndo(alice)
      const replace = () => {
        alice.text.delete(0, 3)
        alice.text.insert(0, 'bar')
      }
      below.push(change(alice, () => alice.doc.transact(replace)))
      below.push(change(alice, () => undo.undo()))
      cut(alice, below)
      expect(undo.redo()).toBeNull()
      expect(alice.text.toString()).toBe('foo')
    })

    test('a step of which a part could be brought back is not undone by half', () => {
      const alice = founder(1)
      const { list } = documentOf(alice)
      const below = [change(alice, () => list.push(['A', 'B', 'C']))]
      const undo = new Y.UndoManager(list, { captureTimeout: 60_000 })
      alice.structure.trackUndo(undo)
      const toTheEnd = (name: string) => () =>
        alice.doc.transact(() => {
          list.delete(list.toArray().indexOf(name), 1)
          list.push([name])
        })
      below.push(change(alice, toTheEnd('A')))
      const above = [change(alice, toTheEnd('B'))]
      cut(alice, below, above)
      expect(undo.undo()).toBeNull()
      expect(list.toArray()).toEqual(['C', 'A', 'B'])
    })

    test('what is done next is a step of its own', () => {
      const alice = founder(1)
      const { map } = documentOf(alice)
      const below = [change(alice, () => map.set('title', 'old'))]
      const undo = new Y.UndoManager(map, { captureTimeout: 60_000 })
      alice.structure.trackUndo(undo)
      below.push(change(alice, () => map.set('before', 1)))
      undo.stopCapturing()
      below.push(change(alice, () => map.set('title', 'new')))
      cut(alice, below)
      map.set('after', 2)
      undo.undo()
      expect(map.toJSON()).toEqual({ before: 1, title: 'new' })
    })

    test.each<[string, (of: Member) => void]>([
      [
        'that the same step had typed',
        ({ text }) => {
          text.insert(3, 'typpo')
          text.delete(6, 3)
          text.insert(6, 'o')
        },
      ],
      [
        'that the manager does not watch',
        ({ doc, text }) => {
          doc.getMap('map').set('title', 'new')
          text.insert(3, 'typo')
        },
      ],
    ])('but not of what %s', (_what, edit) => {
      const alice = founder(1)
      const parts = documentOf(alice)
      const below = [change(alice, () => alice.doc.transact(() => fill(parts)))]
      const undo = withUndo(alice)
      below.push(change(alice, () => alice.doc.transact(() => edit(alice))))
      expect(alice.text.toString()).toBe('footypo')
      cut(alice, below)
      undo.undo()
      expect(alice.text.toString()).toBe('foo')
    })

    test('nor of a step that only deleted: what is left of it comes back', () => {
      const alice = founder(1)
      const below = [change(alice, () => alice.text.insert(0, 'abcdef'))]
      const undo = new Y.UndoManager(alice.text, { captureTimeout: 60_000 })
      alice.structure.trackUndo(undo)
      below.push(change(alice, () => alice.text.delete(0, 2)))
      cut(alice, below, [change(alice, () => alice.text.delete(0, 2))])
      undo.undo()
      expect(alice.text.toString()).toBe('cdef')
    })
  })

  describe('of what was deleted and brought back before a cut', () => {
    test('goes on, step by step', () => {
      const alice = founder(1)
      const undo = withUndo(alice)
      const below = ['one ', 'two ', 'three'].map((word) =>
        change(alice, () => alice.text.insert(alice.text.length, word)),
      )
      below.push(change(alice, () => alice.text.delete(0, 13)))
      below.push(change(alice, () => undo.undo()))
      below.push(change(alice, () => undo.redo()))
      below.push(change(alice, () => undo.undo()))
      expect(alice.text.toString()).toBe('one two three')
      cut(alice, below)
      expect(undo.undoStack).toHaveLength(3)
      const next = [change(alice, () => undo.undo())]
      expect(alice.text.toString()).toBe('one two ')
      next.push(change(alice, () => undo.redo()))
      cut(alice, next)
      undo.undo()
      undo.undo()
      expect(alice.text.toString()).toBe('one ')
      undo.undo()
      expect(alice.text.toString()).toBe('')
    })

    test('leaves out what was deleted again', () => {
      const alice = founder(1)
      const undo = withUndo(alice)
      const below = [
        change(alice, () => alice.text.insert(0, 'abcdef')),
        change(alice, () => alice.text.delete(1, 4)),
        change(alice, () => undo.undo()),
        change(alice, () => alice.doc.transact(() => alice.text.delete(2, 2), 'nobody')),
      ]
      expect(alice.text.toString()).toBe('abef')
      cut(alice, below)
      alice.doc.transact(() => alice.text.insert(2, '!'), 'nobody')
      undo.undo()
      expect(alice.text.toString()).toBe('!')
    })

    test.each([
      ['before the cut', true],
      ['in part after it', false],
    ])('with all that it contained, %s', (_when, isBelow) => {
      const alice = founder(1)
      const list = alice.doc.getArray<Y.Text>('array')
      const undo = new Y.UndoManager(list, { captureTimeout: 0 })
      alice.structure.trackUndo(undo)
      const below = [
        change(alice, () => list.push([new Y.Text('abc')])),
        change(alice, () => list.get(0).insert(3, 'def')),
        change(alice, () => list.delete(0)),
      ]
      const above = change(alice, () => undo.undo())
      if (isBelow) cut(alice, [...below, above])
      else cut(alice, below, [above])
      expect(list.toJSON()).toEqual(['abcdef'])
      expect(undo.undoStack).toHaveLength(2)
      undo.undo()
      expect(list.toJSON()).toEqual(['abc'])
      undo.undo()
      expect(list.toJSON()).toEqual([])
    })

    test('and positions in it stay where they are', () => {
      const changes: EpochChange[] = []
      const alice = founder(1, { onEpoch: (told) => changes.push(told) })
      const list = alice.doc.getArray<Y.Text>('array')
      const undo = new Y.UndoManager([alice.text, list], { captureTimeout: 0 })
      alice.structure.trackUndo(undo)
      const below = [
        change(alice, () => alice.text.insert(0, 'abcdef')),
        change(alice, () => list.push([new Y.Text('inner')])),
      ]
      const positions = [0, 2, 6].flatMap((index) =>
        [0, -1].map((assoc) => Y.createRelativePositionFromTypeIndex(alice.text, index, assoc)),
      )
      positions.push(...[1, 5].map((index) => Y.createRelativePositionFromTypeIndex(list.get(0), index)))
      const shown = (led: readonly (Y.RelativePosition | null | undefined)[]) =>
        led.map((one) => one && Y.createAbsolutePositionFromRelativePosition(one, alice.doc)?.index)
      below.push(
        change(alice, () =>
          alice.doc.transact(() => {
            alice.text.delete(0, 6)
            list.delete(0)
          }),
        ),
        change(alice, () => undo.undo()),
      )
      const selection = new Selection(list.get(0), 3)
      undo.undoStack[0]?.meta.set('selection', selection)
      const before = shown(positions)
      expect(before).toEqual([0, 0, 2, 2, 6, 6, 1, 5])
      cut(alice, below)
      const told = positions.map((position) => changes[0]?.translatePosition(position))
      expect(shown(told)).toEqual(before)
      expect(shown(positions.map((position) => alice.structure.translatePosition(position, 0)))).toEqual(
        before,
      )
      // Led on once more, they are what they were.
      expect(shown(told.map((one) => one && changes[0]?.translatePosition(one)))).toEqual(before)
      expect(selection.indexIn(alice.doc)).toBe(3)
    })
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

  test.each<[string, (position: Y.RelativePosition) => unknown, string]>([
    ['can not be changed', (position) => Object.freeze(position), 'read only'],
    [
      'can not be read',
      (position) => ({
        get gone() {
          throw new Error('of a view that is gone')
        },
        position,
      }),
      'of a view that is gone',
    ],
  ])('a cut is executed as a whole also where something in a step %s', (_what, unruly, message) => {
    const errors: unknown[] = []
    const alice = founder(1, { onObserverError: (error) => errors.push(error) })
    const bob = newcomer(2, alice)
    const undo = withUndo(alice)
    const below = [change(alice, () => alice.text.insert(0, 'abc'))]
    apply(bob, ...below)
    const selection = new Selection(alice.text, 2)
    const at = Y.createRelativePositionFromTypeIndex(alice.text, 1)
    undo.undoStack[0]?.meta.set('unruly', unruly(at)).set('selection', selection)
    cut(alice, below)
    expect(errors.map(String)).toEqual([expect.stringContaining(message)])
    expect(selection.indexIn(alice.doc)).toBe(2)
    cut(bob, below)
    apply(
      bob,
      change(alice, () => undo.undo()),
    )
    expect([alice.text.toString(), bob.text.toString()]).toEqual(['', ''])
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

  test('a manager that several track is followed until none of them does', () => {
    const alice = founder(1)
    const manager = new Y.UndoManager(alice.text, { captureTimeout: 0 })
    const untrack = alice.structure.trackUndo(manager)
    alice.structure.trackUndo(manager)
    untrack()
    untrack()
    cut(alice, [change(alice, () => alice.text.insert(0, 'x'))])
    manager.undo()
    expect(alice.text.toString()).toBe('')
  })

  test('a manager is let go of with the structure', () => {
    const alice = founder(1)
    const manager = withUndo(alice)
    const below = [change(alice, () => alice.text.insert(0, 'x'))]
    const listeners = () => alice.doc._observers.get('beforeTransaction')?.size ?? 0
    const whileTracked = listeners()
    alice.structure.destroy()
    expect(listeners()).toBe(whileTracked - 1)
    const before = manager.undoStack[0]?.insertions
    cut(alice, below)
    expect(manager.undoStack[0]?.insertions).toBe(before)
  })

  describe('where observers answer what a cut changes visibly', () => {
    /** Bob is shown by the cut that two insertions change places, and answers that. */
    function answering(captureTimeout: number) {
      const alice = founder(5)
      const filled = change(alice, () => alice.doc.getArray('array').push(['a', 't']))
      const [bob, carol] = [newcomer(6, alice), newcomer(4, alice)]
      for (const member of [bob, carol]) apply(member, filled)
      const list = bob.doc.getArray<string>('array')
      const before = change(bob, () => list.insert(1, ['before']))
      const after = change(carol, () => carol.doc.getArray('array').push(['after']))
      const purge = change(alice, () => alice.doc.getArray('array').delete(1, 1))
      apply(bob, after, purge)
      const manager = new Y.UndoManager(list, { captureTimeout })
      bob.structure.trackUndo(manager)
      const mine = change(bob, () => list.insert(0, ['mine']))
      list.observe(({ transaction }) => {
        if (transaction.origin !== bob.structure) return
        list.insert(0, ['Q', 'R'])
        list.delete(0, 1)
        list.delete(list.toArray().indexOf('a'), 1)
      })
      expect(list.toArray()).toEqual(['mine', 'a', 'before', 'after'])
      cut(bob, [filled, purge], [before, after, mine])
      expect(list.toArray()).toEqual(['R', 'mine', 'after', 'before'])
      return { list, manager }
    }

    test.each([
      ['each a step of its own', 0],
      ['caught by the step before', 60_000],
    ])('the answers are no steps, %s', (_how, captureTimeout) => {
      const { list, manager } = answering(captureTimeout)
      list.push(['typed'])
      manager.undo()
      expect(list.toArray()).toEqual(['R', 'mine', 'after', 'before'])
      manager.undo()
      expect(list.toArray()).toEqual(['R', 'after', 'before'])
      expect(manager.undo()).toBeNull()
      manager.redo()
      manager.redo()
      expect(list.toArray()).toEqual(['R', 'mine', 'after', 'before', 'typed'])
    })
  })

  test('positions of before are forgotten with the last manager', () => {
    const { text } = founder(1)
    const manager = new Y.UndoManager(text, { captureTimeout: 0 })
    const asked: string[] = []
    const tracking = new UndoTracking((error) => {
      throw error
    })
    const translateAs = (name: string) =>
      tracking.translateMeta((position) => {
        asked.push(name)
        return position
      })
    const undoOne = () => {
      text.insert(0, 'x')
      manager.undoStack[0]?.meta.set('selection', new Selection(text, 0))
      manager.undo()
    }
    translateAs('nobody tracked')
    const untrack = tracking.track(manager)
    undoOne()
    expect(asked).toEqual([])
    translateAs('tracked')
    undoOne()
    expect(asked).toContain('tracked')
    untrack()
    asked.length = 0
    tracking.track(manager)
    undoOne()
    expect(asked).toEqual([])
  })
})
