import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { moveInto } from '../../src/renumbering/move.js'
import { translateRelativePosition } from '../../src/renumbering/relative-position.js'
import type { TranslationTable } from '../../src/renumbering/translation-table.js'
import { newDocument } from '../documents.js'
import { changeOf, contentOf, cutAt, rebuild } from './content.js'
import { Mirror } from './mirror.js'

const CLIENT = 7

/** Cuts a document below `window`, and moves the result into it. */
function compact(
  doc: Y.Doc,
  below: readonly Uint8Array[],
  window: readonly Uint8Array[] = [],
  undoManagers: readonly Y.UndoManager[] = [],
  onAnswer?: (update: Uint8Array) => void,
): TranslationTable {
  const { doc: rebuilt, table, add } = cutAt(below, CLIENT)
  for (const update of window) add(update)
  moveInto(doc, rebuilt, table, {
    origin: 'compaction',
    undoManagers,
    sameOperations: true,
    ...(onAnswer === undefined ? {} : { onAnswer }),
  })
  return table
}

/** A document in which a cut below `below` swaps two insertions, one of them its own. */
function swapping() {
  // a, purged t, b: 1002 types before t, 1001 after it; without t the lower client comes first.
  const docs = [1001, 1002].map(newDocument) as [Y.Doc, Y.Doc]
  const [low, high] = docs
  const below = [changeOf(low, () => low.getArray('array').push(['a', 't']))]
  for (const update of below) Y.applyUpdate(high, update)
  const before = changeOf(high, () => high.getArray('array').insert(1, ['before']))
  const after = changeOf(low, () => low.getArray('array').push(['after']))
  const purge = changeOf(low, () => low.getArray('array').delete(1, 1))
  below.push(purge)
  Y.applyUpdate(high, after)
  Y.applyUpdate(high, purge)
  return { high, below, window: [before, after] }
}

