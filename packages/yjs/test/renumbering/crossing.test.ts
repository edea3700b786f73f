import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { IdRanges } from '../../src/id-ranges.js'
import { Crossing, UntranslatableError } from '../../src/renumbering/crossing.js'
import { encodeUpdate, newLooseItem } from '../../src/renumbering/update-encoding.js'
import { newDocument } from '../documents.js'
import { changeOf, cutAt as cutOf } from './content.js'

const CLIENT = 7
const cutAt = (below: readonly Uint8Array[], asNewcomer = false) => cutOf(below, CLIENT, asNewcomer)

function editors<const Names extends readonly string[]>(names: Names, first: (doc: Y.Doc) => void) {
  const docs = names.map((_, index) => newDocument(1001 + index)) as { [K in keyof Names]: Y.Doc }
  const below = [changeOf(docs[0] as Y.Doc, () => first(docs[0] as Y.Doc))]
  for (const doc of docs.slice(1)) for (const update of below) Y.applyUpdate(doc, update)
  return { docs, below }
}

const type = (doc: Y.Doc, at: number, text: string) =>
  changeOf(doc, () => doc.getText('text').insert(at, text))
const apply = (doc: Y.Doc, ...updates: Uint8Array[]) => {
  for (const update of updates) Y.applyUpdate(doc, update)
}

