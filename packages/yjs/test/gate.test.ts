import fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { inspect } from '../src/gate.js'
import { YjsStructure } from '../src/index.js'
import { edits, fingerprint, newDocument, newEditor, perform } from './documents.js'

/** The victim: five characters of client 1. */
function victim() {
  const doc = newDocument(1)
  doc.getText('text').insert(0, 'hello')
  doc.clientID = 50
  return { doc, structure: new YjsStructure(doc, { onLocalChange: () => {} }) }
}

interface RawItem {
  readonly origin?: readonly [client: number, clock: number]
  readonly rightOrigin?: readonly [client: number, clock: number]
  readonly parent?: string | readonly [client: number, clock: number]
  readonly key?: string
  readonly text?: string
}

interface RawSection {
  readonly client: number
  readonly clock: number
  readonly items: readonly RawItem[]
}

/** Writes V1 by hand, whatever it says. */
function raw(sections: readonly RawSection[], deletes: readonly (readonly [number, number, number])[] = []) {
  const out = new Y.UpdateEncoderV1()
  encoding.writeVarUint(out.restEncoder, sections.length)
  for (const { client, clock, items } of sections) {
    encoding.writeVarUint(out.restEncoder, items.length)
    out.writeClient(client)
    encoding.writeVarUint(out.restEncoder, clock)
    for (const item of items) writeItem(out, item)
  }
  encoding.writeVarUint(out.restEncoder, deletes.length)
  for (const [client, clock, length] of deletes) {
    encoding.writeVarUint(out.restEncoder, client)
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, clock)
    encoding.writeVarUint(out.restEncoder, length)
  }
  return out.toUint8Array()
}

function writeItem(
  out: Y.UpdateEncoderV1,
  { origin, rightOrigin, parent = 'text', key, text = 'x' }: RawItem,
) {
  out.writeInfo(4 | (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20))
  if (origin) out.writeLeftID(Y.createID(...origin))
  if (rightOrigin) out.writeRightID(Y.createID(...rightOrigin))
  if (!origin && !rightOrigin) {
    out.writeParentInfo(typeof parent === 'string')
    if (typeof parent === 'string') out.writeString(parent)
    else out.writeLeftID(Y.createID(...parent))
    if (key !== undefined) out.writeString(key)
  }
  out.writeString(text)
}

const one = (item: RawItem, clock = 0): Uint8Array => raw([{ client: 9, clock, items: [item] }])

const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nothing at all', new Uint8Array(), /can not be decoded/],
  ['a GC struct of length 0', Uint8Array.of(1, 1, 5, 0, 0, 0, 0), /is empty/],
  ['an empty text', one({ text: '' }), /is empty/],
  ['a claim of 32 million structs', Uint8Array.of(1, 0xff, 0xff, 0xff, 0x0f, 5, 0), /can not be decoded/],
  ['a clock beyond 2^31', one({}, 2 ** 31 - 1), /largest clock/],
  ['a gap before the first struct', one({}, 3), /nothing is known of client 9 before clock 3/],
  ['a Skip struct', Uint8Array.of(1, 1, 9, 0, 10, 5, 0), /is a gap/],
  ['an origin that is nowhere', one({ origin: [7, 0] }), /9:0 names 7:0, which is unknown/],
  ['a right origin that is nowhere', one({ rightOrigin: [1, 5] }), /names 1:5, which is unknown/],
  ['a parent that is nowhere', one({ parent: [7, 3] }), /names 7:3, which is unknown/],
  ['an origin in its own future', one({ origin: [9, 4] }), /names 9:4, which is later/],
  ['a deletion of what is not written yet', raw([], [[1, 5, 10]]), /beyond what exists/],
  ['a deletion of length 0', raw([], [[1, 1, 0]]), /is empty/],
  ['a deletion in an unknown client', raw([], [[77, 0, 1]]), /beyond what exists/],
  ['a key __proto__', one({ parent: 'map', key: '__proto__' }), /key __proto__/],
  ['a root type __proto__', one({ parent: '__proto__' }), /key __proto__/],
  [
    'a circle of two clients',
    raw([
      { client: 8, clock: 0, items: [{ origin: [9, 0] }] },
      { client: 9, clock: 0, items: [{ origin: [8, 0] }] },
    ]),
    /which is unknown/,
  ],
  [
    'two sections of one client',
    raw([
      { client: 9, clock: 0, items: [{}] },
      { client: 9, clock: 1, items: [{}] },
    ]),
    /two sections of client 9/,
  ],
]

