/** Records of a document: what is damaged is told when it is opened, and what nobody needs is not looked into. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type History, NO_HISTORY } from '../../src/epochs/history.js'
import { decodeLinks, packTable, TableChain } from '../../src/epochs/table-chain.js'
import { readStored, YjsStructure } from '../../src/index.js'
import { packLong } from '../../src/packing/packed-long.js'
import { flatten, type TranslationTable } from '../../src/renumbering/index.js'
import {
  encodeMeaning,
  encodeTables,
  encodeUpdateRecord,
  updatePacking,
} from '../../src/storing/stored-document.js'
import { change, cut, founder, load, member } from '../epochs/members.js'

const FIRST = [{ lineage: 'adas', epoch: 0 }]
const SECOND = [{ lineage: 'adas', epoch: 1 }]

function table() {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  for (const word of ['one ', 'two ', 'three ']) text.insert(0, word)
  text.delete(4, 4)
  return flatten(doc, 77).table
}

function packed(of: TranslationTable): Uint8Array {
  const steps = packTable(of)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

function historyWith(packed: Uint8Array): History {
  return { ...NO_HISTORY, namings: SECOND, client: 77, chain: new TableChain([{ from: FIRST, packed }]) }
}

function read(records: readonly Uint8Array[]) {
  const stored = readStored(records)
  if (typeof stored === 'string') throw new Error(stored)
  return stored
}

describe('the tables of a stored document', () => {
  test('come back as they were', () => {
    const history = historyWith(packed(table()))
    const { chain } = read([encodeMeaning(history), encodeTables(history.chain)]).history ?? NO_HISTORY
    expect(chain.links).toEqual(history.chain.links)
    expect(decodeLinks(chain.links)).toEqual([table()])
  })

  test('are told to be damaged when the document is opened, whichever byte is', () => {
    const history = historyWith(packed(table()))
    const record = encodeTables(history.chain)
    for (let at = 0; at < record.length; at++) {
      const damaged = record.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x15
      expect(readStored([encodeMeaning(history), damaged])).toBeTypeOf('string')
    }
    for (let end = 1; end < record.length; end++) {
      expect(readStored([encodeMeaning(history), record.subarray(0, end)])).toBeTypeOf('string')
    }
  })

  test('are not unpacked before somebody needs one', () => {
    const history = historyWith(packLong(Uint8Array.of(99)))
    const stored = read([encodeMeaning(history), encodeTables(history.chain)])
    const structure = new YjsStructure(new Y.Doc(), { compaction: 'full', onLocalChange: () => {} })
    expect(structure.storing.restore(stored).next().value).toBeUndefined()
    expect(() => decodeLinks(stored.history?.chain.links ?? [])).toThrow(/kept translation table is broken/)
  })

  test('the last of several counts', () => {
    const history = historyWith(packed(table()))
    const { chain } = NO_HISTORY
    expect(
      read([encodeMeaning(history), encodeTables(history.chain), encodeTables(chain)]).history?.chain.links,
    ).toEqual([])
  })
})

describe('the updates of a stored document', () => {
  test('come back in their order, packed or not', () => {
    const pieces = ['abc', 'b'.repeat(5000), 'abc'.repeat(3000)].map((text) => new TextEncoder().encode(text))
    const packed = updatePacking()
    const later = [Uint8Array.of(1, 2, 3), new TextEncoder().encode('word '.repeat(500))]
    const records = [encodeMeaning(undefined), ...pieces.map(packed), ...later.map(encodeUpdateRecord)]
    expect([...read(records).updates]).toEqual([...pieces, ...later])
    expect(records.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(220)
  })

  test('are told to be damaged when the document is opened, whichever byte of what is packed is', () => {
    const packed = updatePacking()
    const text = new TextEncoder().encode('it is a truth universally acknowledged '.repeat(20))
    for (const record of [packed(text), encodeUpdateRecord(text)]) {
      for (let at = 1; at < record.length; at++) {
        const damaged = record.slice()
        damaged[at] = (damaged[at] ?? 0) ^ 0x15
        expect(readStored([encodeMeaning(undefined), damaged])).toMatch(/damaged/)
      }
      for (let end = 1; end < record.length; end++) {
        expect(readStored([encodeMeaning(undefined), record.subarray(0, end)])).toBeTypeOf('string')
      }
    }
  })

  test('are unpacked one by one, as often as they are read', () => {
    const packed = updatePacking()
    const updates = ['one ', 'two '].map((word) => new TextEncoder().encode(word.repeat(300)))
    const stored = read([encodeMeaning(undefined), ...updates.map(packed)])
    expect([...stored.updates]).toEqual(updates)
    const again = stored.updates[Symbol.iterator]()
    expect(again.next().value).toEqual(updates[0])
    expect(again.next().value).toEqual(updates[1])
  })

  test('of an earlier format are not guessed at', () => {
    const meaning = encodeMeaning(undefined)
    meaning[1] = 1
    expect(readStored([meaning])).toMatch(/written in format 1/)
  })
})

describe('what is recorded', () => {
  test('has tables behind what ids mean, and not again as long as they are the same', () => {
    const ada = founder(1)
    cut(ada, [change(ada, () => ada.text.insert(0, 'a word'))])
    const bob = member(2, { onUnsaved: () => {} })
    const { recording } = bob.structure
    if (recording === undefined) throw new Error('Nothing is recorded')
    const kinds = (records: Iterable<Uint8Array>) => [...records].map(([kind]) => kind)
    expect(kinds(recording.rewrite())).toEqual([0, 2])
    load(bob, ada)
    expect(kinds(recording.take())).toEqual([0, 3, 1])
    recording.named()
    expect(kinds(recording.take())).toEqual([0])
    expect(kinds(recording.rewrite())).toEqual([0, 3, 2])
    cut(bob, [])
    expect(recording.isOutdated).toBe(true)
    expect(kinds(recording.rewrite())).toEqual([0, 3, 2])
  })
})
