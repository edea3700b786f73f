/**
 * Reports and the snapshot point on real replicas.
 */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { compareOperations, type Operation, type Output } from '../../src/index.js'
import {
  carriesOperations,
  carriesReports,
  type Letter,
  Network,
  type Peer,
  UNSUSPECTING,
} from '../hand-driven-network.js'
import { SharedSet } from '../shared-set.js'

/** A set that refuses what it is told to. */
class Strict extends SharedSet {
  refuses = (_payload: Uint8Array) => false

  override apply(payload: Uint8Array): string | undefined {
    return this.refuses(payload) ? 'not in this house' : super.apply(payload)
  }
}

/** Records what leaves the log of a member, and how many operations it tells of, from now on. */
function watchDropped(peer: Peer) {
  const { history } = peer.replica.room
  const passes = vi.spyOn(history, 'compactThrough')
  const before = peer.outputs.length
  const tells = (output: Output) => (output.type === 'snapshot' ? output.move.droppedOperations : 0)
  return {
    dropped: () => passes.mock.results.flatMap(({ value }): Operation[] => value),
    told: () => peer.outputs.slice(before).reduce((sum, output) => sum + tells(output), 0),
  }
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `member-${i}`)

describe('reports', () => {
  /** Whether the newest report that `at` has of `of` speaks about operations that `at` has not applied. */
  function isAhead(of: Peer, at: Peer): boolean {
    const { stability, history } = at.replica.room
    return (stability.reports.get(of.id)?.seq ?? 0) > (history.applied.get(of.id) ?? 0)
  }

  test('[RE2] one that outruns an operation of its reporter waits for it', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    const before = bert.replica.room.stability.standing('anna')?.known
    net.held = (letter) => letter.from === 'anna' && carriesOperations(letter)
    anna.type('word')
    for (const word of ['a', 'b', 'c']) bert.type(word)
    net.pass(1000)
    expect(isAhead(anna, bert)).toBe(true)
    expect(bert.replica.room.stability.standing('anna')?.known).toBe(before)
    expect(bert.point).toBe(before)
    net.held = () => false
    net.pass(3000)
    expect(bert.point).toBe(anna.replica.stats.clock)
  })

  test('[RE2] those of a sponsor can not outrun the join that it made', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = (letter) => letter.to === 'bert' && carriesOperations(letter)
    const cleo = net.newcomer('cleo', anna)
    for (const word of ['a', 'b', 'c']) cleo.type(word)
    net.pass(6000)
    expect(cleo.replica.status).toBe('member')
    expect(bert.replica.members).toEqual(['anna', 'bert'])
    expect(isAhead(anna, bert)).toBe(true)
    expect(bert.point).toBeLessThan(anna.replica.room.roster.get('cleo')?.joined.clock ?? 0)
    net.held = () => false
    net.pass(5000)
    expect(bert.replica.members).toEqual(['anna', 'bert', 'cleo'])
    for (const peer of [anna, bert, cleo]) expect(peer.point).toBe(peer.replica.stats.clock)
  })

  test('[OP3] those in effect raise the clock', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.held = (letter) => letter.to === 'bert' && carriesOperations(letter)
    for (const word of ['a', 'b', 'c']) cleo.type(word)
    net.pass(1000)
    expect(isAhead(anna, bert)).toBe(false)
    bert.type('d')
    expect(bert.replica.stats.clock).toBe(cleo.replica.stats.clock + 1)
  })

  test('[OP3] those that wait do not raise the clock', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.held = (letter) => letter.to === 'bert' && carriesOperations(letter)
    const { clock } = bert.replica.stats
    anna.type('word')
    net.settle()
    for (const word of ['a', 'b', 'c']) cleo.type(word)
    net.pass(1000)
    expect(isAhead(anna, bert)).toBe(true)
    bert.type('d')
    expect(bert.replica.stats.clock).toBe(clock + 1)
  })

  test('[RE3] are gossiped beyond the neighbours of their reporter', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna)
    const cleo = net.newcomer('cleo', bert)
    cleo.type('word')
    net.pass(10_000)
    expect(anna.replica.neighbours).toEqual(['bert'])
    expect(anna.replica.room.stability.reports.get('cleo')?.n).toBeGreaterThan(0)
    for (const peer of [anna, bert, cleo]) expect(peer.point).toBe(peer.replica.stats.clock)
  })

  test('[RE4] a room that is idle and settled sends heartbeats and nothing else', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo', 'dora'])
    for (const member of members) member.type(`word of ${member.id}`)
    net.pass(10_000)
    const sentBefore = members.map((member) => member.outputsOf('send').length)
    net.pass(120_000)
    for (const [i, member] of members.entries()) {
      const sent = member.outputsOf('send').length - (sentBefore[i] ?? 0)
      const heartbeats = member.sent('heartbeat').length
      expect(member.replica.stats.logOperations).toBe(0)
      expect(member.sent('gossip').length + heartbeats).toBeGreaterThan(0)
      // Three neighbours, one heartbeat each per interval of 1.6 seconds.
      expect(sent).toBe(75 * 3)
    }
  })

  test('[RE4] while somebody types there is at most one report per member and interval', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'], { reportIntervalMs: 500 })
    const reportsOf = (peer: Peer) => peer.replica.room.stability.reportsMade
    const before = [reportsOf(anna), reportsOf(bert)]
    for (let i = 0; i < 100; i++) {
      anna.type(`word ${i}`)
      net.pass(100)
    }
    for (const [i, peer] of [anna, bert].entries()) {
      expect(reportsOf(peer) - (before[i] ?? 0)).toBeGreaterThan(10)
      expect(reportsOf(peer) - (before[i] ?? 0)).toBeLessThanOrEqual(21)
    }
  })
})

