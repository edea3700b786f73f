/** Full compaction as an application sees it: everything goes on, and the document gets as small as its content. */
import * as prng from 'lib0/prng'
import type { Compaction } from 'tidemark'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Room, type Site } from './room.js'

let room: Room

beforeEach(() => {
  room = new Room()
})

afterEach(() => {
  room.destroy()
  vi.unstubAllGlobals()
})

const contentOf = ({ doc }: Site) =>
  JSON.stringify([doc.getText('t').toDelta(), doc.getArray('a').toJSON(), sorted(doc.getMap('m').toJSON())])
const sorted = (object: object) =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))

function expectAgreement(sites: readonly Site[]): void {
  for (const site of sites) {
    expect(contentOf(site)).toBe(contentOf(sites[0] as Site))
    expect(site.errors).toEqual([])
    site.mirror.check()
  }
}

/** What a person might do next, somewhere in the document. */
function edit({ doc, text }: Site, random: prng.PRNG): void {
  const below = (n: number) => prng.int31(random, 0, n - 1)
  const list = doc.getArray<unknown>('a')
  const map = doc.getMap('m')
  const action = below(10)
  if (action < 4 || text.length < 5) text.insert(below(text.length + 1), prng.word(random, 1, 4))
  else if (action < 7) text.delete(below(text.length - 2), 1 + below(2))
  else if (action === 7) map.set(`k${below(4)}`, below(2) ? new Y.Map([['n', below(9)]]) : below(9))
  else if (action === 8) list.insert(below(list.length + 1), [below(2) ? new Y.Array<number>() : below(9)])
  else if (list.length > 0) {
    const at = below(list.length)
    const value = list.get(at)
    if (value instanceof Y.Array) value.push([below(9)])
    else list.delete(at)
  }
}

describe('cuts while everybody types', () => {
  test.each([1, 2, 3, 4])('nobody notices (schedule %i)', (seed) => {
    const random = prng.create(seed)
    const sites = [room.open({ content: 'hello' }), room.open(), room.open()]
    room.settle()
    const roots = sites.map(({ doc }) => [doc.getText('t'), doc.getArray('a'), doc.getMap('m')])
    const pauses: number[] = []
    for (const { provider } of sites) {
      provider.on('compacted', ({ pauseMs }) => pauses.push(pauseMs))
    }
    for (let step = 0; step < 400; step++) {
      edit(prng.oneOf(random, sites), random)
      room.settle(prng.int31(random, 0, 60))
      if (step % 40 === 0) prng.oneOf(random, sites).provider.compact().catch(expect.unreachable)
      for (const { mirror } of sites) mirror.check()
    }
    room.settle()
    expectAgreement(sites)
    for (const site of sites) {
      expect(site.epochs.length).toBeGreaterThanOrEqual(5)
      expect(site.epochs).toEqual(site.epochs.map((_, index) => index + 1))
      expect(site.provider.epoch).toBe(site.epochs.length)
    }
    sites.forEach(({ doc }, i) => {
      expect([doc.getText('t'), doc.getArray('a'), doc.getMap('m')]).toEqual(roots[i])
      expect(doc.getText('t')).toBe(roots[i]?.[0])
    })
    expect(pauses.every((ms) => ms >= 0 && Number.isFinite(ms))).toBe(true)
    expect(pauses.some((ms) => ms > 0)).toBe(true)
  })

  test('objects that the application holds are the same after a cut, and still alive', () => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const nested = new Y.Map<unknown>([['inner', new Y.Text('in')]])
    a.doc.getMap('m').set('nested', nested)
    a.text.insert(0, 'some text that goes')
    room.settle()
    const held = [a, b].map(
      ({ doc }) => (doc.getMap('m').get('nested') as Y.Map<unknown>).get('inner') as Y.Text,
    )
    a.text.delete(4, 10)
    room.cut(b)
    for (const [i, { doc }] of [a, b].entries()) {
      expect((doc.getMap('m').get('nested') as Y.Map<unknown>).get('inner')).toBe(held[i])
    }
    held[1]?.insert(2, 'ner')
    room.settle()
    expect(held.map(String)).toEqual(['inner', 'inner'])
    expectAgreement([a, b])
  })
})

