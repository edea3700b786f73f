/**
 * What comes in from outside and breaks the rules: the link is closed with a reason, and nothing else changes.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../src/index.js'
import type { Report } from '../../src/snapshot/report.js'
import { decodeMessage, encodeMessage } from '../../src/wire/codec.js'
import { MAX_REASON_LENGTH } from '../../src/wire/limits.js'
import type { Gossip } from '../../src/wire/messages.js'
import { Network, type Peer } from '../hand-driven-network.js'
import { anyMessage, operation } from '../messages.js'
import { bytes, type Entries, vector } from '../operations.js'
import { RenumberedSet } from '../renumbered-set.js'
import { type Change, SharedSet } from '../shared-set.js'

const snapshotOf = ({ replica }: Peer) => {
  const { history, stability, presences } = replica.room
  return structuredClone({
    ...history.export(),
    waiting: history.waiting.size,
    operations: history.aboveBase,
    base: replica.room.base,
    baseThrough: history.baseThrough,
    nextCut: history.nextCut,
    members: replica.members,
    reports: stability.reports,
    presences: presences.all,
    map: replica.networkMap.toJSON(),
    status: replica.status,
  })
}

const ROOMS: readonly (readonly [string, (name: string) => SharedSet])[] = [
  ['drops its history', (name) => new SharedSet(name)],
  ['cuts its history', (name) => new RenumberedSet(name)],
]

describe('a frame that breaks a rule', () => {
  test('[WI3] closes its link, and both sides are told why', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    const stranger = net.stranger('zoey', anna)
    const before = snapshotOf(anna)
    stranger.say({ type: 'hello', replica: 'zoey', lineage: '', renumbers: false, signs: false, digest: 0 })
    stranger.sayBytes(bytes(1, 99))
    expect(stranger.theOnly('bye')).toEqual({ type: 'bye', reason: 'unknown type of message' })
    expect(stranger.closedBecause).toBe('unknown type of message')
    expect(anna.outputsOf('refused')).toEqual([
      { type: 'refused', from: 'zoey', reason: 'unknown type of message' },
    ])
    expect(snapshotOf(anna)).toEqual(before)
    anna.type('the room goes on')
    net.settle()
    expect(bert.set.words).toEqual(['the room goes on'])
  })

  test('[WI3] costs a neighbour its link as well, but not its membership', () => {
    const net = new Network()
    net.canDial = false
    const [anna, bert] = net.room(['anna', 'bert'])
    const [link = 0] = net.linksBetween(anna, bert)
    anna.feed({ type: 'message', link, bytes: bytes(2, 2) })
    expect(anna.replica.neighbours).toEqual([])
    expect(anna.replica.members).toEqual(['anna', 'bert'])
    net.settle()
    expect(bert.replica.neighbours).toEqual([])
  })

  test('[WI3] is not heard any further: what follows it on its link changes nothing', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const stranger = net.stranger('zoey', anna)
    stranger.sayBytes(bytes())
    const before = snapshotOf(anna)
    stranger.say({ type: 'hello', replica: 'zoey', lineage: '', renumbers: false, signs: false, digest: 0 })
    stranger.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
    expect(stranger.heard('welcome')).toEqual([])
    expect(snapshotOf(anna)).toEqual(before)
  })

  test('[WI3] whatever bytes come, whoever they come from, nothing is thrown', () => {
    const frames = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.tuple(anyMessage, fc.nat(), fc.nat(255)).map(([message, place, value]) => {
          const frame = encodeMessage(message)
          frame[place % frame.length] = value
          return frame
        }),
      ),
      { minLength: 1, maxLength: 6 },
    )
    // Whoever says that the room has another history is believed (rule LI2).
    const claimsHistory = (frame: Uint8Array) => {
      const decoded = decodeMessage(frame)
      return decoded.ok && decoded.message.type === 'hello' && decoded.message.lineage !== ''
    }
    fc.assert(
      fc.property(frames, (all) => {
        const net = new Network()
        const anna = net.founder('anna')
        const stranger = net.stranger('zoey', anna)
        for (const frame of all) if (!claimsHistory(frame)) stranger.sayBytes(frame)
        expect(anna.replica.status).toBe('member')
        expect(anna.replica.members).toEqual(['anna'])
      }),
      { numRuns: 300 },
    )
  })

  test.each(ROOMS)(
    '[WI3] nothing that an outsider says, however well-formed, changes a room that %s',
    (_, newSet) => {
      fc.assert(
        fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 6 }), (messages) => {
          const net = new Network()
          const anna = net.founder('anna', {}, newSet('anna'))
          anna.type('word')
          const before = snapshotOf(anna)
          const stranger = net.stranger('zoey', anna)
          for (const message of messages) {
            // A lineage that sorts before ours would make us move over to it: that is another rule.
            if (message.type !== 'hello') stranger.say(message)
          }
          expect(snapshotOf(anna)).toEqual(before)
          expect(anna.set.words).toEqual(['word'])
        }),
        { numRuns: 300 },
      )
    },
  )
})

describe('a member', () => {
  const people = fc.constantFrom('anna', 'bert', 'zoey')
  const epoch = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2)
  const changes: fc.Arbitrary<Change> = fc.record({
    add: fc.array(fc.tuple(fc.constantFrom('anna-0', 'e1-0', 'zoey-0'), fc.constantFrom('word', 'other')), {
      maxLength: 2,
    }),
    remove: fc.array(fc.constantFrom('anna-0', 'e1-0', 'zoey-1'), { maxLength: 2 }),
  })

  /** Of members, with small numbers: many of them fit together. */
  const plausible: fc.Arbitrary<Operation> = fc
    .record({
      some: operation,
      author: people,
      seq: fc.integer({ min: 1, max: 4 }),
      ahead: fc.nat(6),
      behind: fc.nat(9),
      epoch,
      deps: fc.constantFrom<Entries>({}, { anna: 1 }, { bert: 1 }),
      change: changes,
    })
    .map(({ some, author, seq, ahead, behind, epoch, deps, change }) => {
      const clock = seq + ahead
      const others = new Map([...vector(deps)].filter(([other]) => other !== author))
      const placed = { ...some, author, seq, clock, epoch, deps: others }
      if (placed.kind === 'cut') return { ...placed, through: Math.max(0, clock - behind) }
      if (placed.kind !== 'update') return placed
      return { ...placed, payload: new TextEncoder().encode(JSON.stringify(change)) }
    })

  const report: fc.Arbitrary<Report> = fc
    .record({
      replica: people,
      n: fc.integer({ min: 1, max: 9 }),
      seq: fc.nat(4),
      floor: fc.nat(12),
      ahead: fc.nat(4),
      epoch,
      base: fc.constantFrom('', '0011223344556677'),
    })
    .map(({ ahead, ...rest }) => ({ ...rest, clock: rest.floor + ahead }))

  const gossip: fc.Arbitrary<Gossip> = fc.record({
    type: fc.constant('gossip'),
    operations: fc.array(plausible, { maxLength: 4 }),
    reports: fc.array(report, { maxLength: 2 }),
    presences: fc.constant([]),
    answer: fc.boolean(),
  })

  test.each(ROOMS)('[WI3] whatever it says, nothing is thrown in a room that %s', (_, newSet) => {
    const config = { cutMinBytes: 10, idleCutMs: 100, undoHorizonMs: 100 }
    // Operations are those of `gossip`; whoever says that the room has another history is believed (rule LI2).
    const others = anyMessage.filter(({ type }) => type !== 'gossip' && type !== 'hello')
    const said = fc.array(fc.oneof({ weight: 3, arbitrary: gossip }, others), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(said, (messages) => {
        const net = new Network()
        const anna = net.founder('anna', config, newSet('anna'))
        anna.type('word')
        const zoey = net.stranger('zoey', anna)
        const { renumbers } = anna.replica.room
        zoey.say({ type: 'hello', replica: 'zoey', lineage: '', renumbers, signs: false, digest: 0 })
        zoey.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
        net.settle()
        zoey.say({ type: 'installed', nonce: zoey.theOnly('welcome').nonce })
        expect(anna.replica.members).toEqual(['anna', 'zoey'])
        for (const message of messages) {
          zoey.say(message)
          net.pass(50)
        }
        net.pass(3000)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a link', () => {
  test('[WI3] is closed if its other end claims our name, or changes its own', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const impostor = net.stranger('zoey', anna)
    impostor.say({ type: 'hello', replica: 'anna', lineage: '', renumbers: false, signs: false, digest: 0 })
    expect(impostor.closedBecause).toBe('has our name')
    const turncoat = net.stranger('yves', anna)
    turncoat.say({ type: 'hello', replica: 'yves', lineage: '', renumbers: false, signs: false, digest: 0 })
    turncoat.say({ type: 'hello', replica: 'xena', lineage: '', renumbers: false, signs: false, digest: 0 })
    expect(turncoat.closedBecause).toBe('changed its name')
  })

  test('[WI2] is told a reason of bounded length, whatever the structure says', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.held = () => true
    const bert = net.newcomer('bert', anna)
    bert.set.loadPiece = () => 'x'.repeat(10_000)
    net.held = () => false
    net.settle()
    expect(bert.sent('bye')).toEqual([{ type: 'bye', reason: 'x'.repeat(MAX_REASON_LENGTH) }])
  })

  test('messages on links that are gone are nobody’s', () => {
    const net = new Network()
    const anna = net.founder('anna')
    expect(anna.feed({ type: 'message', link: 77, bytes: bytes(1, 99) })).toEqual([])
  })
})