describe('the gate', () => {
  test.each(REFUSED)('refuses %s, and nothing changes', (_name, update, reason) => {
    const { doc, structure } = victim()
    const before = Y.encodeStateAsUpdate(doc)
    expect(structure.apply(update)).toMatch(reason)
    structure.beginLoad()
    expect(structure.loadPiece(update)).toMatch(reason)
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
    expect(doc.store.pendingStructs).toBeNull()
    expect(doc.store.pendingDs).toBeNull()
    expect(doc.getText('text').toString()).toBe('hello')
  })

  test('refuses the __proto__ format', () => {
    const doc = newDocument(8)
    doc.getText('text').applyDelta([{ insert: 'x', attributes: JSON.parse('{"__proto__": 1}') }])
    expect(inspect(Y.encodeStateAsUpdate(doc), new Y.Doc().store)).toMatch(/key __proto__/)
  })

  test('refuses trailing bytes and every truncation', () => {
    const author = newDocument(9)
    author.getText('text').insert(0, 'some text')
    author.getMap('map').set('key', { a: [1, 2] })
    author.getText('text').delete(2, 3)
    const update = Y.encodeStateAsUpdate(author)
    expect(inspect(Uint8Array.of(...update, 0), new Y.Doc().store)).toMatch(/bytes follow/)
    for (let length = 0; length < update.length; length++) {
      expect(typeof inspect(update.subarray(0, length), new Y.Doc().store)).toBe('string')
    }
  })

  test('takes forward references to other clients within one update', () => {
    const { structure, doc } = victim()
    const update = raw([
      { client: 9, clock: 0, items: [{ origin: [8, 1] }, { origin: [8, 2] }] },
      { client: 8, clock: 0, items: [{}, { origin: [1, 4] }, { origin: [9, 0] }] },
    ])
    expect(structure.apply(update)).toBeUndefined()
    expect(doc.getText('text').length).toBe(10)
  })

  test('whatever of a damaged update passes is integrated whole: no exception, nothing waiting', () => {
    fc.assert(
      fc.property(
        edits(25, 2),
        fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (script, damage) => {
          const docs = [newEditor(1), newEditor(2)] as [Y.Doc, Y.Doc]
          for (const edit of script) {
            perform(docs[edit.site] as Y.Doc, edit)
            if (edit.at % 4 === 0) Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(docs[1]))
          }
          Y.applyUpdate(docs[1], Y.encodeStateAsUpdate(docs[0], Y.encodeStateVector(docs[1])))
          const update = Y.encodeStateAsUpdate(docs[1])
          for (const [at, value] of damage) update[at % update.length] = value
          const { doc, structure } = victim()
          const before = fingerprint(doc)
          if (structure.apply(update) !== undefined) expect(fingerprint(doc)).toEqual(before)
          expect(doc.store.pendingStructs).toBeNull()
          expect(doc.store.pendingDs).toBeNull()
        },
      ),
      { numRuns: 2000 },
    )
  }, 120_000)
})