describe('moveInto', () => {
  it('keeps the objects the application holds, with their observers, and goes on editing', () => {
    const doc = newDocument(1001)
    const [text, list, map] = [doc.getText('text'), doc.getArray('array'), doc.getMap('map')]
    const inner = new Y.Text('inner')
    const deep = new Y.Map<unknown>()
    list.push([inner, 'x', deep])
    deep.set('k', 1)
    deep.set('k', new Y.Array())
    const deepest = deep.get('k') as Y.Array<unknown>
    const subdocument = new Y.Doc({ guid: 'sub' })
    map.set('sub', subdocument)
    const mirror = new Mirror([text])
    text.insert(0, 'hello world')
    text.delete(2, 5)
    mirror.check()
    const clock = Y.getState(doc.store, 1001)
    const before = contentOf(doc)
    let events = 0
    doc.on('update', () => events++)
    compact(doc, [Y.encodeStateAsUpdate(doc)])
    expect(events).toBe(0)
    expect(contentOf(doc)).toEqual(before)
    expect([list.get(0), list.get(2), deep.get('k'), map.get('sub')]).toEqual([
      inner,
      deep,
      deepest,
      subdocument,
    ])
    expect(list.get(0)).toBe(inner)
    expect(deep.get('k')).toBe(deepest)
    expect(map.get('sub')).toBe(subdocument)
    expect(doc.subdocs.has(subdocument)).toBe(true)
    expect(inner.parent).toBe(list)
    expect(deepest.parent).toBe(deep)
    expect([...doc.store.clients.keys()].sort()).toEqual([1001, CLIENT])
    expect(Y.getState(doc.store, 1001)).toBe(clock)
    let heard = 0
    for (const type of [inner, deep, deepest]) type.observe(() => heard++)
    text.insert(3, '!')
    inner.insert(5, '?')
    deep.set('n', 1)
    deepest.push([1])
    expect(heard).toBe(3)
    expect(events).toBe(4)
    expect(text.toString()).toBe('heo!rld')
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
    expect(contentOf(copy)).toEqual(contentOf(doc))
    mirror.check()
  })

  it('undoes and redoes across a cut what is above it', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    const below = [changeOf(doc, () => text.insert(0, 'below '))]
    const manager = new Y.UndoManager(text, { captureTimeout: 0 })
    const window = [changeOf(doc, () => text.insert(6, 'above')), changeOf(doc, () => text.delete(0, 3))]
    expect(text.toString()).toBe('ow above')
    compact(doc, below, window, [manager])
    manager.undo()
    expect(text.toString()).toBe('below above')
    manager.undo()
    expect(text.toString()).toBe('below ')
    manager.redo()
    manager.redo()
    expect(text.toString()).toBe('ow above')
    expect(manager.canRedo()).toBe(false)
  })

  it('undoes the insertion of what was deleted and brought back before the cut', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    const below = [changeOf(doc, () => text.insert(0, 'below '))]
    const manager = new Y.UndoManager(text, { captureTimeout: 0 })
    const window: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => window.push(update))
    text.insert(6, 'abc')
    text.delete(6, 3)
    manager.undo()
    expect(text.toString()).toBe('below abc')
    compact(doc, below, window, [manager])
    expect(manager.undoStack).toHaveLength(1)
    manager.undo()
    expect(text.toString()).toBe('below ')
  })

  it('undoes an insertion below the cut, and drops steps of which nothing is left', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    const manager = new Y.UndoManager(text, { captureTimeout: 0 })
    text.insert(0, 'abc')
    text.insert(3, 'def')
    text.delete(0, 2)
    compact(doc, [Y.encodeStateAsUpdate(doc)], [], [manager])
    expect(manager.undoStack.length).toBe(2)
    manager.undo()
    expect(text.toString()).toBe('c')
    manager.undo()
    expect(text.toString()).toBe('')
  })

  it('collects what operations above the cut delete, if the document collects', () => {
    for (const gc of [true, false]) {
      const doc = new Y.Doc({ gc })
      doc.clientID = 1001
      const text = doc.getText('text')
      const below = [changeOf(doc, () => text.insert(0, 'abcdef'))]
      compact(doc, below, [changeOf(doc, () => text.delete(0, 3))])
      const items = (doc.store.clients.get(CLIENT) ?? []).filter((struct) => struct instanceof Y.Item)
      expect(items.map(({ content }) => content instanceof Y.ContentDeleted)).toEqual([gc, false])
    }
  })

  it('shows a swap by ordinary events that nobody sends', () => {
    const { high, below, window } = swapping()
    const list = high.getArray('array')
    expect(list.toArray()).toEqual(['a', 'before', 'after'])
    const mirror = list.toArray()
    const origins: unknown[] = []
    list.observe((event, { origin }) => {
      origins.push(origin)
      let at = 0
      for (const { insert, retain, delete: erased } of event.changes.delta) {
        if (insert !== undefined) mirror.splice(at, 0, ...(insert as unknown[]))
        at += (insert as unknown[] | undefined)?.length ?? retain ?? 0
        if (erased !== undefined) mirror.splice(at, erased)
      }
    })
    const clock = Y.getState(high.store, 1002)
    compact(high, below, window)
    expect(list.toArray()).toEqual(['a', 'after', 'before'])
    expect(mirror).toEqual(list.toArray())
    expect(origins).toEqual(['compaction'])
    expect(high.clientID).toBe(1002)
    expect(Y.getState(high.store, 1002)).toBe(clock)
    expect([...high.store.clients.keys()].sort()).toEqual([1001, 1002, CLIENT])
  })

  it('says so when an observer edits in answer to the swap', () => {
    const { high, below, window } = swapping()
    const list = high.getArray('array')
    list.observe(({ transaction }) => {
      if (transaction.origin === 'compaction') list.delete(0, 1)
    })
    expect(() => compact(high, below, window)).toThrow('An observer edited')
  })

  it('keeps what observers write in answer to the swap, as a change of the new naming', () => {
    const { high, below, window } = swapping()
    const list = high.getArray<unknown>('array')
    const inner = new Y.Map<unknown>([['k', 1]])
    list.observe(({ transaction }) => {
      if (transaction.origin !== 'compaction') return
      // Between what has just been shown, beside it and instead of it.
      list.insert(2, ['between', inner])
      list.delete(1, 1)
      list.push(['end'])
    })
    inner.observe(() => list.insert(0, ['first']))
    const answers: Uint8Array[] = []
    compact(high, below, window, [], (update) => answers.push(update))
    expect(list.toJSON()).toEqual(['a', 'between', { k: 1 }, 'before', 'end'])
    expect(list.get(2)).toBe(inner)
    expect(answers).toHaveLength(1)
    const theirs = cutAt(below, CLIENT)
    for (const update of window) theirs.add(update)
    for (const answer of answers) Y.applyUpdate(theirs.doc, answer)
    expect(contentOf(theirs.doc)).toEqual(contentOf(high))
    inner.set('k', 2)
    expect(list.toJSON()).toEqual(['first', 'a', 'between', { k: 2 }, 'before', 'end'])
  })

  it('lets what is not in the rebuilt document vanish by ordinary events', () => {
    const doc = newDocument(1001)
    const [text, list] = [doc.getText('text'), doc.getArray<unknown>('array')]
    const inner = new Y.Text('inner')
    const mirror = new Mirror([text, list, doc.getMap('map')])
    text.insert(0, 'abcdefghi')
    list.push(['x', inner, 'y'])
    doc.getMap('map').set('k', 1)
    const other = newDocument(1002)
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.getText('text').delete(1, 3)
    other.getArray('array').delete(1, 2)
    other.getMap('map').delete('k')
    other.getText('text').insert(6, 'new')
    const { pieces, table } = flatten(rebuild(Y.encodeStateAsUpdate(other)), CLIENT)
    const changed = moveInto(doc, rebuild(...pieces), table, { origin: 'return' })
    expect(changed).toBe(true)
    expect(contentOf(doc)).toEqual(contentOf(other))
    expect(text.toString()).toBe(other.getText('text').toString())
    mirror.check()
    inner.insert(0, 'nothing')
    expect(contentOf(doc)).toEqual(contentOf(other))
  })

  it('lets writing to a type that is gone have no effect', () => {
    const doc = newDocument(1001)
    const gone = new Y.Text('gone')
    doc.getArray('array').push([gone, 'stays'])
    // An undo manager keeps it from being collected before.
    const manager = new Y.UndoManager(doc.getArray('array'))
    doc.getArray('array').delete(0, 1)
    compact(doc, [Y.encodeStateAsUpdate(doc)], [], [manager])
    let updates = 0
    doc.on('update', () => updates++)
    gone.insert(0, 'late')
    expect(updates).toBe(0)
    expect(doc.getArray('array').toArray()).toEqual(['stays'])
  })

  it('refuses a rebuilt document that lacks something, and to run within a transaction', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, 'ab')
    const below = Y.encodeStateAsUpdate(doc)
    doc.transact(() => expect(() => compact(doc, [below])).toThrow('within a transaction'))
    doc.getText('text').insert(2, 'c')
    expect(() => compact(doc, [below])).toThrow('lacks what client 1001 did')
  })
})

