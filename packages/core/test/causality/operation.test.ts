import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareOperations, payloadBytes } from '../../src/index.js'
import { bytes, cut, join, leave, update } from '../operations.js'

const position = fc.record({
  clock: fc.integer({ min: 0, max: 5 }),
  author: fc.constantFrom('anna', 'bert', 'Cleo', '_dora', '0emil'),
})

describe('the total order', () => {
  test('[OP4] is by clock, then by author as text', () => {
    const unordered = [
      { clock: 2, author: 'bert' },
      { clock: 10, author: 'anna' },
      { clock: 2, author: 'anna' },
      { clock: 1, author: 'zoey' },
    ]
    expect(unordered.sort(compareOperations)).toEqual([
      { clock: 1, author: 'zoey' },
      { clock: 2, author: 'anna' },
      { clock: 2, author: 'bert' },
      { clock: 10, author: 'anna' },
    ])
  })

  test('[OP4] is total: antisymmetric, transitive, and equal only for the same place', () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        expect(Math.sign(compareOperations(a, b)) + Math.sign(compareOperations(b, a))).toBe(0)
        expect(compareOperations(a, b) === 0).toBe(a.clock === b.clock && a.author === b.author)
        if (compareOperations(a, b) <= 0 && compareOperations(b, c) <= 0) {
          expect(compareOperations(a, c)).toBeLessThanOrEqual(0)
        }
      }),
    )
  })
})

test('only updates have a payload', () => {
  expect(payloadBytes(update('anna', 1, 1, {}, bytes(1, 2, 3)))).toBe(3)
  expect(payloadBytes(join('anna', 1, 1, 'bert', 0))).toBe(0)
  expect(payloadBytes(leave('anna', 1, 1))).toBe(0)
  expect(payloadBytes(cut('anna', 1, 1, 0))).toBe(0)
})