describe('compact', () => {
  test("'full': what is deleted leaves the document at every member", async () => {
    const [a, b] = [room.open({ content: 'x'.repeat(1000) }), room.open()]
    room.settle()
    for (let i = 0; i < 300; i++) {
      const at = (i * 7919) % (b.text.length + 1)
      b.text.insert(at, 'word ')
      b.text.delete(at, 4)
      room.settle(20)
    }
    room.settle()
    const bytesBefore = Y.encodeStateAsUpdate(a.doc).length
    const told: Compaction[] = []
    a.provider.on('compacted', (event) => told.push(event))
    const compacted = b.provider.compact()
    room.settle()
    const { epoch, bytes } = await compacted
    expect(epoch).toBe(1)
    expect(told).toEqual([
      {
        epoch: 1,
        bytesBefore: expect.any(Number),
        bytesAfter: expect.any(Number),
        pauseMs: expect.any(Number),
      },
    ])
    const size = a.text.length + 200
    for (const { doc, provider } of [a, b]) {
      expect(Y.encodeStateAsUpdate(doc).length).toBeLessThan(Math.min(size, bytesBefore / 2))
      expect(provider.stats()).toMatchObject({
        epoch: 1,
        logOperations: 0,
        segmentOperations: 0,
        segmentBytes: 0,
      })
      expect(provider.stats().baseBytes).toBeLessThan(size)
    }
    expect(bytes).toBe(b.provider.stats().baseBytes)
    expectAgreement([a, b])
  })

  test("'full': waits for a member that is silent, and rejects when this one leaves", async () => {
    const [a, b, c] = [room.open({ content: 'x' }), room.open(), room.open()]
    room.settle()
    // Nobody is evicted, as those who answer are no majority.
    room.network.partition([a.transport], [b.transport], [c.transport])
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    let isDone = false
    compacted.then(
      () => {
        isDone = true
      },
      () => {},
    )
    room.settle(20_000)
    await Promise.resolve()
    expect(isDone).toBe(false)
    expect(a.provider.blockedBy).toContainEqual({ replica: c.provider.replicaId, reason: 'suspected' })
    room.network.heal()
    room.settle(60_000)
    expect(await compacted).toMatchObject({ epoch: a.provider.epoch })
    b.text.insert(0, 'z')
    const lost = b.provider.compact()
    b.provider.disconnect()
    room.settle()
    await expect(lost).rejects.toThrow(/not connected/)
    expect(a.text.toString()).toBe('zyx')
    expectAgreement([a, c])
  })

  test("'full': everybody asking at once gets what was asked for", async () => {
    const sites = [room.open({ content: 'x' }), room.open(), room.open()]
    room.settle()
    const all = sites.map(({ provider, text }, i) => {
      text.insert(i, String(i))
      return provider.compact()
    })
    room.settle(20_000)
    for (const { epoch } of await Promise.all(all)) expect(epoch).toBeGreaterThan(0)
    expectAgreement(sites)
  })

  test("'full': nothing happens within what the application does, however ready a cut is", () => {
    const [a, b] = [room.open({ content: 'some words' }), room.open()]
    room.settle()
    let isBusy = false
    for (const { provider } of [a, b]) {
      provider.on('compacted', () => expect(isBusy).toBe(false))
      provider.awareness.on('change', (_: object, origin: unknown) => {
        if (isBusy) expect(origin).toBe('local')
      })
    }
    a.text.observe(() => {
      a.provider.awareness.setLocalStateField('typed', a.text.length)
      a.provider.compact().catch(() => {})
    })
    b.provider.compact().catch(() => {})
    for (let ms = 0; ms < 1500; ms++) {
      isBusy = true
      a.doc.transact(() => a.text.insert(0, 'x'))
      isBusy = false
      b.text.delete(0, 1)
      room.settle(1)
    }
    room.settle()
    expect(a.epochs.length).toBeGreaterThan(1)
    expectAgreement([a, b])
  })

  test("'full': alone in the room", async () => {
    const a = room.open({ content: 'some words' })
    room.settle()
    a.text.delete(4, 6)
    const compacted = a.provider.compact()
    room.settle()
    expect((await compacted).epoch).toBe(1)
    expect(a.text.toString()).toBe('some')
    expectAgreement([a])
  })

  test("'log': drops the log, and leaves the document's ids alone", async () => {
    const [a, b] = [room.open({ content: 'x', compaction: 'log' }), room.open({ compaction: 'log' })]
    room.settle()
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    room.settle()
    expect(await compacted).toMatchObject({ epoch: 0 })
    expect(a.provider.stats()).toMatchObject({ epoch: 0, logOperations: 0 })
    expect(b.epochs).toEqual([])
    expect(b.doc.store.clients.has(a.doc.clientID)).toBe(true)
  })

  test("'off': resolves once everybody has it, and keeps every operation", async () => {
    const [a, b] = [room.open({ content: 'x', compaction: 'off' }), room.open({ compaction: 'off' })]
    room.settle()
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    room.settle()
    expect(await compacted).toMatchObject({ epoch: 0 })
    expect(b.provider.stats().logOperations).toBeGreaterThan(0)
    expect(b.text.toString()).toBe('yx')
  })

  test('happens by itself where it pays, and once nobody edits', () => {
    const options = { compactionMinBytes: 500, compactionShare: 0.2, undoHorizonMs: 2000 }
    const [a, b] = [room.open({ content: 'x', ...options }), room.open(options)]
    room.settle()
    for (let i = 0; i < 200; i++) {
      a.text.insert(0, 'words and more words')
      room.settle(25)
      a.text.delete(0, 19)
      room.settle(25)
    }
    expect(a.epochs.length).toBeGreaterThan(0)
    const whileBusy = b.epochs.length
    room.settle(120_000)
    expect(b.epochs.length).toBeGreaterThan(whileBusy)
    const [size, epoch] = [Y.encodeStateAsUpdate(b.doc).length, b.provider.epoch]
    expect(size).toBeLessThan(b.text.length + 100)
    room.settle(600_000)
    expect(b.provider.epoch).toBe(epoch)
    expectAgreement([a, b])
  })

  test('is refused where the mode is unknown', () => {
    expect(() => room.open({ compaction: 'none' as 'off' })).toThrow(/'full', 'log' or 'off', not 'none'/)
  })
})

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

