import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { YjsStructure, type YjsStructureOptions } from '../src/index.js'
import { fingerprint, newDocument } from './documents.js'

function member(clientId: number, options: Partial<YjsStructureOptions> = {}) {
  const doc = newDocument(clientId)
  const structure = new YjsStructure(doc, { onLocalChange: () => {}, ...options })
  return { doc, structure, text: doc.getText('text') }
}

function load(to: YjsStructure, from: YjsStructure, pieceBytes = 50): void {
  to.beginLoad()
  const pieces = from.encodeState(pieceBytes)
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    expect(to.loadPiece(next.value.bytes)).toBeUndefined()
  }
  to.endLoad()
}

function stateOf(structure: YjsStructure): Uint8Array {
  const next = structure.encodeState(1_000_000).next()
  if (next.done) throw new Error('A state has at least one piece')
  return next.value.bytes
}

describe('loading a state', () => {
  test('text typed offline is carried, and nothing else', () => {
    const sponsor = member(1)
    sponsor.text.insert(0, 'room')
    const newcomer = member(2)
    newcomer.text.insert(0, 'offline')
    load(newcomer.structure, sponsor.structure)
    const carry = newcomer.structure.takeLocalChange() as Uint8Array
    expect(Y.decodeUpdate(carry).structs.map(({ id, length }) => [id.client, id.clock, length])).toEqual([
      [2, 0, 7],
    ])
    expect(Y.decodeUpdate(carry).ds.clients.size).toBe(0)
    expect(sponsor.structure.apply(carry)).toBeUndefined()
    expect(fingerprint(sponsor.doc)).toEqual(fingerprint(newcomer.doc))
  })

  test('only the deletions that the state had not are carried', () => {
    const sponsor = member(1)
    sponsor.text.insert(0, '0123456789')
    const newcomer = member(2)
    load(newcomer.structure, sponsor.structure)
    sponsor.text.delete(2, 4)
    newcomer.text.delete(4, 4)
    load(newcomer.structure, sponsor.structure)
    const carry = Y.decodeUpdate(newcomer.structure.takeLocalChange() as Uint8Array)
    expect(carry.structs).toEqual([])
    expect(carry.ds.clients.get(1)?.map(({ clock, len }) => [clock, len])).toEqual([[6, 2]])
  })

  test('whoever has nothing of his own carries nothing', () => {
    const sponsor = member(1)
    sponsor.text.insert(0, 'text')
    const newcomer = member(2)
    load(newcomer.structure, sponsor.structure)
    sponsor.text.insert(4, ' and more')
    load(newcomer.structure, sponsor.structure)
    expect(newcomer.structure.takeLocalChange()).toBeUndefined()
    expect(newcomer.text.toString()).toBe('text and more')
  })

  test('what another provider brings during the load is carried only as far as the state had it not', () => {
    const sponsor = member(1)
    sponsor.text.insert(0, 'shared')
    const disk = newDocument(3)
    Y.applyUpdate(disk, stateOf(sponsor.structure))
    disk.getText('text').insert(6, ' own')
    const newcomer = member(2)
    newcomer.structure.beginLoad()
    Y.applyUpdate(newcomer.doc, Y.encodeStateAsUpdate(disk), 'another provider')
    newcomer.structure.loadPiece(stateOf(sponsor.structure))
    newcomer.structure.endLoad()
    const carry = Y.decodeUpdate(newcomer.structure.takeLocalChange() as Uint8Array)
    expect(carry.structs.map(({ id, length }) => [id.client, id.clock, length])).toEqual([[3, 0, 4]])
  })

  test('of a state that did not come as a whole nothing is kept', () => {
    const first = member(1)
    first.text.insert(0, 'only the first sponsor has this')
    const second = member(2)
    second.text.insert(0, 'second')
    const newcomer = member(3)
    newcomer.text.insert(0, 'own ')
    newcomer.structure.beginLoad()
    newcomer.structure.loadPiece(stateOf(first.structure))
    expect(newcomer.structure.takeLocalChange()).toBeUndefined()
    newcomer.structure.endLoad(false)
    expect(newcomer.text.toString()).toBe('own ')
    newcomer.structure.beginLoad()
    newcomer.structure.loadPiece(stateOf(first.structure))
    load(newcomer.structure, second.structure)
    second.structure.apply(newcomer.structure.takeLocalChange() as Uint8Array)
    expect(fingerprint(second.doc)).toEqual(fingerprint(newcomer.doc))
    expect([...second.text.toString()].sort().join('')).toBe([...'own second'].sort().join(''))
  })

  test('what a sponsor removes while it sends, and tells nobody of, does not come in by halves', () => {
    const sponsor = member(1)
    const page = new Y.Map()
    const title = new Y.Text()
    sponsor.doc.getArray('array').insert(0, [page])
    page.set('title', title)
    title.insert(0, 'title')
    const friend = member(2)
    load(friend.structure, sponsor.structure)
    const newcomer = member(3)
    newcomer.structure.beginLoad()
    const pieces = sponsor.structure.encodeState(1)
    const loadNext = () => {
      const { done, value } = pieces.next()
      if (!done) expect(newcomer.structure.loadPiece(value.bytes)).toBeUndefined()
      return !done
    }
    loadNext()
    sponsor.doc.getArray('array').delete(0, 1)
    while (loadNext());
    newcomer.structure.endLoad(false)
    load(newcomer.structure, friend.structure)
    const titleAtFriend = (friend.doc.getArray('array').get(0) as Y.Map<Y.Text>).get('title')
    titleAtFriend?.insert(5, ' and more')
    newcomer.structure.apply(friend.structure.takeLocalChange() as Uint8Array)
    expect(newcomer.structure.takeLocalChange()).toBeUndefined()
    for (const { doc } of [newcomer, friend])
      expect(doc.getArray('array').toJSON()).toEqual([{ title: 'title and more' }])
  })

  test('a state that is sound by itself, and not with what the document holds, is refused at its end', () => {
    const deep = (array: Y.Array<unknown>, levels: number) => {
      for (let at = array, left = levels; left > 0; left--) {
        const inner = new Y.Array<unknown>()
        at.insert(0, [inner])
        at = inner
      }
    }
    const newcomer = member(2)
    newcomer.doc.clientID = 1
    deep(newcomer.doc.getArray('array'), 60)
    // Under the same ids somebody says that all those stand side by side, and goes on in the last one.
    const liar = member(3)
    liar.doc.clientID = 1
    for (let left = 60; left > 0; left--) liar.doc.getArray('array').push([new Y.Array()])
    liar.doc.clientID = 3
    deep(liar.doc.getArray<Y.Array<unknown>>('array').get(59), 60)
    newcomer.structure.beginLoad()
    expect(newcomer.structure.loadPiece(stateOf(liar.structure))).toBeUndefined()
    expect(newcomer.structure.endLoad(true)).toMatch(/nested more than 100 deep/)
    expect(newcomer.doc.store.clients.has(3)).toBe(false)
  })

  test('a load without pieces carries everything', () => {
    const { structure, text } = member(1)
    text.insert(0, 'all of it')
    structure.takeLocalChange()
    structure.beginLoad()
    structure.endLoad()
    const other = new Y.Doc()
    Y.applyUpdate(other, structure.takeLocalChange() as Uint8Array)
    expect(other.getText('text').toString()).toBe('all of it')
  })

  test('a piece that leaves out what this side happens to have is refused', () => {
    const sponsor = member(1)
    sponsor.text.insert(0, 'abcdef')
    const newcomer = member(2)
    load(newcomer.structure, sponsor.structure)
    newcomer.structure.beginLoad()
    const later = Y.diffUpdate(Y.encodeStateAsUpdate(sponsor.doc), Uint8Array.of(1, 1, 3))
    expect(newcomer.structure.loadPiece(later)).toMatch(/nothing is known of client 1 before clock 3/)
  })

  test('calls out of order are errors of the caller', () => {
    const { structure } = member(1)
    expect(() => structure.loadPiece(Uint8Array.of(0, 0))).toThrow(/without a load/)
    expect(() => structure.endLoad()).toThrow(/not begun/)
    structure.beginLoad()
    expect(() => structure.apply(Uint8Array.of(0, 0))).toThrow(/being loaded/)
  })
})

