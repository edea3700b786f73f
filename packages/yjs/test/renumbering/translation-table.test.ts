import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { decodeTable, encodeTable } from '../../src/renumbering/table-encoding.js'
import { newDocument } from '../documents.js'

const CLIENT = 7

describe('TranslationTable', () => {
  it('tells what became of an id', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    text.insert(0, 'abcdef')
    text.delete(2, 2)
    doc.getMap('map').set('k', 'old')
    doc.getMap('map').set('k', 'new')
    doc.getMap('map').set('none', 1)
    doc.getMap('map').delete('none')
    const list = Y.Array.from([1, 2])
    doc.getArray('array').push([list])
    doc.getArray('array').delete(0, 1)
    const { table } = flatten(doc, CLIENT)
    const at = (clock: number) => table.find({ client: 1001, clock })
    // Roots in order of their names: array, map, text.
    expect(at(0)).toEqual({ kind: 'live', clock: 1, length: 2 })
    expect(at(1)).toEqual({ kind: 'live', clock: 2, length: 1 })
    expect(at(2)).toEqual({
      kind: 'gone',
      gap: { left: 2, right: 3, parent: 'text', parentSub: null },
      length: 2,
    })
    expect(at(5)).toEqual({ kind: 'live', clock: 4, length: 1 })
    expect(at(6)).toEqual({
      kind: 'gone',
      gap: { left: 0, right: null, parent: 'map', parentSub: 'k' },
      length: 1,
    })
    expect(at(7)).toEqual({ kind: 'live', clock: 0, length: 1 })
    expect(at(8)).toMatchObject({ gap: { left: null, right: null, parent: 'map', parentSub: 'none' } })
    expect(at(9)).toMatchObject({ gap: { left: null, right: null, parent: 'array', parentSub: null } })
    expect(at(10)).toEqual({ kind: 'dead', length: 2 })
    expect(at(12)).toBeUndefined()
    expect(table.find({ client: 1002, clock: 0 })).toBeUndefined()
    expect(table.endOf(1001)).toBe(12)
  })

  it('grows with runs, not with characters', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, 'x'.repeat(100_000))
    doc.getText('text').delete(1000, 50_000)
    const { table } = flatten(doc, CLIENT)
    expect(table.runCount).toBe(3)
    expect(encodeTable(table).length).toBeLessThan(40)
  })

  it('decodes only what it encodes', () => {
    const doc = newDocument(1001)
    doc.getText('text').insert(0, 'abcdef')
    doc.getText('text').delete(2, 2)
    const bytes = encodeTable(flatten(doc, CLIENT).table)
    expect(decodeTable(bytes)).not.toBeTypeOf('string')
    for (let end = 0; end < bytes.length; end++)
      expect(decodeTable(bytes.subarray(0, end))).toBeTypeOf('string')
    expect(decodeTable(Uint8Array.from([...bytes, 0]))).toBeTypeOf('string')
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0xff
      const table = decodeTable(damaged)
      if (typeof table !== 'string') expect(encodeTable(table)).toEqual(damaged)
    }
  })
})
