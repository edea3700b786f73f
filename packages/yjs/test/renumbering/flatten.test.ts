import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten, flattenInSteps } from '../../src/renumbering/flatten.js'
import { decodeTable, encodeTable } from '../../src/renumbering/table-encoding.js'
import { edits, newDocument, newEditor, perform } from '../documents.js'
import { contentOf, load } from './content.js'

const CLIENT = 7

/** Sites that edit concurrently and now and then exchange everything. */
function concurrentDocument(actions: Parameters<typeof perform>[1][], gc: boolean): Uint8Array[] {
  const sites = [1001, 1002, 1003].map(newEditor)
  const updates: Uint8Array[] = []
  for (const site of sites) {
    site.gc = gc
    site.on('update', (update: Uint8Array, origin) => {
      if (origin !== 'remote') updates.push(update)
    })
  }
  for (const [index, action] of actions.entries()) {
    const site = sites[(action as { site?: number }).site ?? 0]
    if (site !== undefined) perform(site, action)
    if (index % 5 === 4) for (const other of sites) for (const u of updates) Y.applyUpdate(other, u, 'remote')
  }
  return updates
}

describe('flatten', () => {
  it('keeps every kind of content, nested, and nothing else', () => {
    const doc = newDocument(2000)
    const text = doc.getText('text')
    text.insert(0, 'hello world')
    text.format(2, 5, { bold: true })
    text.insertEmbed(4, { image: 1 })
    text.delete(0, 2)
    text.setAttribute('lang', 'en')
    const deep = new Y.Map<unknown>()
    doc.getMap('map').set('a', 1)
    doc.getMap('map').set('a', deep)
    deep.set('list', Y.Array.from([1, 'two', null, new Uint8Array([3]), { four: [5] }]))
    doc.getMap('map').set('gone', 1)
    doc.getMap('map').delete('gone')
    doc.getArray('array').push([new Y.Doc({ guid: 'inner' }), new Y.Text('in'), 1.5])
    const element = new Y.XmlElement('p')
    doc.getXmlFragment('xml').push([element, new Y.XmlText('words'), new Y.XmlHook('hook') as never])
    element.setAttribute('n', '1')
    element.insert(0, [new Y.XmlElement('b')])
    const { pieces } = flatten(load(Y.encodeStateAsUpdate(doc)), CLIENT)
    const flat = loadAll(pieces)
    expect(contentOf(flat)).toEqual(contentOf(doc))
    expect([...flat.store.clients.keys()]).toEqual([CLIENT])
    expect(Y.createDeleteSetFromStructStore(flat.store).clients.size).toBe(0)
    expect([Y.encodeStateAsUpdate(flat)]).toEqual(pieces)
  })

  it('gives equal bytes whatever order, run boundaries and garbage collection the document went through', () => {
    fc.assert(
      fc.property(
        edits(60, 3),
        fc.infiniteStream(fc.nat(1000)),
        fc.integer({ min: 1, max: 300 }),
        (actions, random, pieceBytes) => {
          const updates = concurrentDocument(actions, false)
          const inOrder = flatten(quiet(updates, true), CLIENT, pieceBytes)
          const shuffled = updates
            .map((update) => ({ update, at: random.next().value ?? 0 }))
            .sort((a, b) => a.at - b.at)
            .map(({ update }) => update)
          const merged = flatten(quiet([Y.mergeUpdates(shuffled)], false), CLIENT, pieceBytes)
          const late = flatten(quiet(shuffled, false), CLIENT, pieceBytes)
          for (const other of [merged, late]) {
            expect(other.pieces).toEqual(inOrder.pieces)
            expect(encodeTable(other.table)).toEqual(encodeTable(inOrder.table))
          }
          const doc = quiet(updates, true)
          expect(contentOf(loadAll(inOrder.pieces))).toEqual(contentOf(doc))
          const again = flatten(loadAll(inOrder.pieces), CLIENT + 1, pieceBytes)
          expect(again.pieces.map(({ length }) => length)).toEqual(inOrder.pieces.map(({ length }) => length))
          const whole = flatten(doc, CLIENT)
          expect(Y.encodeStateAsUpdate(loadAll(inOrder.pieces))).toEqual(
            Y.encodeStateAsUpdate(loadAll(whole.pieces)),
          )
          const { table } = inOrder
          expect(encodeTable(decoded(encodeTable(table)))).toEqual(encodeTable(table))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('is not larger than a document typed afresh', () => {
    const source = newEditor(1001)
    for (let i = 0; i < 400; i++) perform(source, { action: i * 7, at: i * 31, amount: i * 13 })
    source.getText('text').delete(0, source.getText('text').length)
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(200)
    for (let i = 0; i < text.length; i += 3) source.getText('text').insert(0, text.slice(i, i + 3))
    const { pieces } = flatten(load(Y.encodeStateAsUpdate(source)), CLIENT)
    const fresh = newDocument(123_456_789)
    fresh.getText('text').applyDelta(source.getText('text').toDelta())
    for (const [key, value] of source.getMap('map')) fresh.getMap('map').set(key, copyOf(value))
    fresh.getArray('array').push(source.getArray('array').toArray().map(copyOf))
    fresh.getXmlFragment('xml').push(
      source
        .getXmlFragment('xml')
        .toArray()
        .map((node) => copyOf(node) as Y.XmlElement),
    )
    expect(contentOf(loadAll(pieces))).toEqual(contentOf(fresh))
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeLessThanOrEqual(Y.encodeStateAsUpdate(fresh).length * 1.01)
  })

  it('cuts long text and long arrays into pieces, never within a pair', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, '\u{1f30a}\u00e9x'.repeat(2000))
    doc.getText('text').insert(3003, 'y')
    doc.getArray('array').push(Array.from({ length: 3000 }, (_, i) => (i % 3 ? `value ${i}` : i)))
    for (let i = 0; i < 500; i++) doc.getMap('map').set(`key ${i}`, i)
    for (const pieceBytes of [1, 2, 3, 64, 1000, 1001, 1002, 1003]) {
      const { pieces } = flatten(doc, CLIENT, pieceBytes)
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(pieceBytes + 60)
      expect(contentOf(loadAll(pieces))).toEqual(contentOf(doc))
      expect(loadAll(pieces).getText('text').toString().includes('\ufffd')).toBe(false)
    }
  })

  it('does not make a character of two halves that nobody else has', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, '\ud83c')
    doc.getText('text').insert(1, 'x')
    doc.getText('text').insert(2, '\udf0a')
    doc.getText('text').delete(1, 1)
    const { pieces } = flatten(doc, CLIENT)
    expect(loadAll(pieces).getText('text').toString()).toBe('\ufffd\ufffd')
  })

  it('does its work in short steps, with the same result', () => {
    const doc = newDocument(1001)
    for (let i = 0; i < 20_000; i++) doc.getText('text').insert((i * 7919) % (i + 1), 'ab')
    for (let i = 0; i < 5000; i++) doc.getText('text').delete((i * 7919) % 20_000, 1)
    for (let i = 0; i < 2000; i++) doc.getMap('map').set(`key ${(i * 7919) % 2000}`, i)
    const steps = flattenInSteps(doc, CLIENT)
    let count = 1
    let step = steps.next()
    for (; !step.done; step = steps.next()) count++
    expect(count).toBeGreaterThan(20)
    expect(step.value.pieces).toEqual(flatten(doc, CLIENT).pieces)
    expect(encodeTable(step.value.table)).toEqual(encodeTable(flatten(doc, CLIENT).table))
  })

  it('walks 20,000 levels of nesting', () => {
    const doc = newDocument(1001)
    doc.transact(() => {
      let level = doc.getArray<unknown>('array')
      for (let i = 0; i < 20_000; i++) {
        const next = new Y.Array<unknown>()
        level.push([next])
        level = next
      }
    })
    const { pieces, table } = flatten(doc, CLIENT)
    expect(Y.getState(loadAll(pieces).store, CLIENT)).toBe(20_000)
    expect(table.runCount).toBe(1)
  })

  it('refuses a client that is in use, and a document with parked updates', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, 'a')
    expect(() => flatten(doc, 1001)).toThrow('already in use')
    const first = Y.encodeStateVector(doc)
    doc.getText('text').insert(1, 'b')
    expect(() => flatten(load(Y.encodeStateAsUpdate(doc, first)), CLIENT)).toThrow('parked')
  })
})

function loadAll(pieces: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const piece of pieces) {
    Y.applyUpdate(doc, piece)
    expect(doc.store.pendingStructs).toBeNull()
  }
  return doc
}

function copyOf(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.clone() : value
}

function decoded(bytes: Uint8Array) {
  const table = decodeTable(bytes)
  if (typeof table === 'string') throw new Error(table)
  return table
}

function quiet(updates: readonly Uint8Array[], gc: boolean): Y.Doc {
  const doc = new Y.Doc({ gc })
  doc.on('afterTransaction', (transaction) => {
    transaction._needFormattingCleanup = false
  })
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}