describe('applying within the application', () => {
  test('an update must not join an open transaction', () => {
    const { doc, structure } = member(1)
    expect(() => doc.transact(() => structure.apply(Uint8Array.of(0, 0)))).toThrow(/within a transaction/)
  })

  test("an observer's error is reported, and the change is in", () => {
    const errors: unknown[] = []
    const author = member(1)
    const peer = member(2, { onObserverError: (error) => errors.push(error) })
    peer.text.observe(() => {
      throw new Error('the application is wrong')
    })
    author.text.insert(0, 'x')
    expect(peer.structure.apply(author.structure.takeLocalChange() as Uint8Array)).toBeUndefined()
    expect(peer.text.toString()).toBe('x')
    expect(errors).toEqual([new Error('the application is wrong')])
  })
})

describe('lone surrogates', () => {
  const HALF = '\ud83d'

  test.each<[string, (doc: Y.Doc) => unknown]>([
    ['in a text', (doc) => doc.getText('text').insert(0, `a${HALF}b`)],
    ['in an array', (doc) => doc.getArray('array').push([1, `x${HALF}`, 'y'])],
    ['in a map', (doc) => doc.getMap('map').set('key', HALF)],
    ['typed after its other half was sent', (doc) => typeHalves(doc)],
  ])('%s become what everybody else receives, and a warning says so', (_where, type) => {
    const warnings: string[] = []
    const author = member(1, { onWarning: (message) => warnings.push(message) })
    const peer = member(2)
    type(author.doc)
    peer.structure.apply(author.structure.takeLocalChange() as Uint8Array)
    expect(fingerprint(author.doc)).toEqual(fingerprint(peer.doc))
    expect(JSON.stringify(fingerprint(author.doc))).toContain('\ufffd')
    expect(warnings.length).toBeGreaterThan(0)
  })

  function typeHalves(doc: Y.Doc): void {
    doc.getText('text').insert(0, '\ud83d')
    doc.getText('text').insert(1, '\ude00')
  }

  test('two halves typed in one transaction are a pair', () => {
    const warnings: string[] = []
    const { doc, text } = member(1, { onWarning: (message) => warnings.push(message) })
    doc.transact(() => typeHalves(doc))
    expect(text.toString()).toBe('😀')
    expect(warnings).toEqual([])
  })
})

