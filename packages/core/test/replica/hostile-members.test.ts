/**
 * Members that break the rules in well-formed messages: their link is closed with a reason, what they said counts for nobody,
 * and the room goes on.
 */
import { describe, expect, test } from 'vitest'
import { MAX_WAITING_MS } from '../../src/causality/causal-buffer.js'
import type { Operation } from '../../src/index.js'
import { DEFAULT_CONFIG } from '../../src/machine.js'
import type { Report } from '../../src/snapshot/report.js'
import { Network, type Peer, type Stranger, UNSUSPECTING } from '../hand-driven-network.js'
import { bytes, type Entries, update } from '../operations.js'
import { SharedSet } from '../shared-set.js'

const NOTHING = new TextEncoder().encode('{"add":[],"remove":[]}')

/** Mona is a member, and the test speaks for her. */
function roomWithMona(config = UNSUSPECTING) {
  const net = new Network()
  const [anna, bert] = net.room(['anna', 'bert'], config)
  const mona = net.stranger('mona', anna)
  mona.say({ type: 'hello', replica: 'mona', lineage: '', renumbers: false, signs: false, digest: 0 })
  mona.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
  net.settle()
  mona.say({ type: 'installed', nonce: mona.theOnly('welcome').nonce })
  net.settle()
  expect(bert.replica.members).toEqual(['anna', 'bert', 'mona'])
  return { net, anna, bert, mona }
}

function gossip(mona: Stranger, operations: Operation[], reports: Report[] = []) {
  mona.say({ type: 'gossip', operations, reports, presences: [], answer: false })
}

const said = (seq: number, clock: number, deps: Entries = {}) => update('mona', seq, clock, deps, NOTHING)

const applied = ({ replica }: Peer, author: string) => replica.room.history.applied.get(author)

/** The room goes on without her link. */
function expectToGoOn(net: Network, anna: Peer, bert: Peer) {
  anna.type('goes on')
  net.settle()
  expect(bert.set.words).toContain('goes on')
}

describe('[WI5] questions', () => {
  test('are answered as often as honest neighbours ask, and then cost the link', () => {
    const { net, anna, bert, mona } = roomWithMona()
    anna.type('word')
    net.settle()
    const ask = () =>
      mona.say({ type: 'sync', applied: new Map(), reports: new Map(), presences: new Map(), point: 0 })
    for (let i = 0; i < 50; i++) {
      net.now += 20
      ask()
    }
    expect(mona.closedBecause).toBe('asks too often')
    expect(mona.heard('gossip').filter(({ answer }) => answer).length).toBeLessThan(50)
    expectToGoOn(net, anna, bert)
  })

  test('once a second are answered for ever', () => {
    const { net, mona } = roomWithMona({ ...UNSUSPECTING, linkTimeoutMs: 1e9 })
    for (let i = 0; i < 300; i++) {
      net.now += 1000
      mona.say({ type: 'sync', applied: new Map(), reports: new Map(), presences: new Map(), point: 0 })
    }
    expect(mona.closedBecause).toBeUndefined()
  })

  test('are answered on, when our clock is set back', () => {
    const { net, mona } = roomWithMona({ ...UNSUSPECTING, linkTimeoutMs: 1e9 })
    for (let i = 0; i < 20; i++) {
      net.now += i % 2 === 0 ? 1000 : -5000
      mona.say({ type: 'sync', applied: new Map(), reports: new Map(), presences: new Map(), point: 0 })
    }
    expect(mona.closedBecause).toBeUndefined()
  })

  test('of a newcomer for its welcome, again and again, too', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const zoey = net.stranger('zoey', anna)
    zoey.say({ type: 'hello', replica: 'zoey', lineage: '', renumbers: false, signs: false, digest: 0 })
    zoey.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
    const { nonce } = zoey.theOnly('welcome')
    for (let i = 0; i < 60; i++) zoey.say({ type: 'installed', nonce })
    expect(zoey.closedBecause).toBe('asks too often')
  })
})

describe('[OP3] clocks', () => {
  test('that jump use up no numbers', () => {
    for (const clock of [2 ** 53 - 1, 2 ** 40]) {
      const { net, anna, bert, mona } = roomWithMona()
      const before = anna.replica.stats.clock
      gossip(mona, [said(1, clock)])
      expect(mona.closedBecause).toMatch(/its clock has jumped/)
      expect([anna, bert].map((peer) => applied(peer, 'mona'))).toEqual([0, 0])
      expect(anna.replica.stats.clock).toBe(before)
      expectToGoOn(net, anna, bert)
    }
  })

  test('of reports do not either', () => {
    const { net, anna, bert, mona } = roomWithMona()
    const report = { replica: 'mona', n: 1, seq: 0, clock: 2 ** 53 - 1, epoch: 0, base: '', floor: 0 }
    gossip(mona, [], [report])
    expect(mona.closedBecause).toMatch(/its clock has jumped/)
    expect(anna.replica.room.stability.reports.has('mona')).toBe(false)
    expectToGoOn(net, anna, bert)
  })

  test('that contradict what an operation depends on are nobody’s', () => {
    const { net, anna, bert, mona } = roomWithMona()
    anna.type('word')
    net.settle()
    const seen = applied(anna, 'anna') ?? 0
    // It would stand before the word in total order, and depends on it.
    gossip(mona, [said(1, 3, { anna: seen })])
    expect(mona.closedBecause).toMatch(/contradict what they follow/)
    expect([anna, bert].map((peer) => applied(peer, 'mona'))).toEqual([0, 0])
    expectToGoOn(net, anna, bert)
  })
})

