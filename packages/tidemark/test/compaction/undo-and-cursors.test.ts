/** Undo, redo, selections and cursors through cuts. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Site } from '../room.js'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { expectAgreement } from './editing.js'

roomOfEachTest()

describe('undo', () => {
  /** As the binding for CodeMirror does: a selection in each step, held by an object of a class. */
  class Selection {
    readonly anchor: Y.RelativePosition
    constructor(text: Y.Text, index: number) {
      this.anchor = Y.createRelativePositionFromTypeIndex(text, index)
    }
    index(doc: Y.Doc): number | undefined {
      return Y.createAbsolutePositionFromRelativePosition(this.anchor, doc)?.index
    }
  }

  function undoOf({ doc, text, provider }: Site) {
    const manager = new Y.UndoManager(text, { captureTimeout: 0 })
    const popped: (number | undefined)[] = []
    let selection = new Selection(text, 0)
    manager.on('stack-item-added', ({ stackItem }) => {
      if (!stackItem.meta.has('selection')) stackItem.meta.set('selection', selection)
    })
    manager.on('stack-item-popped', ({ stackItem }) =>
      popped.push(stackItem.meta.get('selection')?.index(doc)),
    )
    const untrack = provider.trackUndo(manager)
    const select = (index: number) => {
      selection = new Selection(text, index)
    }
    return { manager, popped, select, untrack }
  }

  test('goes on through cuts, with what others typed meanwhile, and selections come back', () => {
    const [a, b] = [room.open({ content: 'The end.' }), room.open()]
    room.settle()
    const { manager, popped, select } = undoOf(a)
    select(4)
    a.text.insert(4, 'very ')
    select(9)
    a.text.insert(9, 'last ')
    b.text.insert(0, '> ')
    room.settle()
    expect(a.text.toString()).toBe('> The very last end.')
    room.cut(b)
    manager.undo()
    expect(a.text.toString()).toBe('> The very end.')
    room.settle()
    room.cut(a)
    manager.undo()
    expect(a.text.toString()).toBe('> The end.')
    expect(popped).toEqual([11, 6])
    manager.redo()
    expect(a.text.toString()).toBe('> The very end.')
    room.settle()
    room.cut(b)
    // An explicit cut takes along what was deleted just before, so that step is gone.
    expect(manager.canRedo()).toBe(false)
    manager.undo()
    expect(a.text.toString()).toBe('> The end.')
    room.settle()
    expectAgreement([a, b])
  })

  test('brings back what was deleted within the horizon, however often the room is cut by itself', () => {
    const options = { compactionMinBytes: 200, compactionShare: 0.1, undoHorizonMs: 30_000 }
    const [a, b] = [room.open({ content: 'keep this', ...options }), room.open(options)]
    room.settle()
    for (let i = 0; i < 100; i++) {
      b.text.insert(b.text.length, ' and that which goes')
      room.settle(200)
      b.text.delete(9, b.text.length - 9)
      room.settle(200)
    }
    const { manager } = undoOf(a)
    a.text.delete(4, 5)
    const before = a.epochs.length
    for (let i = 0; i < 60; i++) {
      b.text.insert(b.text.length, '! and that which goes')
      room.settle(200)
      b.text.delete(b.text.length - 20, 20)
      room.settle(200)
    }
    expect(a.epochs.length).toBeGreaterThan(before)
    manager.undo()
    room.settle()
    expect(a.text.toString()).toBe(`keep this${'!'.repeat(60)}`)
    expectAgreement([a, b])
  })

  test('goes on over what was deleted and brought back, also in a room that was left alone', () => {
    const [a, b] = [room.open({ compactionMinBytes: 0 }), room.open()]
    room.settle()
    const { manager, popped, select } = undoOf(a)
    for (const word of ['one ', 'two ', 'three']) {
      select(a.text.length)
      a.text.insert(a.text.length, word)
      room.settle()
    }
    a.text.delete(0, 13)
    room.settle()
    manager.undo()
    const cursor = Y.createRelativePositionFromTypeIndex(a.text, 4)
    a.provider.awareness.setLocalStateField('cursor', cursor)
    const { epoch } = a.provider
    room.settle(200_000)
    expect(a.provider.epoch).toBeGreaterThan(epoch)
    for (const { doc, provider } of [a, b]) {
      const position = provider.awareness.getStates().get(a.doc.clientID)?.['cursor']
      expect(Y.createAbsolutePositionFromRelativePosition(position, doc)?.index).toBe(4)
    }
    manager.undo()
    expect(a.text.toString()).toBe('one two ')
    manager.undo()
    manager.undo()
    expect(popped.slice(-3)).toEqual([8, 4, 0])
    manager.redo()
    manager.redo()
    room.settle()
    expect(b.text.toString()).toBe('one two ')
    expectAgreement([a, b])
  })

  test('of a replacement older than a cut leaves everybody what is there', () => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const [cards, card] = [a.doc.getArray('cards'), a.doc.getMap('card')]
    cards.push(['A', 'B', 'C'])
    card.set('title', 'old')
    room.settle()
    const manager = new Y.UndoManager([cards, card], { captureTimeout: 0 })
    a.provider.trackUndo(manager)
    card.set('color', 'red')
    card.set('title', 'new')
    a.doc.transact(() => {
      cards.delete(0, 1)
      cards.push(['A'])
    })
    room.settle()
    room.cut(b)
    manager.undo()
    expect(manager.canUndo()).toBe(false)
    room.settle()
    for (const { doc } of [a, b]) {
      expect(doc.getArray('cards').toJSON()).toEqual(['B', 'C', 'A'])
      expect(doc.getMap('card').toJSON()).toEqual({ title: 'new' })
    }
    expectAgreement([a, b])
  })

  test('a selection taken before a cut and kept for a step after it still leads somewhere', () => {
    const [a, b] = [room.open({ content: 'abc' }), room.open()]
    room.settle()
    const { manager, popped, select } = undoOf(a)
    select(2)
    room.cut(b)
    a.text.insert(3, 'd')
    manager.undo()
    expect(popped).toEqual([2])
    expect(a.errors).toEqual([])
  })

  test('a selection that can not be changed is told of, and its owner stays in the room', () => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const { manager } = undoOf(a)
    a.text.insert(0, 'abc')
    room.settle()
    const position = Y.createRelativePositionFromTypeIndex(a.text, 1)
    manager.undoStack[0]?.meta.set('frozen', Object.freeze(position))
    const { replicaId } = a.provider
    room.cut(a)
    expect(a.errors.splice(0)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('read only') }),
    ])
    a.text.insert(3, 'd')
    room.settle()
    expect(a.provider.replicaId).toBe(replicaId)
    expect([a.provider.epoch, b.provider.epoch]).toEqual([1, 1])
    expect(b.text.toString()).toBe('abcd')
    expectAgreement([a, b])
  })

  test('is let go of', () => {
    const a = room.open({ content: 'abc' })
    room.settle()
    const { manager, untrack } = undoOf(a)
    a.text.insert(3, 'd')
    untrack()
    expect(() => untrack()).not.toThrow()
    const stack = manager.undoStack[0]?.insertions
    room.cut(a)
    expect(manager.undoStack[0]?.insertions).toBe(stack)
  })

  test('is followed for a second editor when the first one is closed, and by the next provider', () => {
    const a = room.open({ content: 'abc' })
    room.settle()
    const { manager, untrack } = undoOf(a)
    a.provider.trackUndo(manager)
    untrack()
    untrack()
    a.text.insert(3, 'd')
    room.settle()
    room.cut(a)
    const listeners = () => a.doc._observers.get('beforeTransaction')?.size
    const whileTracked = listeners()
    a.provider.destroy()
    const { provider, errors } = room.provide(a.doc)
    provider.trackUndo(manager)
    expect(listeners()).toBe(whileTracked)
    room.settle()
    a.text.insert(4, 'e')
    room.settle()
    room.cut({ ...a, provider })
    manager.undo()
    expect(a.text.toString()).toBe('abcd')
    manager.undo()
    expect(a.text.toString()).toBe('abc')
    expect(errors).toEqual([])
  })

  test("'log' and 'off' need nothing, and take the same call", () => {
    const a = room.open({ content: 'abc', compaction: 'log' })
    room.settle()
    const { manager, untrack } = undoOf(a)
    a.text.insert(3, 'd')
    room.settle()
    manager.undo()
    expect(a.text.toString()).toBe('abc')
    untrack()
  })
})