test('the key __proto__ is warned of', () => {
  const warnings: string[] = []
  const { doc } = member(1, { onWarning: (message) => warnings.push(message) })
  doc.getMap('map').set('__proto__', 1)
  expect(warnings).toHaveLength(1)
})

describe('the size of the state', () => {
  test('is close to what encoding gives', () => {
    const { doc, structure, text } = member(123_456_789)
    for (let i = 0; i < 2000; i++) text.insert((i * 7919) % (text.length + 1), 'ab')
    for (let i = 0; i < 300; i++) text.delete((i * 104_729) % text.length, 1)
    doc.getArray('array').push([new Uint8Array(5000), { a: 'b' }, 12.5])
    for (let i = 0; i < 300; i++) doc.getMap('map').set(`key ${i % 50}`, i)
    const exact = Y.encodeStateAsUpdate(doc).length
    expect(structure.stateBytes()).toBeGreaterThan(exact * 0.9)
    expect(structure.stateBytes()).toBeLessThan(exact * 1.1)
  })

  test('of a large document is extrapolated at first, and then measured part by part', () => {
    const { doc, structure } = member(1)
    const rows = Array.from({ length: 20_000 }, (_, i) => new Y.Map([['row', i]]))
    doc.getArray('array').push(rows)
    doc.clientID = 2
    doc.getMap('map').set('binary', new Uint8Array(100_000))
    const exact = Y.encodeStateAsUpdate(doc).length
    const calls = Array.from({ length: 4 }, () => structure.stateBytes())
    for (const bytes of calls) expect(bytes / exact).toBeGreaterThan(0.5)
    expect(calls.at(-1)).toBeGreaterThan(exact * 0.9)
    expect(calls.at(-1)).toBeLessThan(exact * 1.1)
  })

  test('follows insertions and deletions', () => {
    const { structure, text } = member(1)
    expect(structure.stateBytes()).toBeLessThan(10)
    text.insert(0, 'x'.repeat(10_000))
    expect(structure.stateBytes()).toBeGreaterThan(10_000)
    text.delete(0, 10_000)
    expect(structure.stateBytes()).toBeLessThan(100)
  })
})