describe('what hides in content', () => {
  /** Maps within maps, written by hand: a document takes quadratic time for it. */
  const nested = (depth: number) => {
    const out = new Y.UpdateEncoderV1()
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, depth)
    out.writeClient(8)
    encoding.writeVarUint(out.restEncoder, 0)
    for (let i = 0; i < depth; i++) {
      out.writeInfo(7 | 0x20)
      out.writeParentInfo(i === 0)
      if (i === 0) out.writeString('map')
      else out.writeLeftID(Y.createID(8, i - 1))
      out.writeString('x')
      out.writeTypeRef(1)
    }
    encoding.writeVarUint(out.restEncoder, 0)
    return out.toUint8Array()
  }

  test('10,000 types within each other are refused, in one update and in many', () => {
    expect(inspect(nested(10_000), new Y.Doc().store)).toMatch(/nested more than 100 deep/)
    expect(typeof inspect(nested(100), new Y.Doc().store)).toBe('object')
    const { doc, structure } = victim()
    const author = newDocument(8)
    author.on('update', (update: Uint8Array) => structure.apply(update))
    let inner: Y.Array<unknown> = author.getArray('list')
    for (let i = 0; i < 300; i++) {
      const next = new Y.Array<unknown>()
      inner.insert(0, [next])
      inner = next
    }
    expect(JSON.stringify(doc.getArray('list')).length).toBe(2 * 101)
  })

  test('values nested without end are refused', () => {
    const deep = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
    for (const [depth, passes] of [
      [100, true],
      [101, false],
      [3000, false],
    ] as const) {
      const doc = newDocument(8)
      doc.getMap('map').set('key', deep(depth))
      expect(typeof inspect(Y.encodeStateAsUpdate(doc), new Y.Doc().store)).toBe(passes ? 'object' : 'string')
    }
  })

  test.each([
    ['a map', (doc: Y.Doc, value: object) => doc.getMap('map').set('key', value)],
    ['an array', (doc: Y.Doc, value: object) => doc.getArray('list').push([value])],
    ['an embed', (doc: Y.Doc, value: object) => doc.getText('text').insertEmbed(0, value)],
    ['a format', (doc: Y.Doc, value: object) => doc.getText('text').insert(0, 'x', { link: value })],
  ])('a value with the key __proto__ is refused in %s', (_, write) => {
    const doc = newDocument(8)
    write(doc, JSON.parse('{"a":[{"__proto__":{"isAdmin":true}}]}'))
    const { structure, doc: at } = victim()
    expect(structure.apply(Y.encodeStateAsUpdate(doc))).toMatch(/__proto__/)
    expect(at.getMap('map').toJSON()).toEqual({})
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })
})

describe('what costs everybody', () => {
  test('200,000 client ids and 300,000 deletions are refused', () => {
    const clients = Array.from({ length: 200_000 }, (_, i) => ({ client: i + 100, clock: 0, items: [{}] }))
    expect(inspect(raw(clients), new Y.Doc().store)).toMatch(/too many clients/)
    const out = new Y.UpdateEncoderV1()
    encoding.writeVarUint(out.restEncoder, 0)
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, 300_000)
    for (let i = 0; i < 300_000; i++) {
      encoding.writeVarUint(out.restEncoder, 2 * i)
      encoding.writeVarUint(out.restEncoder, 1)
    }
    expect(inspect(out.toUint8Array(), new Y.Doc().store)).toMatch(/too many deletions/)
  })

  test('V2 is refused: few bytes of it stand for millions of structs', () => {
    const out = new Y.UpdateEncoderV2()
    const count = 3_000_000
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, count)
    out.writeClient(9)
    encoding.writeVarUint(out.restEncoder, 0)
    for (let i = 0; i < count; i++) {
      out.writeInfo(0)
      out.writeLen(1)
    }
    encoding.writeVarUint(out.restEncoder, 0)
    const update = out.toUint8Array()
    expect(update.length).toBeLessThan(40)
    const { doc, structure } = victim()
    expect(structure.vet(update)).toBeDefined()
    expect(structure.apply(update)).toBeDefined()
    expect(doc.store.clients.has(9)).toBe(false)
  })
})

test('an item that goes on from something else under its own id', () => {
  const doc = new Y.Doc()
  doc.clientID = 9
  doc.getText('text')
  doc.getMap('map').set('key', { choice: 8 })
  const other = new Y.Doc()
  other.clientID = 9
  other.getText('text').insert(0, 'ab')
  const again = Y.encodeStateAsUpdate(other)
  expect(inspect(again, doc.store)).toMatchObject({ astray: 'struct 9:0 goes on from something else' })
  // What is known of it may be its beginning.
  const begun = new Y.Doc()
  begun.clientID = 9
  begun.getText('text').insert(0, 'a')
  expect(inspect(again, begun.store)).toMatchObject({ astray: undefined })
})

