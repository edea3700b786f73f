/**
 * Founding, leaving, and rooms that were founded twice.
 */
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../src/index.js'
import { encodeMessage } from '../../src/wire/codec.js'
import { carriesOperations, carriesReports, Network, UNSUSPECTING } from '../hand-driven-network.js'

describe('founding', () => {
  test('[LI1] who finds the room empty founds it, and names its lineage', () => {
    const net = new Network()
    const anna = net.seeker('anna')
    expect(anna.replica.status).toBe('seeking')
    expect(anna.outputsOf('seek')).toHaveLength(1)
    anna.feed({ type: 'alone' })
    expect(anna.replica.status).toBe('member')
    expect(anna.replica.members).toEqual(['anna'])
    expect(anna.outputsOf('joined')).toHaveLength(1)
    expect(anna.outputsOf('greet')).toEqual([{ type: 'greet', lineage: 'anna' }])
    expect(anna.replica.isSynced).toBe(true)
  })

  test('[LI1] only who is looking founds', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    bert.feed({ type: 'alone' })
    expect(bert.replica.room.lineage).toBe('anna')
    expect(anna.replica.members).toEqual(['anna', 'bert'])
  })

  test('[LI1] a newcomer takes over the lineage of its sponsor', () => {
    const net = new Network()
    const [, bert] = net.room(['anna', 'bert'])
    const cleo = net.newcomer('cleo', bert)
    expect(cleo.replica.room.lineage).toBe('anna')
  })

  test('[SP3] alone, what was typed is below the snapshot point at once', () => {
    const net = new Network()
    const anna = net.founder('anna')
    anna.type('word')
    expect(anna.point).toBe(1)
    expect(anna.replica.stats.logOperations).toBe(0)
    expect(anna.outputsOf('snapshot').map(({ move }) => [move.point, move.droppedOperations])).toEqual([
      [1, 1],
    ])
  })
})

describe('leaving', () => {
  test('[LE1] the last operation is leave, after what was typed just before', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    bert.set.add('last words')
    bert.feed({ type: 'leave' })
    net.settle()
    const operations = bert.sent('gossip').flatMap((message) => message.operations)
    expect(operations.map(({ kind, author }) => [kind, author])).toEqual([
      ['update', 'bert'],
      ['leave', 'bert'],
    ])
    expect(anna.set.words).toEqual(['last words'])
    expect(bert.replica.status).toBe('over')
    expect(bert.outputsOf('rejoin')).toEqual([])
    expect(bert.outputsOf('greet').at(-1)).toEqual({ type: 'greet', lineage: null })
  })

  test('[LE3] is heard even if whoever should pass it on leaves at the same moment', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    const [link = -1] = net.linksBetween(bert, cleo)
    const prune = encodeMessage({ type: 'prune', authors: ['cleo'] })
    cleo.feed({ type: 'message', link, bytes: prune })
    cleo.set.add('last words')
    cleo.feed({ type: 'leave' })
    anna.feed({ type: 'leave' })
    net.settle()
    expect(bert.replica.members).toEqual(['bert'])
    expect(bert.set.words).toEqual(['last words'])
  })

  test('[LE1] that somebody else has made for us ends this identity, and another one follows', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.replica.room.author({ kind: 'leave', who: 'bert' })
    anna.feed({ type: 'timer' })
    net.settle()
    expect(bert.replica.status).toBe('over')
    expect(bert.outputsOf('rejoin')).toHaveLength(1)
  })

  test('[LE1] holds nobody back, and is news to those who stay', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    // What Cleo says of what she holds never arrives; when she has left, nobody needs to know.
    net.held = (letter) => letter.from === 'cleo' && carriesReports(letter)
    anna.type('word')
    net.pass(2000)
    expect(anna.point).toBeLessThan(anna.replica.stats.clock)
    net.held = () => false
    net.lose((letter) => letter.from === 'cleo')
    cleo.feed({ type: 'leave' })
    net.pass(5000)
    for (const peer of [anna, bert]) {
      expect(peer.replica.members).toEqual(['anna', 'bert'])
      expect(peer.point).toBe(peer.replica.stats.clock)
      expect(peer.outputsOf('members').at(-1)).toEqual({
        type: 'members',
        joined: [],
        left: ['cleo'],
        evicted: [],
      })
      expect(peer.replica.networkMap.toJSON()).not.toHaveProperty('cleo')
    }
  })

  test('[SP7] members that came and went leave no trace in what replicas hold', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    for (let i = 0; i < 5; i++) {
      const guest = net.newcomer(`guest-${i}`, i % 2 === 0 ? anna : bert)
      guest.type(`word ${i}`)
      net.pass(3000)
      guest.feed({ type: 'leave' })
      net.pass(3000)
    }
    for (const peer of [anna, bert]) {
      expect([...peer.replica.room.history.applied.keys()].sort()).toEqual(['anna', 'bert'])
      const isOfGuest = ({ author }: Operation) => author.startsWith('guest')
      expect(peer.replica.room.history.aboveBase.filter(isOfGuest)).toEqual([])
      expect([...peer.replica.room.stability.reports.keys()].sort()).toEqual(['anna', 'bert'])
      expect(peer.set.words).toHaveLength(5)
    }
    // Newcomers are told of nobody who is gone, and understand those who knew them.
    const cleo = net.newcomer('cleo', anna)
    bert.type('after')
    net.pass(3000)
    expect(cleo.set.words).toHaveLength(6)
    expect(cleo.point).toBe(cleo.replica.stats.clock)
  })

  test('a vanished member holds the room back and is named, and editing goes on', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'], UNSUSPECTING)
    net.crash(cleo)
    const before = anna.point
    for (const word of ['a', 'b', 'c']) anna.type(word)
    net.pass(20_000)
    expect(bert.set.words).toEqual(['a', 'b', 'c'])
    for (const peer of [anna, bert]) {
      expect(peer.point).toBe(before)
      expect(peer.replica.blockedBy).toEqual([{ replica: 'cleo', reason: 'silent' }])
    }
  })

  test('[SP8] nobody is named when nothing waits', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    expect(anna.replica.blockedBy).toEqual([])
    net.held = carriesOperations
    anna.type('x')
    expect(anna.replica.blockedBy).toEqual([{ replica: 'bert', reason: 'behind' }])
    net.held = () => false
    net.pass(5000)
    expect(anna.replica.blockedBy).toEqual([])
    expect(bert.replica.blockedBy).toEqual([])
  })
})