describe('the snapshot point', () => {
  test('[SP3] follows an edit after two rounds of reports, on every member', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo'])
    const [anna] = members
    net.held = carriesReports
    anna.type('word')
    net.settle()
    for (const peer of members) expect(peer.point).toBeLessThan(peer.replica.stats.clock)
    net.held = () => false
    net.pass(2000)
    for (const peer of members) {
      expect(peer.point).toBe(peer.replica.stats.clock)
      expect(peer.replica.stats.logOperations).toBe(0)
    }
  })

  test('[SP1] the map has a row for every member, as it says itself', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert', 'cleo'])
    anna.type('word')
    net.pass(5000)
    const { clock } = anna.replica.stats
    const row = { anna: clock, bert: clock, cleo: clock }
    expect(anna.replica.networkMap.toJSON()).toEqual({ anna: row, bert: row, cleo: row })
  })

  test('[SP2] of myself my own clock is known, whatever others have heard', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    net.held = () => true
    anna.type('word')
    const { clock } = anna.replica.stats
    expect(anna.replica.networkMap.toJSON()['anna']).toEqual({ anna: clock, bert: clock - 1 })
  })

  test('[SP4] never goes back, whatever is delivered when, and is the prefix that everybody holds', () => {
    const moves = fc.array(fc.tuple(fc.nat(9), fc.nat(99)), { minLength: 20, maxLength: 120 })
    fc.assert(
      fc.property(moves, (steps) => {
        const net = new Network()
        const members: Peer[] = [...net.room(['anna', 'bert', 'cleo'], UNSUSPECTING)]
        const points = new Map(members.map((peer) => [peer, peer.point]))
        for (const [kind, pick] of steps) {
          const peer = members[pick % members.length] as Peer
          if (kind === 0) peer.type(`word ${pick}`)
          else if (kind === 1) peer.feed({ type: 'timer' })
          else deliverAny(net, pick)
          if (kind === 2) net.now += pick * 10
          for (const member of members) {
            expect(member.point).toBeGreaterThanOrEqual(points.get(member) ?? 0)
            points.set(member, member.point)
          }
        }
        net.pass(10_000)
        for (const member of members) expect(member.point).toBe(member.replica.stats.clock)
      }),
      { numRuns: 40 },
    )
  })

  test('[SP5] what it passes leaves the log in total order, each operation once, the same on every member', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo'])
    const [anna] = members
    const watched = members.map(watchDropped)
    anna.type('one by itself')
    net.pass(5000)
    expect(watched[0]?.dropped()).toHaveLength(1)
    for (let i = 0; i < 5; i++) for (const member of members) member.type(`${member.id} ${i}`)
    const made = [...anna.replica.room.history.log.operations]
    net.pass(10_000)
    const [first, ...others] = watched.map(({ dropped }) => dropped())
    expect(first).toHaveLength(16)
    expect(first).toEqual([...(first ?? [])].sort(compareOperations))
    expect(new Set(first?.map(({ author, seq }) => `${author} ${seq}`)).size).toBe(16)
    expect(made.length).toBeGreaterThan(0)
    expect(first).toEqual(expect.arrayContaining(made))
    for (const dropped of others) expect(dropped).toEqual(first)
    for (const { told } of watched) expect(told()).toBe(16)
    for (const { replica } of members) expect(replica.room.history.aboveBase).toEqual([])
  })

  test('[SP6] an operation that comes again after it was dropped is not applied again', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = (letter) => letter.to === 'bert' && carriesOperations(letter)
    anna.type('word')
    const [copy] = net.underway.filter(carriesOperations)
    net.held = () => false
    net.pass(3000)
    expect(bert.replica.stats.logOperations).toBe(0)
    bert.set.apply = () => {
      throw new Error('applied again')
    }
    bert.take(copy as Letter)
    net.pass(3000)
    expect(bert.set.words).toEqual(['word'])
    expect(bert.replica.stats).toMatchObject({ waiting: 0, logOperations: 0 })
  })

  test('keeps the log where compaction is off, and serves newcomers all the same', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'], { keepLog: true })
    for (let i = 0; i < 5; i++) anna.type(`word ${i}`)
    net.pass(5000)
    expect(anna.point).toBe(anna.replica.stats.clock)
    expect(anna.replica.stats.logOperations).toBe(6)
    const cleo = net.newcomer('cleo', anna, { keepLog: true })
    expect(cleo.set.words).toHaveLength(5)
  })

  test('[RE4] settles also where some keep their log and others do not, and members have left', () => {
    const net = new Network()
    const anna = net.founder('anna', { keepLog: true })
    const bert = net.newcomer('bert', anna)
    const cleo = net.newcomer('cleo', anna)
    cleo.type('word')
    net.pass(5000)
    cleo.feed({ type: 'leave' })
    net.pass(10_000)
    const syncs = () => anna.sent('sync').length + bert.sent('sync').length
    const before = syncs()
    net.pass(60_000)
    expect(syncs()).toBe(before)
    expect(anna.replica.stats.logOperations).toBeGreaterThan(bert.replica.stats.logOperations)
    expect(net.newcomer('dora', anna).set.words).toEqual(['word'])
    expect(net.newcomer('emil', bert).set.words).toEqual(['word'])
  })
})