describe('what can not be', () => {
  test('another provider on the document is named, once, with what to do', () => {
    class OtherProvider {}
    const a = room.open({ content: 'hello' })
    room.settle()
    const other = new OtherProvider()
    const source = new Y.Doc()
    for (const word of ['some', 'more']) {
      source.getText('t').insert(0, word)
      Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(source), other)
    }
    expect(a.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/OtherProvider.*compaction: 'log'.*remove/),
    ])
    const b = room.open({ content: 'x', compaction: 'log', connect: false })
    Y.applyUpdate(b.doc, Y.encodeStateAsUpdate(source), other)
    expect(b.errors).toEqual([])
  })

  test('a room has one mode: who comes with another one is told so, once, and so is the room', () => {
    const a = room.open({ content: 'hello' })
    room.settle()
    const b = room.open({ compaction: 'log' })
    room.settle(60_000)
    expect(a.provider.members).toHaveLength(1)
    expect(b.provider.connected).toBe(false)
    expect(b.text.toString()).toBe('')
    const all = /All members of a room use 'full', or none of them does/
    for (const { errors } of [a, b])
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(all)])
  })

  test('what can not be placed on return is handed over', () => {
    const orphaned: Y.Doc[] = []
    const [a, b] = [room.open({ content: 'hello' }), room.open()]
    room.settle()
    b.provider.on('orphaned', ({ document }) => orphaned.push(document))
    room.cut(a)
    b.provider.disconnect()
    b.text.insert(5, ' from b')
    // So much history that nothing of it is kept for one who has been away for so long.
    for (let cut = 0; cut < 40; cut++) {
      for (let i = 0; i < 200; i++) a.text.insert((i * 7919) % (a.text.length + 1), 'ab')
      for (let i = 0; i < 199; i++) a.text.delete((i * 104_729) % (a.text.length - 3), 2)
      a.provider.compact().catch(() => {})
      room.settle(2000)
    }
    b.provider.connect()
    room.settle(20_000)
    expect(b.text.toString()).toBe(a.text.toString())
    if (orphaned.length > 0)
      expect(orphaned.map((doc) => doc.getText('t').toString())).toEqual(['hello from b'])
    else expect(a.text.toString()).toContain(' from b')
    b.mirror.check()
  })
})

describe('presence of others', () => {
  test('is over once this one has left: peers and members are told to be gone', () => {
    const [a, b, c] = [room.open(), room.open(), room.open()]
    const members = new Set<string>()
    const peers = new Set<string>()
    b.provider.on('members', ({ joined, left }) => {
      for (const id of joined) members.add(id)
      for (const id of left) members.delete(id)
    })
    b.provider.on('peers', ({ added, removed }) => {
      for (const id of added) peers.add(id)
      for (const id of removed) peers.delete(id)
    })
    room.settle()
    expect([...members].sort()).toEqual([...b.provider.members].sort())
    expect(peers.size).toBe(2)
    b.provider.disconnect()
    expect([members.size, peers.size]).toEqual([0, 0])
    b.provider.connect()
    room.settle()
    expect([...members].sort()).toEqual([...b.provider.members].sort())
    expect([...peers].sort()).toEqual([a, c].map(({ provider }) => provider.replicaId).sort())
    b.provider.destroy()
    expect([members.size, peers.size]).toEqual([0, 0])
  })
})
