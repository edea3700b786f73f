import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../src/causality/operation.js'
import { Electorates } from '../../src/eviction/electorates.js'
import { join, leave } from '../operations.js'

function electoratesOf(...members: string[]): Electorates {
  const electorates = new Electorates()
  electorates.import(new Map(members.map((member, clock) => [member, clock])))
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
