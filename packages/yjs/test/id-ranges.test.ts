import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IdRanges } from '../src/id-ranges.js'

const additions = fc.array(fc.tuple(fc.nat(2), fc.nat(40), fc.integer({ min: 1, max: 6 })), { maxLength: 30 })

function rangesOf(list: readonly (readonly [number, number, number])[]): IdRanges {
  const ranges = new IdRanges()
  for (const [client, clock, length] of list) ranges.add(client, clock, length)
  return ranges
}

function idsOf(ranges: IdRanges): string[] {
  const ids: string[] = []
  for (const client of ranges.clients()) {
    for (const { clock, end } of ranges.of(client)) {
      for (let at = clock; at < end; at++) ids.push(`${client}:${at}`)
    }
  }
  return ids.sort()
}

function naiveIds(list: readonly (readonly [number, number, number])[]): string[] {
  const ids = new Set<string>()
  for (const [client, clock, length] of list) {
    for (let at = clock; at < clock + length; at++) ids.add(`${client}:${at}`)
  }
  return [...ids].sort()
}

describe('a set of ids as ranges', () => {
  test('holds what was added, in ascending ranges that neither overlap nor touch', () => {
    fc.assert(
      fc.property(additions, (list) => {
        const ranges = rangesOf(list)
        expect(idsOf(ranges)).toEqual(naiveIds(list))
        for (const client of ranges.clients()) {
          ranges.of(client).reduce((previousEnd, { clock, end }) => {
            expect(clock).toBeGreaterThan(previousEnd)
            return end
          }, -1)
        }
      }),
    )
  })

  test('has what was added, and nothing else', () => {
    fc.assert(
      fc.property(additions, (list) => {
        const ranges = rangesOf(list)
        const ids = new Set(naiveIds(list))
        for (let client = 0; client < 4; client++)
          for (let clock = 0; clock < 50; clock++)
            expect(ranges.has({ client, clock })).toBe(ids.has(`${client}:${clock}`))
      }),
    )
  })

  test('a difference is the difference of the sets', () => {
    fc.assert(
      fc.property(additions, additions, (left, right) => {
        const taken = new Set(naiveIds(right))
        const expected = naiveIds(left).filter((id) => !taken.has(id))
        expect(idsOf(rangesOf(left).minus(rangesOf(right)))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('erasing backwards one by one stays a single range', () => {
    const ranges = new IdRanges()
    const begun = Array.from({ length: 100 }, (_, i) => ranges.add(1, 99 - i, 1)).filter(Boolean)
    expect(begun).toHaveLength(1)
    expect(ranges.of(1)).toEqual([{ clock: 0, end: 100 }])
  })
})