test.each([
  ['in a text', (doc: Y.Doc) => doc.getText('text').insert(0, 'ab'), (doc: Y.Doc) => removeAll(doc)],
  ['of a map', (doc: Y.Doc) => doc.getMap('map').set('key', 1), (doc: Y.Doc) => writeAgain(doc)],
])(
  'what one copy shows may be told as deleted by another one, in one with what went after it: %s',
  (_, begin, goOn) => {
    const early = new Y.Doc()
    early.clientID = 9
    begin(early)
    const late = new Y.Doc()
    Y.applyUpdate(late, Y.encodeStateAsUpdate(early))
    late.clientID = 9
    goOn(late)
    const merged = Y.encodeStateAsUpdate(late)
    // One struct begins below what the early copy knows, and ends above it.
    expect(Y.decodeUpdate(merged).structs[0]?.length).toBeGreaterThan(Y.getState(early.store, 9))
    expect(inspect(merged, early.store)).toMatchObject({ astray: undefined })
  },
)

function removeAll(doc: Y.Doc): void {
  doc.getText('text').insert(2, 'cd')
  doc.getText('text').delete(0, 4)
}

function writeAgain(doc: Y.Doc): void {
  for (const value of [2, 3]) doc.getMap('map').set('key', value)
}

describe('a right neighbour left of the left one', () => {
  const crossed: readonly (readonly [string, Uint8Array])[] = [
    ['in the document', one({ origin: [1, 3], rightOrigin: [1, 1] })],
    ['the same one', one({ origin: [1, 2], rightOrigin: [1, 2] })],
    [
      'in the update',
      raw([
        {
          client: 9,
          clock: 0,
          items: [
            { origin: [1, 0], rightOrigin: [1, 1] },
            { origin: [9, 0], rightOrigin: [1, 1] },
            { origin: [9, 1], rightOrigin: [9, 0] },
          ],
        },
      ]),
    ],
    [
      'by what the update puts beside it',
      raw([
        {
          client: 9,
          clock: 0,
          items: [
            { origin: [1, 3], rightOrigin: [1, 4] },
            { origin: [9, 0], rightOrigin: [1, 1] },
          ],
        },
      ]),
    ],
  ]

  test.each(crossed)('%s is refused', (_, update) => {
    const { doc, structure } = victim()
    expect(structure.apply(update)).toMatch(/names a right neighbour left of its left one/)
    expect(doc.getText('text').toString()).toBe('hello')
  })

  test('what one types between what one has typed is taken', () => {
    const author = newDocument(9)
    Y.applyUpdate(author, Y.encodeStateAsUpdate(victim().doc))
    const text = author.getText('text')
    const before = Y.encodeStateVector(author)
    for (const [at, what] of [
      [5, 'world'],
      [7, 'x'],
      [0, 'a'],
      [1, 'b'],
      [1, 'c'],
      [8, 'yy'],
    ] as const)
      text.insert(at, what)
    const { doc, structure } = victim()
    expect(structure.apply(Y.encodeStateAsUpdate(author, before))).toBeUndefined()
    expect(doc.getText('text').toString()).toBe(text.toString())
  })
})

describe('by itself', () => {
  test.each(
    REFUSED.filter(([name]) =>
      /length 0|empty text|million|2\^31|Skip|nothing at all|two sections/.test(name),
    ),
  )('%s shows what it is', (_, update) => {
    expect(victim().structure.vet(update)).toBeDefined()
  })

  test('what a user can bring about, or others may know more of, does not', () => {
    for (const update of [
      one({ parent: 'map', key: '__proto__' }),
      one({ origin: [7, 0] }),
      raw([], [[1, 5, 10]]),
    ])
      expect(victim().structure.vet(update)).toBeUndefined()
  })
})
