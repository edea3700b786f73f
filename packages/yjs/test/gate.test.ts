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
