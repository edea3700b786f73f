import { describe, expect, test } from 'vitest'
import type * as Y from 'yjs'
import { flatten, Inverse, Rebuilding, type TranslationTable } from '../../src/renumbering/index.js'

const ALICE = 2 ** 31 + 1
const BOB = 2 ** 31 + 2

function rebuilt(...updates: readonly Uint8Array[]): Y.Doc {
  const rebuilding = new Rebuilding()
  for (const update of updates) rebuilding.add(update)
  return rebuilding.doc
}

/** A text through two cuts: Alice's 'abcd' without the 'b', then Bob's 'xy' behind the 'a', and 'c' goes. */
function cutTwice(): { tables: TranslationTable[]; text: string } {
  const first = rebuilt()
  first.clientID = ALICE
  first.getText('text').insert(0, 'abcd')
  first.getText('text').delete(1, 1)
  const one = flatten(first, 11)
  const second = rebuilt(...one.pieces)
  second.clientID = BOB
  second.getText('text').insert(1, 'xy')
  second.getText('text').delete(3, 1)
  const two = flatten(second, 12)
  return {
    tables: [one.table, two.table],
    text: rebuilt(...two.pieces)
      .getText('text')
      .toString(),
  }
}

describe('tables read backwards', () => {
  test('[LI5] name everything as it was authored', () => {
    const { tables, text } = cutTwice()
    expect(text).toBe('axyd')
    const inverse = new Inverse(tables)
    expect(inverse.client).toBe(12)
    expect([0, 1, 2, 3].map((clock) => inverse.find(clock))).toEqual([
      { client: ALICE, clock: 0, length: 1 },
      { client: BOB, clock: 0, length: 2 },
      { client: BOB, clock: 1, length: 1 },
      { client: ALICE, clock: 3, length: 1 },
    ])
    expect([...inverse.ends]).toEqual([
      [ALICE, 4],
      [BOB, 2],
    ])
  })

  test('[LI5] or as it was called where they begin', () => {
    const { tables } = cutTwice()
    const inverse = new Inverse(tables.slice(1))
    expect([0, 1, 3].map((clock) => inverse.find(clock))).toEqual([
      { client: 11, clock: 0, length: 1 },
      { client: BOB, clock: 0, length: 2 },
      { client: 11, clock: 2, length: 1 },
    ])
  })

  test('are the inverse of the tables read forwards, on what is left', () => {
    const { tables } = cutTwice()
    const inverse = new Inverse(tables)
    for (const clock of [0, 1, 2, 3]) {
      expect(inverse.table.find(inverse.find(clock))).toMatchObject({ kind: 'live', clock })
    }
    expect(inverse.table.find({ client: ALICE, clock: 1 })).toMatchObject({ kind: 'gone' })
    expect(() => inverse.find(4)).toThrow('No table leads to 4')
  })
})
