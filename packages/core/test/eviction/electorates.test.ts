import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../src/causality/operation.js'
import { Electorates, MAX_FORMER } from '../../src/eviction/electorates.js'
import { join, leave } from '../operations.js'

function electoratesOf(...members: string[]): Electorates {
  const electorates = new Electorates(true)
  electorates.import(new Map(members.map((member, clock) => [member, clock])), [])
  return electorates
}

const set = (...members: string[]) => new Set(members)

describe('a primary quorum', () => {
  test('[EV1] is a majority', () => {
    const electorates = electoratesOf('anna', 'bert', 'cleo')
    expect(electorates.isPrimary(set('bert', 'cleo'), [])).toBe(true)
    expect(electorates.isPrimary(set('anna'), [])).toBe(false)
    expect(electorates.isPrimary(set('anna', 'somebody', 'else'), [])).toBe(false)
  })

  test('[EV1] or half with the oldest member', () => {
    const electorates = electoratesOf('zoey', 'anna')
    expect(electorates.isPrimary(set('zoey'), [])).toBe(true)
    expect(electorates.isPrimary(set('anna'), [])).toBe(false)
  })

  test('[EV1] in which an id counts once: who is let in again after it has gone has no say', () => {
    const electorates = electoratesOf('anna', 'bert', 'cleo')
    const gone = [leave('cleo', 1, 5)]
    const again = [join('bert', 1, 6, 'cleo', 2)]
    expect(electorates.isPrimary(set('anna'), [...gone, ...again])).toBe(false)
    electorates.passed(gone)
    electorates.passed(again)
    expect(electorates.isFormer('cleo')).toBe(true)
    expect(electorates.isPrimary(set('anna'), [])).toBe(true)
  })

  test('[JO1] in which who has gone counts no more for those either who came later, nor its join again', () => {
    const older = electoratesOf('anna', 'bert', 'cleo')
    older.passed([leave('cleo', 1, 5)])
    const newer = new Electorates(true)
    newer.import(older.atPoint, older.former)
    expect(newer.isFormer('cleo')).toBe(true)
    newer.passed([join('bert', 1, 6, 'cleo', 2)])
    expect([...newer.atPoint.keys()]).toEqual(['anna', 'bert'])
  })

  test('[JO1] in which the same are remembered whenever a member came', () => {
    const older = electoratesOf('anna')
    const later = electoratesOf('anna')
    const comingAndGoing = Array.from({ length: MAX_FORMER + 10 }, (_, i): Operation[] => [
      join('anna', i + 1, 2 * i + 1, `guest${i}`, 0),
      leave(`guest${i}`, 1, 2 * i + 2),
    ])
    for (const [index, operations] of comingAndGoing.entries()) {
      older.passed(operations)
      if (index === 100) later.import(older.atPoint, older.former)
      else if (index > 100) later.passed(operations)
    }
    expect(later.former).toHaveLength(MAX_FORMER)
    expect(later.former).toEqual(older.former)
    expect([older.isFormer('guest1'), older.isFormer('guest2000')]).toEqual([false, true])
  })

  test('[JO1] in which nobody is remembered where nobody signs', () => {
    const electorates = new Electorates(false)
    electorates.import(
      new Map([
        ['anna', 0],
        ['bert', 1],
      ]),
      [],
    )
    electorates.passed([leave('bert', 1, 5)])
    expect(electorates.former).toEqual([])
  })

  test('[EV1] in which a second join lets nobody in, whatever else it says', () => {
    const electorates = electoratesOf('anna', 'bert')
    const first = join('anna', 1, 5, 'cleo', 2)
    const gone = [leave('bert', 1, 6)]
    const again = [join('anna', 2, 7, 'cleo', 2), join('anna', 3, 8, 'bert', 2)]
    expect(electorates.passed([first, ...gone, ...again])).toEqual([first])
  })

  test('[EV1] in which a second join changes nobody’s age', () => {
    const electorates = electoratesOf('anna', 'bert')
    electorates.passed([join('bert', 1, 5, 'anna', 0)])
    expect(electorates.isPrimary(set('anna'), [])).toBe(true)
  })

  test('[EV1] of every electorate since the snapshot point', () => {
    const electorates = electoratesOf('anna', 'bert')
    const joins = [
      join('anna', 1, 5, 'cleo', 0),
      join('anna', 2, 6, 'dora', 0),
      join('anna', 3, 7, 'emil', 0),
    ]
    expect(electorates.isPrimary(set('cleo', 'dora', 'emil'), joins)).toBe(false)
    expect(electorates.isPrimary(set('anna'), joins)).toBe(false)
    expect(electorates.isPrimary(set('anna', 'cleo', 'dora'), joins)).toBe(true)
    electorates.passed(joins)
    expect(electorates.isPrimary(set('cleo', 'dora', 'emil'), [])).toBe(true)
  })

  test('[EV1] two sides of a room are never both primary, however each has grown and shrunk', () => {
    const members = ['a0', 'a1', 'a2', 'a3']
    // Each side goes on alone from the same members: it lets newcomers in and sees its own people leave.
    const side = (name: string, own: readonly string[]) =>
      fc.array(fc.boolean(), { maxLength: 6 }).map((joins) => {
        const present = [...own]
        const operations: Operation[] = []
        for (const [index, isJoin] of joins.entries()) {
          const clock = 10 + index
          const who = isJoin ? `${name}${index}` : present.at(-1)
          if (who === undefined || (!isJoin && present.length < 2)) continue
          operations.push(isJoin ? join('a0', index + 1, clock, who, 0) : leave(who, index + 1, clock))
          if (isJoin) present.push(who)
          else present.pop()
        }
        return { operations, quorum: new Set(present) }
      })
    const sides = fc.subarray(members).chain((left) => {
      const right = members.filter((member) => !left.includes(member))
      return fc.tuple(side('l', left), side('r', right))
    })
    let primaries = 0
    fc.assert(
      fc.property(sides, (both) => {
        const [left, right] = both.map(({ operations, quorum }) =>
          electoratesOf(...members).isPrimary(quorum, operations),
        )
        expect(left && right).toBe(false)
        if (left || right) primaries++
      }),
      { numRuns: 500 },
    )
    expect(primaries).toBeGreaterThan(50)
  })
})
