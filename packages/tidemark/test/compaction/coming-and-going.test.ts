/** Members that come, go, hide and come back while others cut. */
import { describe, expect, test, vi } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { expectAgreement } from './editing.js'

roomOfEachTest()

describe('coming and going', () => {
  test('a newcomer at any moment of a cut gets everything, once', () => {
    const [a, b] = [room.open({ content: 'hello ' }), room.open()]
    room.settle()
    for (let ms = 0; ms < 1600; ms += 80) {
      a.text.insert(a.text.length, 'x')
      a.text.delete(a.text.length - 1, 1)
      const compacted = b.provider.compact()
      compacted.catch(() => {})
      room.settle(ms)
      const c = room.open()
      c.text.insert(0, `${ms} `)
      a.text.insert(a.text.length, '.')
      room.settle(100)
      b.text.insert(a.text.length, '!')
      room.settle(20_000)
      expectAgreement([a, b, c])
      expect(a.text.toString().split(`${ms} `).length).toBeGreaterThan(1)
      c.provider.destroy()
      room.settle()
    }
    expect(a.epochs.length).toBeGreaterThanOrEqual(20)
    expect(a.text.toString()).toContain('hello')
    expect(a.text.toString().split('.').length - 1).toBe(20)
  })

  test('a member that is destroyed at any moment of a cut leaves nothing behind', () => {
    const a = room.open({ content: 'hello ' })
    // Awareness leaves one listener behind.
    const untouched = new Y.Doc()
    new Awareness(untouched).destroy()
    const listenersOf = (doc: Y.Doc) => [...doc._observers.values()].reduce((sum, set) => sum + set.size, 0)
    room.settle()
    for (let ms = 0; ms < 800; ms += 40) {
      const b = room.open()
      room.settle()
      a.text.delete(0, 1)
      a.text.insert(0, 'H')
      b.provider.compact().catch(() => {})
      room.settle(ms)
      b.provider.destroy()
      expect(listenersOf(b.doc), `destroyed after ${ms} ms`).toBe(listenersOf(untouched))
      b.text.insert(0, 'alone')
      room.settle()
      expect(a.provider.members).toHaveLength(1)
      expect(a.text.toString()).toBe('Hello ')
      expect([...a.errors, ...b.errors]).toEqual([])
      a.mirror.check()
    }
  })

  test('a document that is created, destroyed and created again, as under React StrictMode', () => {
    const a = room.open({ content: 'hello' })
    room.settle()
    room.cut(a)
    const doc = new Y.Doc()
    room.provide(doc).provider.destroy()
    const second = room.provide(doc)
    room.settle()
    expect(doc.getText('t').toString()).toBe('hello')
    doc.getText('t').delete(0, 1)
    doc.getText('t').insert(0, 'J')
    room.settle()
    second.provider.destroy()
    a.text.insert(5, '!')
    room.settle()
    room.cut(a)
    const third = room.provide(doc)
    room.settle(20_000)
    for (const text of [a.text, doc.getText('t')]) expect(text.toString()).toBe('Jello!')
    for (const { errors } of [a, second, third]) expect(errors).toEqual([])
  })

  test('edits made offline come in through the cuts of the others', () => {
    const [a, b, c] = [room.open({ content: 'one two three' }), room.open(), room.open()]
    room.settle()
    const orphaned: Y.Doc[] = []
    c.provider.on('orphaned', ({ document }) => orphaned.push(document))
    for (let round = 0; round < 3; round++) {
      c.provider.disconnect()
      c.text.insert(4, `c${round} `)
      c.doc.getMap('m').set('by', `c${round}`)
      a.text.delete(0, 1)
      a.text.insert(0, 'O')
      room.settle()
      room.cut(b)
      b.text.insert(b.text.length, '.')
      if (round > 0) room.cut(a)
      c.text.insert(c.text.length, '!')
      c.provider.connect()
      room.settle(20_000)
      expectAgreement([a, b, c])
    }
    expect(a.text.toString()).toMatch(/^One c2 c1 c0 two three[.!]{6}$/)
    expect(a.doc.getMap('m').get('by')).toBe('c2')
    expect(orphaned).toEqual([])
  })

  test.each(['older', 'newer'])('everybody leaves, and the one with the %s state comes first', (first) => {
    const [a, b] = [room.open({ content: 'shared' }), room.open()]
    const orphaned: string[] = []
    b.provider.on('orphaned', ({ document }) => orphaned.push(document.getText('t').toString()))
    room.settle()
    room.cut(a)
    a.provider.disconnect()
    a.text.insert(0, 'A')
    room.settle()
    b.text.delete(0, 1)
    room.cut(b)
    b.text.insert(b.text.length, 'B')
    b.provider.disconnect()
    b.text.insert(b.text.length, '!')
    for (const { provider } of first === 'older' ? [a, b] : [b, a]) {
      provider.connect()
      room.settle(20_000)
    }
    expectAgreement([a, b])
    expect(a.text.toString()).toBe('AharedB!')
    expect(orphaned).toEqual([])
  })

  test('a page that is hidden and shown again comes back through a cut', () => {
    const window = new EventTarget()
    vi.stubGlobal('window', window)
    const c = room.open({ content: 'hello' })
    vi.unstubAllGlobals()
    room.settle()
    const [a, b] = [room.open(), room.open()]
    room.settle()
    window.dispatchEvent(new Event('pagehide'))
    room.settle()
    expect(a.provider.members).toHaveLength(2)
    a.text.delete(0, 1)
    a.text.insert(0, 'J')
    room.cut(b)
    c.text.insert(5, '!')
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    room.settle(20_000)
    for (const { text } of [a, b, c]) expect(text.toString()).toBe('Jello!')
    expectAgreement([a, b, c])
  })

  test('undo and cursors of one who was away work on', () => {
    const [a, b, c] = [room.open({ content: 'one two' }), room.open(), room.open()]
    room.settle()
    const manager = new Y.UndoManager(c.text, { captureTimeout: 0 })
    c.provider.trackUndo(manager)
    c.text.insert(3, ' and')
    room.settle()
    c.provider.disconnect()
    c.text.insert(0, '> ')
    c.provider.awareness.setLocalStateField('cursor', {
      anchor: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(c.text, 6)),
    })
    a.text.insert(11, '!')
    room.cut(b)
    c.provider.connect()
    room.settle(20_000)
    expectAgreement([a, b, c])
    for (const { doc, provider } of [a, c]) {
      const { anchor } = provider.awareness.getStates().get(c.doc.clientID)?.['cursor'] ?? {}
      const position = Y.createRelativePositionFromJSON(anchor)
      expect(Y.createAbsolutePositionFromRelativePosition(position, doc)?.index).toBe(6)
    }
    manager.undo()
    manager.undo()
    room.settle()
    expect(a.text.toString()).toBe('one two!')
    expectAgreement([a, b, c])
  })
})
