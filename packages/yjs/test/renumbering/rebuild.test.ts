import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { fillBelow } from '../../src/renumbering/rebuild.js'
import { translate } from '../../src/renumbering/translate.js'
import { newDocument } from '../documents.js'
import { changeOf, cutAt, rebuild } from './content.js'

const CLIENT = 7

describe('rebuild', () => {
  it('deletes no formatting marks that no operation deletes', () => {
    const docs = [newDocument(1001), newDocument(1002)] as const
    const [a, b] = docs
    const below = changeOf(a, () => a.getArray('array').push([new Y.Text('abc')]))
    Y.applyUpdate(b, below)
    const window = docs.map((doc) =>
      changeOf(doc, () => (doc.getArray('array').get(0) as Y.Text).format(0, 2, { bold: true })),
    )
    const { doc, add } = cutAt([below], CLIENT)
    for (const update of window) add(update)
    expect(deletedItems(doc)).toBe(0)
    // Yjs by itself would delete the second pair of marks.
    const cleaned = new Y.Doc()
    for (const update of [below, ...window]) Y.applyUpdate(cleaned, update)
    expect(deletedItems(cleaned)).toBeGreaterThan(0)
  })

  it('fills the clocks below an author with one struct, once', () => {
    const doc = newDocument(1001)
    const text = doc.getText('text')
    const below = changeOf(doc, () => text.insert(0, 'abcdef'))
    const window = [changeOf(doc, () => text.insert(6, 'g')), changeOf(doc, () => text.insert(7, 'h'))]
    const { doc: rebuilt, add } = cutAt([below], CLIENT)
    const carried = window.map((update) => add(update))
    const structs = rebuilt.store.clients.get(1001) ?? []
    expect(structs[0]).toBeInstanceOf(Y.GC)
    expect(structs.map(({ id, length }) => [id.clock, length])).toEqual([
      [0, 6],
      [6, 2],
    ])
    for (const update of carried) fillBelow(rebuilt, update)
    expect(rebuilt.store.clients.get(1001)).toHaveLength(2)
  })

  it('says so when an operation names what is not there, instead of leaving it waiting', () => {
    const doc = newDocument(1001)
    const below = changeOf(doc, () => doc.getText('text').insert(0, 'abc'))
    changeOf(doc, () => doc.getText('text').insert(3, 'missing'))
    const other = newDocument(1002)
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    const late = changeOf(other, () => other.getText('text').insert(10, 'late'))
    const { pieces, table } = flatten(rebuild(below), CLIENT)
    expect(() => rebuild(...pieces, translate(late, table))).toThrow('names what is neither')
  })
})

function deletedItems(doc: Y.Doc): number {
  const structs = [...doc.store.clients.values()].flat()
  return structs.filter((struct) => struct instanceof Y.Item && struct.deleted).length
}
