import { expect, test } from 'vitest'
import type { JoinOperation, Operation } from '../../src/causality/operation.js'
import { Roster } from '../../src/membership/roster.js'
import { join, leave, update } from '../operations.js'

function rosterOf(founder: string): Roster {
  const roster = new Roster()
  roster.add({ replica: founder, joined: { clock: 0, author: founder } })
  return roster
}

const ids = (roster: Roster) => roster.byAge().map(({ replica }) => replica)

test('[JO5] a join makes a member, of the age of its clock, let in by its author', () => {
  const roster = rosterOf('anna')
  expect(roster.apply(join('anna', 1, 4, 'bert', 2))).toEqual({ joined: 'bert', gone: [] })
  expect(roster.get('bert')).toEqual({
    replica: 'bert',
    joined: { clock: 4, author: 'bert' },
    sponsor: 'anna',
  })
})

test('[OV1] the line of sponsors ends with a founder, with somebody who left, and where it is told to', () => {
  const roster = rosterOf('anna')
  roster.apply(join('anna', 1, 4, 'bert', 2))
  roster.apply(join('bert', 1, 5, 'cleo', 2))
  roster.apply(join('cleo', 1, 6, 'dora', 2))
  expect(roster.sponsorsOf('dora', 8, 'nobody')).toEqual(['cleo', 'bert', 'anna'])
  expect(roster.sponsorsOf('dora', 2, 'nobody')).toEqual(['cleo', 'bert'])
  expect(roster.sponsorsOf('dora', 8, 'bert')).toEqual(['cleo'])
  expect(roster.sponsorsOf('anna', 8, 'nobody')).toEqual([])
  expect(roster.sponsorsOf('stranger', 8, 'nobody')).toEqual([])
  roster.apply(leave('bert', 2, 7))
  expect(roster.sponsorsOf('dora', 8, 'nobody')).toEqual(['cleo'])
})

test('[LE1] a leave ends a membership, once', () => {
  const roster = rosterOf('anna')
  roster.apply(join('anna', 1, 4, 'bert', 2))
  expect(roster.apply(leave('bert', 1, 5))).toEqual({ gone: ['bert'] })
  expect(roster.has('bert')).toBe(false)
  expect(roster.apply(leave('bert', 1, 5))).toEqual({ gone: [] })
  expect(ids(roster)).toEqual(['anna'])
})

test('[JO9] a leave may be made by somebody else, for an id that was given up', () => {
  const roster = rosterOf('anna')
  roster.apply(join('anna', 1, 4, 'bert', 2))
  expect(roster.apply(leave('cleo', 1, 5, 'bert'))).toEqual({ gone: ['bert'] })
})

test('an update changes no membership', () => {
  const roster = rosterOf('anna')
  expect(roster.apply(update('anna', 1, 1))).toEqual({ gone: [] })
  expect(roster.size).toBe(1)
})

test('[OV8] age is the same on every replica, whatever the order in which joins were applied', () => {
  const joins = [join('anna', 1, 3, 'zoey', 0), join('anna', 2, 4, 'bert', 0), join('zoey', 1, 4, 'cleo', 0)]
  for (const order of [joins, [...joins].reverse()]) {
    const roster = rosterOf('anna')
    for (const operation of order) roster.apply(operation)
    expect(ids(roster)).toEqual(['anna', 'zoey', 'bert', 'cleo'])
  }
})

test('[JO1] of two joins of one id the earlier in total order tells its age, whichever was applied first', () => {
  const joins = [join('anna', 1, 3, 'zoey', 0), join('anna', 2, 4, 'bert', 0), join('zoey', 1, 7, 'bert', 0)]
  for (const [first, second] of [joins.slice(1), joins.slice(1).reverse()]) {
    const roster = rosterOf('anna')
    roster.apply(joins[0] as Operation)
    roster.apply(first as Operation)
    roster.repeat(second as JoinOperation)
    expect(roster.get('bert')).toEqual({
      replica: 'bert',
      joined: { clock: 4, author: 'bert' },
      sponsor: 'anna',
    })
  }
  const roster = rosterOf('anna')
  roster.repeat(joins[1] as JoinOperation)
  expect(ids(roster)).toEqual(['anna'])
})
