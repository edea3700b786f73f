import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { deleteMarks } from '../../src/renumbering/idle-marks.js'
import { load, rebuild } from './content.js'

const CLIENT = 1

/** Two type at once, and one of them formats what the other deletes. */
function untidy(): Y.Doc {
  const [one, other] = [new Y.Doc(), new Y.Doc()]
  one.getText('text').insert(0, 'abcdef')
  one.getText('text').format(0, 2, { em: true })
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one))
  one.getText('text').format(2, 2, { bold: true })
  one.getText('text').format(4, 2, { link: { to: 'x' } })
  other.getText('text').delete(2, 2)
  return load(Y.mergeUpdates([Y.encodeStateAsUpdate(one), Y.encodeStateAsUpdate(other)]))
}

describe('formatting marks without effect', () => {
  it('are those that change nothing for what follows', () => {
    const doc = untidy()
    const text = doc.getText('text')
    const { pieces, idleMarks } = flatten(doc, CLIENT)
    expect(idleMarks).toHaveLength(2)
    const tidied = rebuild(...pieces)
    deleteMarks(tidied, CLIENT, idleMarks)
    expect(tidied.getText('text').toDelta()).toEqual(text.toDelta())
    expect(flatten(tidied, CLIENT + 1).idleMarks).toEqual([])
  })

  it('are not those whose effect another one would take over', () => {
    const doc = untidy()
    const { pieces, idleMarks } = flatten(doc, CLIENT)
    const base = rebuild(...pieces)
    const marks: number[] = []
    for (let item = base.getText('text')._start; item !== null; item = item.right) {
      if (item.content instanceof Y.ContentFormat && !idleMarks.includes(item.id.clock))
        marks.push(item.id.clock)
    }
    expect(marks.length).toBeGreaterThan(2)
    for (const mark of marks.slice(0, -1)) {
      const without = rebuild(...pieces)
      deleteMarks(without, CLIENT, [...idleMarks, mark])
      expect(without.getText('text').toDelta()).not.toEqual(doc.getText('text').toDelta())
    }
  })
})