describe('cursors', () => {
  const setCursor = ({ provider, text }: Site, anchor: number, head: number, assoc = 0) =>
    provider.awareness.setLocalStateField('cursor', {
      anchor: Y.createRelativePositionFromTypeIndex(text, anchor, assoc),
      head: Y.createRelativePositionFromTypeIndex(text, head, assoc),
    })

  /** As editor bindings resolve them. */
  function cursorOf(of: Site, at: Site): (number | undefined)[] {
    const cursor = at.provider.awareness.getStates().get(of.doc.clientID)?.['cursor']
    return [cursor.anchor, cursor.head].map(
      (position) => Y.createAbsolutePositionFromRelativePosition(position, at.doc)?.index,
    )
  }

  test('of everybody stay where they are, at everybody', () => {
    const sites = [room.open({ content: 'The quick brown fox' }), room.open(), room.open()]
    const [a, b, c] = sites as [Site, Site, Site]
    room.settle()
    b.text.delete(4, 6)
    room.settle()
    setCursor(a, 4, 9)
    setCursor(b, 0, 13, -1)
    setCursor(c, 13, 13)
    room.settle()
    for (let cut = 1; cut <= 3; cut++) {
      let redrawn = 0
      const redraw = ({ updated }: { updated: number[] }) => {
        redrawn++
        expect(updated.length).toBeGreaterThan(0)
        for (const client of updated) expect(sites.map(({ doc }) => doc.clientID)).toContain(client)
      }
      a.provider.awareness.on('change', redraw)
      room.cut(b)
      a.provider.awareness.off('change', redraw)
      expect(a.provider.epoch).toBe(cut)
      expect(redrawn).toBeGreaterThan(0)
      for (const site of sites) {
        expect(cursorOf(a, site)).toEqual([4, 9])
        expect(cursorOf(b, site)).toEqual([0, 13])
        expect(cursorOf(c, site)).toEqual([13, 13])
      }
    }
    expectAgreement(sites)
  })

  test('between members one epoch apart lead to the same place, at any moment', () => {
    const [a, b] = [room.open({ content: 'The quick brown fox' }), room.open()]
    room.settle()
    for (const site of [a, b]) setCursor(site, 0, 0)
    room.settle()
    a.provider.compact().catch(() => {})
    const apart = new Set<number>()
    for (let ms = 0; ms < 3000; ms++) {
      const at = ms % 19
      setCursor(a, at, at)
      setCursor(b, 19 - at, 19 - at)
      room.settle(1)
      apart.add(a.provider.epoch - b.provider.epoch)
      for (const site of [a, b]) {
        for (const other of [a, b]) {
          const [anchor, head] = cursorOf(other, site)
          expect(anchor).toBe(head)
          expect(anchor).toBeDefined()
        }
      }
    }
    room.settle()
    expect(apart.size).toBeGreaterThan(1)
    expect(cursorOf(a, b)).toEqual(cursorOf(a, a))
    expect(cursorOf(b, a)).toEqual(cursorOf(b, b))
    expect([a.provider.epoch, b.provider.epoch]).toEqual([1, 1])
  })

  test('of members who were there before lead a newcomer to the right place', () => {
    const [a, b] = [room.open({ content: 'The quick brown fox' }), room.open()]
    room.settle()
    setCursor(a, 4, 9)
    room.cut(b)
    room.cut(b)
    const c = room.open()
    room.settle()
    expect(cursorOf(a, c)).toEqual([4, 9])
  })
})