describe('Crossing', () => {
  it('[CU10] keeps what was typed behind a survivor behind it, though what it names lay elsewhere', () => {
    for (const asNewcomer of [false, true]) {
      const { docs, below } = editors(['s', 'w', 'x'], (doc) => doc.getText('text').insert(0, 'otr'))
      const [a, b, c] = docs
      // Concurrently s and w, both after o; then o and w are erased, and v is typed after s, naming w.
      const s = type(a, 1, 's')
      const w = type(b, 1, 'w')
      apply(c, s, w)
      expect(c.getText('text').toString()).toBe('oswtr')
      const eraseW = changeOf(c, () => c.getText('text').delete(2, 1))
      const v = type(c, 2, 'v')
      expect(Y.decodeUpdate(v).structs[0]).toMatchObject({ origin: { client: 1002, clock: 0 } })
      apply(a, w)
      const purge = changeOf(a, () => a.getText('text').delete(0, 1))
      const { doc, add } = cutAt([...below, s, purge], asNewcomer)
      for (const update of [w, eraseW, v]) add(update)
      expect(doc.getText('text').toString()).toBe('svtr')
    }
  })

  it('[CU10] keeps what was typed between two survivors between them, though the cut moves what was erased there', () => {
    const { docs, below } = editors(['erases', 'q', 'p', 'm'], (doc) => doc.getText('text').insert(0, 'oTr'))
    const [a, b, c, d] = docs
    // p before T and q behind it: without T they change places. For whoever types m, p is erased already.
    const p = type(c, 1, 'p')
    const q = type(b, 2, 'q')
    apply(d, p, q)
    const purge = changeOf(a, () => a.getText('text').delete(1, 1))
    apply(d, purge)
    expect(d.getText('text').toString()).toBe('opqr')
    const eraseP = changeOf(d, () => d.getText('text').delete(1, 1))
    const m = type(d, 1, 'm')
    expect(d.getText('text').toString()).toBe('omqr')
    const { doc, add } = cutAt([...below, purge])
    const past = new Map([
      ['b', 1],
      ['c', 1],
    ])
    add(q, { author: 'b', seq: 1, clock: 2, past: new Map() })
    add(p, { author: 'c', seq: 1, clock: 2, past: new Map() })
    expect(doc.getText('text').toString()).toBe('oqpr')
    add(eraseP, { author: 'd', seq: 1, clock: 3, past })
    add(m, { author: 'd', seq: 2, clock: 4, past: new Map() })
    expect(doc.getText('text').toString()).toBe('omqr')
  })

  it('[CU10] keeps what was put between two that change places beside one of them, whoever else erases that', () => {
    const { docs, below } = editors(['erases', 'q', 'p', 'm'], (doc) =>
      doc.getArray('array').insert(0, [...'oTr']),
    )
    const [a, b, c, d] = docs
    const put = (doc: Y.Doc, at: number, unit: string) =>
      changeOf(doc, () => doc.getArray('array').insert(at, [unit]))
    const shownBy = (doc: Y.Doc) => doc.getArray('array').toArray().join('')
    const p = put(c, 1, 'p')
    const q = put(b, 2, 'q')
    const purge = changeOf(a, () => a.getArray('array').delete(1, 1))
    apply(d, p, q, purge)
    const m = put(d, 2, 'm')
    expect(shownBy(d)).toBe('opmqr')
    apply(b, p)
    const eraseP = changeOf(b, () => b.getArray('array').delete(1, 1))
    const past = new Map([
      ['b', 1],
      ['c', 1],
    ])
    const addErasure = [eraseP, { author: 'b', seq: 2, clock: 3, past }] as const
    const addM = [m, { author: 'd', seq: 1, clock: 3, past }] as const
    // Whoever put m there had not seen the erasure: then it must not count, also where it arrives first.
    for (const order of [
      [addErasure, addM],
      [addM, addErasure],
    ]) {
      const { doc, add } = cutAt([...below, purge])
      add(q, { author: 'b', seq: 1, clock: 2, past: new Map() })
      add(p, { author: 'c', seq: 1, clock: 2, past: new Map() })
      expect(shownBy(doc)).toBe('oqpr')
      for (const [operation, origin] of order) add(operation, origin)
      expect(shownBy(doc)).toBe('oqmr')
    }
  })

  it('[CU10] keeps behind two that change places what was typed behind both', () => {
    const { docs, below } = editors(['erases', 'q', 'p', 'm'], (doc) => doc.getText('text').insert(0, 'oTr'))
    const [a, b, c, d] = docs
    const p = type(c, 1, 'p')
    const q = type(b, 2, 'q')
    const purge = changeOf(a, () => a.getText('text').delete(1, 1))
    apply(d, p, q, purge)
    const m = type(d, 3, 'mn')
    expect(d.getText('text').toString()).toBe('opqmnr')
    const { doc, add } = cutAt([...below, purge])
    add(q, { author: 'b', seq: 1, clock: 2, past: new Map() })
    add(p, { author: 'c', seq: 1, clock: 2, past: new Map() })
    expect(doc.getText('text').toString()).toBe('oqpr')
    const past = new Map([
      ['b', 1],
      ['c', 1],
    ])
    add(m, { author: 'd', seq: 1, clock: 3, past })
    expect(doc.getText('text').toString()).toBe('oqpmnr')
  })

  it('[CU10] puts what names a right neighbour left of its left one at the same place in every copy', () => {
    const { docs, below } = editors(['a'], (doc) => doc.getText('text').insert(0, 'abcdef'))
    // In the document itself what is erased stands apart; in a newcomer's copy all of it is one run.
    const purge = changeOf(docs[0], () => docs[0].getText('text').delete(2, 1))
    const text = docs[0].getText('text')
    const idAt = (at: number) => Y.createRelativePositionFromTypeIndex(text, at).item as Y.ID
    const crossed = newLooseItem(Y.createID(9, 0), idAt(3), null, null, new Y.ContentString('!'))
    crossed.rightOrigin = idAt(1)
    const update = encodeUpdate(new Map([[9, [crossed]]]), new IdRanges())
    const shown = [false, true].map((asNewcomer) => {
      const { doc, add } = cutAt([...below, purge], asNewcomer)
      add(update)
      return doc.getText('text').toString()
    })
    expect(shown).toEqual(['abde!f', 'abde!f'])
  })

  it('[CU10] gives one order to V and W, each typed by somebody who saw only one of p and q', () => {
    const { docs, below } = editors(['a', 'b', 'c', 'd'], (doc) => doc.getText('text').insert(0, 'R'))
    const [a, b, c, d] = docs
    const p = type(a, 0, 'p')
    const q = type(b, 0, 'q')
    apply(c, p)
    apply(d, q)
    const w = type(c, 1, 'W')
    const v = type(d, 0, 'V')
    apply(a, q, w, v)
    for (const order of [
      [v, w],
      [w, v],
    ]) {
      const { doc, add } = cutAt([...below, p, q])
      for (const update of order) add(update)
      expect(doc.getText('text').toString()).toBe(a.getText('text').toString())
    }
  })

  it('lets him win who wrote an entry without the cut', () => {
    for (const [loser, winner] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { docs, below } = editors(['a', 'b'], (doc) => doc.getMap('map').set('k', 'old'))
      const writes = docs.map((doc, index) => changeOf(doc, () => doc.getMap('map').set('k', index)))
      const { doc, add } = cutAt([...below, writes[loser] as Uint8Array])
      add(writes[winner] as Uint8Array)
      expect(doc.getMap('map').get('k')).toBe(1)
    }
  })

  /** Why "causally ordered never swap" can not hold without exception in a document that keeps no tombstones. */
  it('can not know the order of two whose places only a tombstone told apart', () => {
    const { docs, below } = editors(['low', 'high', 'c'], (doc) =>
      doc.getArray('array').push(['a', 't', 'b']),
    )
    const [low, high, c] = docs
    const insert = (doc: Y.Doc, at: number, value: string) =>
      changeOf(doc, () => doc.getArray('array').insert(at, [value]))
    const before = insert(high, 1, 'before t')
    const after = insert(low, 2, 'after t')
    apply(c, before, after)
    const purge = changeOf(c, () => c.getArray('array').delete(2, 1))
    const between = insert(c, 2, 'between')
    expect(c.getArray('array').toArray()).toEqual(['a', 'before t', 'between', 'after t', 'b'])
    const both = cutAt([...below, purge])
    for (const update of [before, after, between]) both.add(update)
    // Each of the two alone gets the neighbours a and b, whatever the rule; the client ids decide, and against them.
    expect(both.doc.getArray('array').toArray()).toEqual(['a', 'after t', 'before t', 'between', 'b'])
    const known = cutAt([...below, before, purge])
    known.add(after, first('low'))
    known.add(between, first('c', ['low']))
    expect(known.doc.getArray('array').toArray()).toEqual(['a', 'before t', 'between', 'after t', 'b'])
  })

  /** The first operation of somebody who has seen the first ones of others. */
  const first = (author: string, seen: readonly string[] = []) => ({
    author,
    seq: 1,
    clock: 1,
    past: new Map(seen.map((other) => [other, 1])),
  })

  it('keeps in order what its author had seen and does not name, if that is told', () => {
    const { docs, below } = editors(['low', 'high'], (doc) => doc.getArray('array').push(['a', 't', 'b']))
    const [low, high] = docs
    const before = changeOf(high, () => high.getArray('array').insert(1, ['first']))
    apply(low, before)
    const second = changeOf(low, () => low.getArray('array').insert(3, ['second']))
    const purge = changeOf(high, () => high.getArray('array').delete(2, 1))
    const { doc, add } = cutAt([...below, purge])
    add(before, first('high'))
    add(second, first('low', ['high']))
    expect(doc.getArray('array').toArray()).toEqual(['a', 'first', 'second', 'b'])
  })

  it('[CU10] puts before what it was typed before what came to lie behind another one by itself', () => {
    const { docs, below } = editors(['low', 'high', 'c'], (doc) => doc.getText('text').insert(0, 'atb'))
    const [low, high, c] = docs
    const p = type(high, 1, 'p')
    const q = type(low, 2, 'q')
    apply(c, q)
    const purge = changeOf(c, () => c.getText('text').delete(1, 1))
    const x = type(c, 1, 'x')
    apply(c, p)
    expect(c.getText('text').toString()).toBe('apxqb')
    const { doc, add } = cutAt([...below, purge])
    add(p, first('high'))
    add(q, first('low'))
    // It had come in before this was told.
    add(x, first('c', ['high', 'low']))
    expect(doc.getText('text').toString()).toBe('axqpb')
  })

  describe('what was put before one of two that change places, and behind what the cut purges', () => {
    const put = (doc: Y.Doc, at: number, unit: string) =>
      changeOf(doc, () => doc.getArray('array').insert(at, [unit]))
    const erase = (doc: Y.Doc, at: number) => changeOf(doc, () => doc.getArray('array').delete(at, 1))
    const contentOf = (doc: Y.Doc) => doc.getArray('array').toArray().join('')

    /** p stands before what is purged and q behind it: without that, q comes to stand before p. */
    function prepared() {
      const { docs, below } = editors(['low', 'high', 'c'], (doc) =>
        doc.getArray('array').insert(0, [...'atub']),
      )
      const [low, high, c] = docs
      const p = put(high, 1, 'p')
      const q = put(low, 3, 'q')
      apply(c, p, q)
      expect(contentOf(c)).toBe('aptuqb')
      const purge = changeOf(low, () => low.getArray('array').delete(1, 2))
      const { doc, add } = cutAt([...below, purge])
      add(p, first('high'))
      add(q, first('low'))
      expect(contentOf(doc)).toBe('aqpb')
      const addOfC = (...updates: readonly Uint8Array[]) => {
        for (const [index, update] of updates.entries()) {
          const { clock, ...origin } = first('c', index === 0 ? ['high', 'low'] : [])
          add(update, { ...origin, seq: 1 + index, clock: clock + index })
        }
      }
      return { low, c, doc, add, addOfC }
    }

    it('[CU10] goes along with it, whoever else erases it', () => {
      for (const isErasedFirst of [false, true]) {
        const { low, c, doc, add, addOfC } = prepared()
        const erasure = [erase(low, 1), { ...first('low'), seq: 2, clock: 2 }] as const
        if (isErasedFirst) add(...erasure)
        addOfC(put(c, 4, 'x'))
        if (!isErasedFirst) add(...erasure)
        expect(contentOf(doc)).toBe('axpb')
      }
    })

    it('[CU10] stays where the same operation erases it', () => {
      const { c, doc, addOfC } = prepared()
      const both = changeOf(c, () => {
        c.getArray('array').insert(4, ['x'])
        c.getArray('array').delete(5, 1)
      })
      addOfC(both)
      expect(contentOf(c)).toBe('aptuxb')
      expect(contentOf(doc)).toBe('apxb')
    })

    it('[CU10] stays where it was erased for its author before', () => {
      const { c, doc, addOfC } = prepared()
      addOfC(erase(c, 4), put(c, 4, 'x'))
      expect(contentOf(c)).toBe('aptuxb')
      expect(contentOf(doc)).toBe('apxb')
    })
  })

  it('[CU10] [LI5] puts before what is gone what was typed before it, by somebody who came back after that', () => {
    const { docs, below } = editors(['between', 'low', 'high', 'c'], (doc) =>
      doc.getText('text').insert(0, 'ab'),
    )
    const [between, low, high, c] = docs
    const tu = type(between, 1, 'tu')
    const qz = type(low, 1, 'qz')
    apply(high, tu)
    const p = type(high, 1, 'p')
    apply(c, qz)
    // Offline: of what stands between the two it knows nothing.
    const x = type(c, 1, 'x')
    expect(c.getText('text').toString()).toBe('axqzb')
    apply(c, tu, p)
    expect(c.getText('text').toString()).toBe('aptuxqzb')
    const purge = changeOf(between, () => between.getText('text').delete(1, 2))
    const eraseQ = changeOf(low, () => low.getText('text').delete(1, 1))
    const { doc, add } = cutAt([...below, tu, purge])
    add(p, first('high'))
    add(qz, first('low'))
    expect(doc.getText('text').toString()).toBe('aqzpb')
    add(eraseQ, { ...first('low'), seq: 2, clock: 2 })
    const past = new Map([
      ['high', 1],
      ['low', 2],
    ])
    add(x, { author: 'c', seq: 1, clock: 3, past })
    expect(doc.getText('text').toString()).toBe('axzpb')
  })

  it('[CU10] [LI5] also where nothing has come to lie between it and what it was put behind', () => {
    const { docs, below } = editors(['between', 'low', 'high', 'c'], (doc) =>
      doc.getText('text').insert(0, 'ab'),
    )
    const [between, low, high, c] = docs
    const tu = type(between, 1, 'tu')
    for (const doc of [low, high, c]) apply(doc, tu)
    const known = type(c, 4, 'c')
    for (const doc of [between, low, high]) apply(doc, known)
    const qz = type(low, 3, 'qz')
    const p = type(high, 1, 'p')
    apply(c, qz)
    // Offline: of p, and that q is erased, it knows nothing.
    const x = type(c, 3, 'x')
    apply(c, p)
    expect(c.getText('text').toString()).toBe('aptuxqzbc')
    const purge = changeOf(between, () => between.getText('text').delete(1, 2))
    const eraseQ = changeOf(low, () => low.getText('text').delete(3, 1))
    const { doc, add } = cutAt([...below, tu, known, purge])
    add(p, first('high'))
    add(qz, first('low'))
    expect(doc.getText('text').toString()).toBe('aqzpbc')
    add(eraseQ, { ...first('low'), seq: 2, clock: 2 })
    const past = new Map([
      ['high', 1],
      ['low', 2],
    ])
    add(x, { author: 'c-again', seq: 1, clock: 3, past })
    expect(doc.getText('text').toString()).toBe('axzpbc')
  })

  it('[CU10] shows under a key what was put over all the others, though two of those change places', () => {
    const { docs, below } = editors(['first', 'low', 'high', 'last'], (doc) =>
      doc.getMap('map').set('key', 'base'),
    )
    const [a, low, high, last] = docs
    const write = (doc: Y.Doc, value: string) => changeOf(doc, () => doc.getMap('map').set('key', value))
    const first = write(a, 'first')
    apply(high, first)
    const overFirst = write(high, 'over the first')
    const beside = write(low, 'beside the first')
    apply(last, first, overFirst, beside)
    expect(last.getMap('map').get('key')).toBe('beside the first')
    const overAll = write(last, 'over all')
    const { doc, add } = cutAt(below)
    const origin = (author: string, seen: readonly string[] = []) => ({
      author,
      seq: 1,
      clock: 1 + seen.length,
      past: new Map(seen.map((one) => [one, 1])),
    })
    add(first, origin('first'))
    add(overFirst, origin('high', ['first']))
    // The first one had come in before this was told.
    add(beside, origin('low', ['first']))
    add(overAll, origin('last', ['first', 'high', 'low']))
    expect(doc.getMap('map').get('key')).toBe('over all')
  })

  it('[CU10] takes what its author had seen for seen, though others have told of a part of it', () => {
    const { docs, below } = editors(['c', 'low', 'high'], (doc) => doc.getMap('map').set('key', 'old'))
    const [c, low, high] = docs
    const write = (doc: Y.Doc, value: string) => changeOf(doc, () => doc.getMap('map').set('key', value))
    const earlier = write(low, 'earlier')
    const typed = type(high, 0, 'typed')
    apply(c, earlier, typed)
    const later = write(c, 'later')
    const { doc, add } = cutAt(below)
    add(earlier, first('low'))
    add(typed, first('high'))
    // Whoever comes back brings what it had from others, too.
    add(Y.mergeUpdates([typed, later]), first('c', ['low']))
    expect(doc.getMap('map').get('key')).toBe('later')
    expect(doc.getText('text').toString()).toBe('typed')
  })

  it('takes what is told from one to the next, also where one only deletes', () => {
    const { docs, below } = editors(['low', 'high', 'c'], (doc) =>
      doc.getArray('array').push(['a', 't', 'b', 'x']),
    )
    const [low, high, c] = docs
    const before = changeOf(high, () => high.getArray('array').insert(1, ['first']))
    apply(c, before)
    const erased = changeOf(c, () => c.getArray('array').delete(4, 1))
    apply(low, before, erased)
    const second = changeOf(low, () => low.getArray('array').insert(3, ['second']))
    const third = changeOf(low, () => low.getArray('array').insert(4, ['third']))
    const purge = changeOf(high, () => high.getArray('array').delete(2, 1))
    const { doc, add } = cutAt([...below, purge])
    add(before, first('high'))
    add(erased, first('c', ['high']))
    add(second, first('low', ['c']))
    add(third, { ...first('low'), seq: 2, clock: 2 })
    expect(doc.getArray('array').toArray()).toEqual(['a', 'first', 'second', 'third', 'b'])
  })

  it('carries the same operation to the same result, again and into another document', () => {
    const { docs, below } = editors(['a', 'b'], (doc) => doc.getText('text').insert(0, 'abcdef'))
    const [a, b] = docs
    const window = [type(b, 3, 'X'), type(b, 4, 'Y'), changeOf(b, () => b.getText('text').delete(0, 2))]
    const purge = changeOf(a, () => a.getText('text').delete(1, 4))
    const once = cutAt([...below, purge])
    const other = cutAt([...below, purge], true)
    for (const update of window) {
      const result = once.crossing.translate(update, once.doc)
      expect(once.crossing.translate(update, once.doc)).toEqual(result)
      expect(other.crossing.translate(update, other.doc)).toEqual(result)
      once.add(update)
      expect(once.crossing.translate(update, other.doc)).toEqual(result)
      other.add(update)
    }
    expect(once.doc.getText('text').toString()).toBe('XYf')
  })

  it('refuses what can not be of the naming, and is as it was before', () => {
    const { docs, below } = editors(['a'], (doc) => doc.getText('text').insert(0, 'abc'))
    const [a] = docs
    const [first, second] = [type(a, 1, 'x'), type(a, 2, 'y')]
    const { add, crossing, doc } = cutAt(below)
    const stranger = newDocument(1009)
    Y.applyUpdate(stranger, Y.encodeStateAsUpdate(a))
    const naming = type(stranger, 2, 'z')
    const attempt = (update: Uint8Array) => () => crossing.translate(update, doc)
    expect(attempt(second)).toThrow(UntranslatableError)
    expect(attempt(naming)).toThrow(UntranslatableError)
    for (let end = 0; end < first.length; end++)
      expect(attempt(first.subarray(0, end))).toThrow(UntranslatableError)
    for (const update of [first, second, naming]) add(update)
    expect(doc.getText('text').toString()).toBe(stranger.getText('text').toString())
  })

  it('throws nothing but the error that says so, whatever comes', () => {
    const { docs, below } = editors(['a', 'b'], (doc) => doc.getText('text').insert(0, 'abc'))
    const [a, b] = docs
    const update = Y.mergeUpdates([
      type(a, 1, 'x'),
      type(b, 2, 'yz'),
      changeOf(b, () => b.getMap('map').set('k', new Y.Text('t'))),
    ])
    let refused = 0
    for (let at = 0; at < update.length; at++) {
      for (const flip of [1, 0x40, 0x80, 0xff]) {
        const damaged = update.slice()
        damaged[at] = (damaged[at] ?? 0) ^ flip
        const { crossing, doc } = cutAt(below)
        try {
          crossing.translate(damaged, doc)
        } catch (error) {
          expect(error).toBeInstanceOf(UntranslatableError)
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(update.length)
  })

  it('decodes no skeleton but that of the table', () => {
    const { docs, below } = editors(['a'], (doc) => doc.getText('text').insert(0, 'abc'))
    const [a] = docs
    const { crossing, table } = cutAt(below)
    const bytes = crossing.encode()
    const longer = cutAt([...below, type(a, 1, 'x')])
    expect(Crossing.decode(bytes, table)).toBeInstanceOf(Crossing)
    expect(Crossing.decode(bytes, longer.table)).toBeTypeOf('string')
    for (let end = 0; end < bytes.length; end++)
      expect(Crossing.decode(bytes.subarray(0, end), table)).toBeTypeOf('string')
  })
})
