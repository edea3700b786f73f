/**
 * The network map, first by the two maps of the problem statement, literally. The letters are operations in total
 * order A < B < C < D, and an entry is written as the set of operations that a replica has applied.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Clock, NetworkMap, type ReplicaId } from '../../src/index.js'

const LETTERS = ['A', 'B', 'C', 'D']

type LetterMap = Record<ReplicaId, Record<ReplicaId, string>>

/** The clock of the longest contiguous prefix that a set of letters holds: D without C counts for nothing. */
function contiguousPrefix(letters: string): Clock {
  const held = new Set(letters.split(' '))
  const gap = LETTERS.findIndex((letter) => !held.has(letter))
  return gap < 0 ? LETTERS.length : gap
}

/** A replica that is missing from a row is one that its owner does not know. */
function mapOf(rows: LetterMap): NetworkMap {
  const map = new NetworkMap()
  for (const [owner, row] of Object.entries(rows)) {
    const entries = Object.entries(row).map(([id, letters]): [ReplicaId, Clock] => [
      id,
      contiguousPrefix(letters),
    ])
    map.setEntries(owner, new Map(entries))
  }
  return map
}

/** The snapshot point as the set of operations at or below it. */
const snapshot = (map: NetworkMap) => LETTERS.slice(0, map.snapshotPoint())

/** Rows as N1 holds them; N1 itself has applied A and B. */
const MAP_1: LetterMap = {
  N1: { N1: 'A B' },
  N2: { N2: 'A B D', N3: 'A B' },
  N3: { N2: 'A B', N3: 'A B C', N4: 'A B' },
}

/** N2 has meanwhile let N5 in, who received only A. */
const MAP_2: LetterMap = {
  N1: { N1: 'A B' },
  N2: { N2: 'A B D', N3: 'A B', N5: 'A' },
  N3: { N2: 'A B', N3: 'A B C', N4: 'A B' },
}

describe('the maps of the problem statement', () => {
  test('letters stand for the prefix without a gap', () => {
    expect(contiguousPrefix('')).toBe(0)
    expect(contiguousPrefix('A')).toBe(1)
    expect(contiguousPrefix('A B D')).toBe(2)
    expect(contiguousPrefix('B C D')).toBe(0)
    expect(contiguousPrefix('A B C D')).toBe(4)
  })

  test('[SP3] map 1: the snapshot point is {A, B}, and D counts for nothing without C', () => {
    expect(snapshot(mapOf(MAP_1))).toEqual(['A', 'B'])
  })

  test('[SP3] map 2: the snapshot point is {A}, although N1 never heard of N5 directly', () => {
    expect(snapshot(mapOf(MAP_2))).toEqual(['A'])
  })

  test('[SP3] once N5 has caught up it holds nobody back', () => {
    const caughtUp = { ...MAP_2, N2: { N2: 'A B D', N3: 'A B', N5: 'A B' } }
    expect(snapshot(mapOf(caughtUp))).toEqual(['A', 'B'])
  })
})

describe('the network map', () => {
  test('[SP3] the snapshot point is the minimum over all entries of all rows', () => {
    const row = fc.dictionary(fc.constantFrom('N1', 'N2', 'N3', 'N4'), fc.nat(50), { minKeys: 1 })
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('N1', 'N2', 'N3'), row, { minKeys: 1 }), (rows) => {
        const map = new NetworkMap()
        for (const [owner, entries] of Object.entries(rows))
          map.setEntries(owner, new Map(Object.entries(entries)))
        const all = Object.values(rows).flatMap((entries) => Object.values(entries))
        expect(map.snapshotPoint()).toBe(Math.min(...all))
      }),
    )
  })

  test('[SP3] of a row whose entries are unknown, the floor counts', () => {
    const map = mapOf(MAP_1)
    map.set('N6', { floor: 1 })
    expect(map.snapshotPoint()).toBe(1)
  })

  test('[LE1] a row that is gone holds nobody back', () => {
    const map = mapOf(MAP_2)
    map.delete('N2')
    expect(snapshot(map)).toEqual(['A', 'B'])
  })

  test('[SP1] shows row by row what everybody says', () => {
    const map = mapOf(MAP_2)
    map.set('N6', { floor: 1 })
    expect(map.toJSON()).toEqual({
      N1: { N1: 2 },
      N2: { N2: 2, N3: 2, N5: 1 },
      N3: { N2: 2, N3: 3, N4: 2 },
      N6: {},
    })
  })
})
