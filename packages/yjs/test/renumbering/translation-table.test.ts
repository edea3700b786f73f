import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { composed } from '../../src/renumbering/composed-table.js'
import { flatten } from '../../src/renumbering/flatten.js'
import { fillTo } from '../../src/renumbering/rebuild.js'
import { decodeTable, encodeTable } from '../../src/renumbering/table-encoding.js'
import type { Fate, TranslationTable } from '../../src/renumbering/translation-table.js'
import { edits, newDocument, perform } from '../documents.js'
import { rebuild } from './content.js'

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
    expect(encodeTable(table).length).toBeLessThan(50)
  })

  it('leads through several cuts as one', () => {
    fc.assert(
      fc.property(edits(80, 1), fc.array(fc.nat(79), { minLength: 1, maxLength: 3 }), (actions, cuts) => {
        let doc = newDocument(1001)
        const tables: TranslationTable[] = []
        const seen = new Map<string, Y.ID>()
        for (const [index, action] of actions.entries()) {
          perform(doc, action)
          if (!cuts.includes(index)) continue
          for (const [client, structs] of doc.store.clients) {
            const end = Y.getState(doc.store, client)
            for (let clock = 0; clock < end && structs.length > 0; clock++)
              seen.set(`${client}:${clock}`, Y.createID(client, clock))
          }
          const { pieces, table } = flatten(doc, CLIENT + tables.length)
          tables.push(table)
          doc = rebuild(...pieces)
          doc.clientID = 1001
          fillTo(doc, 1001, table.endOf(1001))
        }
        if (tables.length === 0) return
        const whole = composed(tables)
        for (const id of seen.values()) {
          let live: Y.ID | undefined = id
          for (const table of tables) {
            const fate: Fate | undefined = live === undefined ? undefined : table.find(live)
            if (fate?.kind === 'live') live = table.id(fate.clock)
            else if (fate !== undefined) live = undefined
          }
          const fate = whole.find(id)
          if (fate?.kind === 'live') expect(whole.id(fate.clock)).toEqual(live)
          else expect(live === undefined || fate === undefined).toBe(true)
          expect(whole.endOf(id.client)).toBeGreaterThan(fate === undefined ? -1 : id.clock)
          if (fate?.kind !== 'gone') continue
          const { left, right } = fate.gap
          for (const clock of [left, right])
            if (clock !== null) expect(clock).toBeLessThan(Y.getState(doc.store, whole.client))
          if (left !== null && right !== null) expect(right).toBe(left + 1)
        }
      }),
      { numRuns: 200 },
    )
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