describe('the story of the two maps, on real replicas', () => {
  test('[SP3] nobody decides beyond what a newcomer holds whom it never heard of, in any order of delivery', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 50, maxLength: 300 }), (picks) => {
        const net = new Network()
        const members: Peer[] = [...net.room(['N1__', 'N2__', 'N3__', 'N4__'])]
        const [n1, n2, n3] = members as [Peer, Peer, Peer]
        const made = new Map<string, Operation>()
        n1.type('A')
        n3.type('B')
        const n5 = net.seeker('N5__')
        net.connect(n5, n2)
        n3.type('C')
        n1.type('D')
        members.push(n5)
        for (const pick of picks) {
          deliverAny(net, pick)
          net.now += pick % 40
          if (pick % 5 === 0) members[pick % members.length]?.feed({ type: 'timer' })
          expectSafe(members, made)
        }
        net.pass(20_000)
        expectSafe(members, made)
        for (const member of members) {
          if (member === n5 && n5.replica.status === 'over') continue
          expect(member.set.words).toEqual(['A', 'B', 'C', 'D'])
          expect(member.point).toBe(member.replica.stats.clock)
        }
      }),
      { numRuns: 40 },
    )
  })
})

/** Delivers any of the letters under way, the oldest of its link first. */
function deliverAny(net: Network, pick: number): void {
  const oldest = net.underway.filter(
    (letter, i) =>
      net.underway.findIndex(({ link, from }) => link === letter.link && from === letter.from) === i,
  )
  const letter = oldest[pick % Math.max(1, oldest.length)]
  if (letter) net.deliverOne(letter)
}

/** Whoever is a member holds every operation at or below any member's snapshot point. */
function expectSafe(peers: readonly Peer[], made: Map<string, Operation>): void {
  const members = peers.filter(({ replica }) => replica.status === 'member')
  for (const { replica } of members) {
    for (const operation of replica.room.history.log.operations) {
      made.set(`${operation.author} ${operation.seq}`, operation)
    }
  }
  const furthest = Math.max(...members.map(({ point }) => point))
  for (const { author, seq, clock } of made.values()) {
    if (clock > furthest) continue
    for (const { replica } of members) {
      expect(replica.room.history.applied.get(author) ?? 0).toBeGreaterThanOrEqual(seq)
    }
  }
}

describe('operations that make no sense', () => {
  test('[OP8] count as applied, with no effect, and hold nobody back', () => {
    const net = new Network()
    const refuses = (payload: Uint8Array) => new TextDecoder().decode(payload).includes('forbidden')
    const sets = ['anna', 'bert', 'cleo'].map((id) => Object.assign(new Strict(id), { refuses }))
    const anna = net.founder('anna', {}, sets[0])
    const bert = net.newcomer('bert', anna, {}, sets[1])
    const cleo = net.newcomer('cleo', bert, {}, sets[2])
    net.pass(5000)
    anna.type('forbidden')
    anna.type('allowed')
    net.pass(5000)
    for (const peer of [bert, cleo]) {
      expect(peer.set.words).toEqual(['allowed'])
      expect(peer.outputsOf('refused')).toEqual([
        { type: 'refused', from: 'anna', reason: 'not in this house' },
      ])
      expect(peer.replica.neighbours.length).toBe(2)
    }
    for (const peer of [anna, bert, cleo]) expect(peer.point).toBe(peer.replica.stats.clock)
  })
})

describe('a large room', () => {
  test('[RE1] sends no rows, and reports all the same', () => {
    const net = new Network()
    const names = ids(12)
    const members = net.room(names)
    members[3]?.type('word')
    net.pass(20_000)
    for (const member of members) {
      expect(member.point).toBe(member.replica.stats.clock)
      expect(member.replica.room.stability.reports.get('member-3')).not.toHaveProperty('row')
    }
    // The map shows our own row, and of the others that they are there.
    const map = members[0]?.replica.networkMap.toJSON() ?? {}
    expect(Object.keys(map).sort()).toEqual([...names].sort())
  })
})
