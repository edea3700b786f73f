/** Histories of one room that meet, and what several have brought from elsewhere. */
import { describe, expect, test } from 'vitest'
import type { NamedPayload, Naming } from '../../src/index.js'
import { Network } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'
import { BY_HAND, type Cutter, compact, room } from './cutters.js'

describe('two histories of a room', () => {
  const older = { lineage: 'lost', epoch: 3 }
  const newer = { lineage: 'lost', epoch: 7 }

  /** A set that has been through both, and one that was left behind at the first. */
  function sets(): { ahead: RenumberedSet; behind: RenumberedSet } {
    const [ahead, behind] = [new RenumberedSet('ahead'), new RenumberedSet('behind')]
    ahead.epochs.namings = [newer]
    ahead.former = [older]
    behind.epochs.namings = [older]
    return { ahead, behind }
  }

  test('[LI3] become the one that goes on from the other, whatever their names', () => {
    for (const [first, second] of [
      ['anna', 'zoey'],
      ['zoey', 'anna'],
    ] as const) {
      const net = new Network()
      const { ahead, behind } = sets()
      const anna = net.founder(first, BY_HAND, ahead)
      const zoey = net.founder(second, BY_HAND, behind)
      net.connect(zoey, anna)
      net.settle()
      expect(anna.replica.status).toBe('member')
      expect(zoey.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the room has another history' }])
    }
  })

  test('[LI3] of one origin, or of none in common, are chosen between by name', () => {
    for (const namings of [[older], []]) {
      const net = new Network()
      const [one, other] = [new RenumberedSet('one'), new RenumberedSet('other')]
      one.epochs.namings = [...namings]
      other.epochs.namings = [...namings]
      const anna = net.founder('anna', BY_HAND, one)
      const zoey = net.founder('zoey', BY_HAND, other)
      net.connect(zoey, anna)
      net.settle()
      expect([anna.replica.status, zoey.replica.status]).toEqual(['member', 'over'])
    }
  })

  /** Who founded from these namings meet: of the first, which one it is that stays. */
  function standing(first: readonly Naming[], second: readonly Naming[], formers: Naming[] = []): string[] {
    return (['anna', 'zoey'] as const).map((name) => {
      const net = new Network()
      const [one, other] = [new RenumberedSet('one'), new RenumberedSet('other')]
      const ones = net.founder(name, BY_HAND, one)
      const others = net.founder(name === 'anna' ? 'zoey' : 'anna', BY_HAND, other)
      one.epochs.namings = [...first]
      other.epochs.namings = [...second]
      one.former = formers
      other.former = formers
      net.connect(others, ones)
      net.settle()
      expect([ones, others].filter(({ replica }) => replica.status === 'member')).toHaveLength(1)
      const isFirst = ones.replica.status === 'member'
      return isFirst ? 'first' : 'second'
    })
  }

  test('[LI6] the one that was founded with what the other one stands at is the one that stands', () => {
    const founded = [{ lineage: 'fork', epoch: 0 }, newer]
    expect(standing(founded, [newer])).toEqual(['first', 'first'])
    expect(standing([newer], founded)).toEqual(['second', 'second'])
    const again = [{ lineage: 'fork of the fork', epoch: 0 }, ...founded]
    expect(standing(again, founded)).toEqual(['first', 'first'])
    expect(standing(again, [newer])).toEqual(['first', 'first'])
  })

  test('[LI6] unless the other one went on since: then it is that one, or the names tell', () => {
    const founded = [{ lineage: 'fork', epoch: 0 }, older]
    expect(standing(founded, [newer], [older])).toEqual(['second', 'second'])
    expect(standing([{ lineage: 'fork', epoch: 1 }], [newer], [older])).toEqual(['first', 'second'])
    expect(standing(founded, [{ lineage: 'another', epoch: 0 }, older])).toEqual(['first', 'second'])
  })

  test('[LI3] a newcomer that is ahead of the room does not give up what it holds: the room comes to it', () => {
    const net = new Network()
    const { ahead, behind } = sets()
    const anna = net.founder('anna', BY_HAND, behind)
    const bert = net.newcomer('bert', anna, BY_HAND, ahead)
    expect(bert.replica.status).toBe('member')
    expect(bert.replica.room.lineage).toMatch(/^!.*-bert$/)
    expect(bert.replica.members).toEqual(['bert'])
    expect(anna.replica.status).toBe('over')
    expect(anna.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the room has another history' }])
  })
})

describe('what several have brought, each in its own way', () => {
  test('[LI7] is made anew, of everything above the base in total order, own changes included', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    anna.type('below')
    compact(anna)
    net.pass(5000)
    bert.type('b')
    net.settle()
    anna.type('a')
    net.settle()
    const told: string[][] = []
    Object.assign(anna.set.epochs, {
      isTangled: true,
      untangle(operations: readonly NamedPayload[]) {
        const places = operations.map(({ origin }) => [origin?.clock ?? 0, origin?.author ?? ''] as const)
        expect(places).toEqual(places.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1)))
        told.push(places.map(([, author]) => author))
        Object.assign(anna.set.epochs, { isTangled: false })
      },
    })
    anna.set.add('unsent')
    bert.type('c')
    net.settle()
    expect(told).toHaveLength(1)
    expect(told[0]?.toSorted()).toEqual(['anna', 'anna', 'bert', 'bert'])
  })
})