describe('[EV8] somebody who speaks in our name', () => {
  test.each([
    [
      'an operation',
      (seq: number): [Operation[], Report[]] => [[update('anna', seq + 1, 50, {}, NOTHING)], []],
    ],
    [
      'a report',
      (): [Operation[], Report[]] => [
        [],
        [{ replica: 'anna', n: 1000, seq: 1, clock: 50, epoch: 0, base: '', floor: 50 }],
      ],
    ],
  ])('by %s makes us take another one, and the old one need not be waited for', (_, speak) => {
    const { anna, mona } = roomWithMona()
    gossip(mona, ...speak(applied(anna, 'anna') ?? 0))
    expect(anna.outputsOf('rejoin')).toEqual([
      { type: 'rejoin', reason: 'somebody else speaks in our name', isDead: true },
    ])
    expect(anna.replica.status).toBe('over')
  })

  test('by a presence is outbid', () => {
    const { net, anna, bert, mona } = roomWithMona()
    anna.feed({ type: 'presence', bytes: bytes(1) })
    net.settle()
    const presences = [{ replica: 'anna', n: 77, bytes: bytes(6, 6, 6) }]
    mona.say({ type: 'gossip', operations: [], reports: [], presences, answer: false })
    net.settle()
    expect(anna.replica.status).toBe('member')
    expect(bert.replica.room.presences.all.get('anna')).toEqual({ replica: 'anna', n: 78, bytes: bytes(1) })
  })
})

describe('[OP5] operations whose past never comes', () => {
  test('take half of the room for them, whoever makes them, and nobody else’s', () => {
    const { net, anna, bert, mona } = roomWithMona({ ...UNSUSPECTING, maxWaitingOperations: 200 })
    for (let seq = 2; seq < 1000; seq++) gossip(mona, [said(seq, seq + 20)])
    expect(anna.replica.stats.waiting).toBe(100)
    expectToGoOn(net, anna, bert)
  })

  test('of authors that nobody has let in take less, and tell nobody that something is missing', () => {
    const { net, anna, bert, mona } = roomWithMona({ ...UNSUSPECTING, maxWaitingOperations: 2000 })
    for (let i = 0; i < 1000; i++) gossip(mona, [update(`made-up-${i}`, 1, 20, {}, NOTHING)])
    expect(anna.replica.stats.waiting).toBe(250)
    expect(anna.replica.isSynced).toBe(true)
    expectToGoOn(net, anna, bert)
  })

  test('that name half the world count with all those names', () => {
    const { anna, mona } = roomWithMona({ ...UNSUSPECTING, maxWaitingBytes: 1024 * 1024 })
    const names = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`name-${i}`, 9]))
    for (let seq = 2; seq < 100; seq++) gossip(mona, [said(seq, seq + 20, names)])
    expect(anna.replica.stats.waiting).toBeLessThan(10)
  })

  test('are forgotten in the end', () => {
    const { net, anna, mona } = roomWithMona({ ...UNSUSPECTING, linkTimeoutMs: 1e9 })
    gossip(mona, [said(2, 22), update('made-up', 1, 20, {}, NOTHING)])
    expect(anna.replica.stats.waiting).toBe(2)
    net.pass(MAX_WAITING_MS + 10_000)
    expect(anna.replica.stats.waiting).toBe(0)
    expect(anna.replica.isSynced).toBe(true)
  })

  test('have room enough where rooms are as large as they get', () => {
    expect(DEFAULT_CONFIG.maxWaitingOperations).toBeGreaterThan(10_000)
  })
})

describe('[WI6] a payload that nobody can have written', () => {
  class Vetted extends SharedSet {
    vet(payload: Uint8Array): string | undefined {
      return payload.length === 3 ? 'three bytes are none' : undefined
    }
  }

  test('is neither stored nor passed on, and costs its link', () => {
    const net = new Network()
    const anna = net.founder('anna', UNSUSPECTING, new Vetted('anna'))
    const bert = net.newcomer('bert', anna, UNSUSPECTING)
    const mona = net.stranger('mona', anna)
    mona.say({ type: 'hello', replica: 'mona', lineage: '', renumbers: false, signs: false, digest: 0 })
    mona.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
    net.settle()
    mona.say({ type: 'installed', nonce: mona.theOnly('welcome').nonce })
    net.settle()
    gossip(mona, [update('mona', 1, 20, {}, bytes(1, 2, 3))])
    net.settle()
    expect(mona.closedBecause).toBe('operation mona 1: three bytes are none')
    expect([anna, bert].map((peer) => applied(peer, 'mona'))).toEqual([0, 0])
    expect([anna, bert].map(({ replica }) => replica.stats.waiting)).toEqual([0, 0])
    expectToGoOn(net, anna, bert)
  })
})