describe('translateRelativePosition', () => {
  it('points at the same place after a cut', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    text.insert(0, 'abcdefgh')
    const nested = new Y.Text('nested')
    doc.getArray('array').push([nested])
    const types = [text, nested]
    const positions = types.flatMap((type) =>
      Array.from({ length: type.length + 1 }, (_, at) =>
        [0, -1].map((assoc) => Y.createRelativePositionFromTypeIndex(type, at, assoc)),
      ).flat(),
    )
    text.delete(0, 2)
    text.delete(2, 1)
    text.delete(4, 1)
    nested.delete(5, 1)
    const indexOf = (position: Y.RelativePosition) => {
      const found = Y.createAbsolutePositionFromRelativePosition(position, doc)
      return { type: found?.type, index: found?.index }
    }
    const before = positions.map(indexOf)
    const table = compact(doc, [Y.encodeStateAsUpdate(doc)])
    for (const [index, position] of positions.entries()) {
      const encoded = Y.decodeRelativePosition(Y.encodeRelativePosition(position))
      for (const form of [position, encoded]) {
        const translated = translateRelativePosition(form, table)
        if (translated === null) throw new Error('A position is gone')
        const { type, index: at } = indexOf(translated)
        expect(at).toBe(before[index]?.index)
        expect(type === before[index]?.type).toBe(true)
      }
    }
  })

  it('knows when there is no such place any more', () => {
    const doc = newDocument(1001)
    const nested = new Y.Text('nested')
    doc.getArray('array').push([nested])
    const position = Y.createRelativePositionFromTypeIndex(nested, 2)
    doc.getArray('array').delete(0, 1)
    const { table } = flatten(doc, CLIENT)
    expect(translateRelativePosition(position, table)).toBeNull()
  })
})