describe('a room that was founded twice', () => {
  test('[LI2] becomes one when two of its members meet: the greater lineage yields with all it has', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const zoey = net.founder('zoey')
    anna.type('here')
    zoey.type('there')
    net.connect(zoey, anna)
    net.settle()
    expect(anna.replica.status).toBe('member')
    expect(anna.outputsOf('rejoin')).toEqual([])
    expect(zoey.replica.status).toBe('over')
    expect(zoey.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the room has another history' }])
    expect(zoey.outputsOf('greet').at(-1)).toEqual({ type: 'greet', lineage: null })
  })

  test('[LI2] loses nothing of either history', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const [zoey, yves] = net.room(['zoey', 'yves'])
    anna.type('here')
    zoey.type('there')
    yves.type('and there')
    net.pass(5000)
    net.connect(zoey, anna)
    net.settle()
    // Their sessions start over with the structures that they have.
    const zoeyAgain = net.seeker('zoey-2', {}, zoey.set)
    net.connect(zoeyAgain, anna)
    net.settle()
    net.connect(yves, zoeyAgain)
    net.settle()
    expect(yves.replica.status).toBe('over')
    const yvesAgain = net.seeker('yves-2', {}, yves.set)
    net.connect(yvesAgain, zoeyAgain)
    net.pass(10_000)
    for (const peer of [anna, zoeyAgain, yvesAgain]) {
      expect(peer.set.words).toEqual(['and there', 'here', 'there'])
      expect(peer.replica.members).toEqual(['anna', 'zoey-2', 'yves-2'])
      expect(peer.point).toBe(peer.replica.stats.clock)
    }
  })

  test('[LI2] members of one lineage tell no member of the other anything', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const zoey = net.founder('zoey')
    net.held = ({ to }) => to === 'zoey'
    net.connect(zoey, anna)
    net.settle()
    anna.type('secret')
    net.settle()
    expect(anna.sent('gossip')).toEqual([])
    expect(zoey.replica.status).toBe('member')
  })
})
