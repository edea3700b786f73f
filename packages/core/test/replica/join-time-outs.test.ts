/**
 * Joins that do not come to an end: whatever step is lost, both sides get over it, and nothing of the newcomer
 * was ever in the room.
 */
import { describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/index.js'
import { type Choice, Network, ofType, type Peer, UNSUSPECTING } from '../hand-driven-network.js'
import { SharedSet } from '../shared-set.js'

const PATIENT = { joinTimeoutMs: 600_000, linkTimeoutMs: 600_000 }

/** A structure that keeps a record of how it is loaded. */
class Witness extends SharedSet {
  readonly calls: string[] = []
  override beginLoad(): void {
    this.calls.push('begin')
  }
  override endLoad(isWhole: boolean): string | undefined {
    this.calls.push(isWhole ? 'end' : 'broken off')
    return undefined
  }
}

/** Nothing is left of the newcomer, and the room goes on deciding. */
function expectUntouched(net: Network, ...members: Peer[]): void {
  net.held = () => false
  members[0]?.type('life goes on')
  net.pass(10_000)
  for (const member of members) {
    expect(member.replica.members).toEqual(members.map(({ id }) => id))
    expect(member.point).toBe(member.replica.stats.clock)
    expect(member.replica.stats.logOperations).toBe(0)
  }
}

describe('the sponsor', () => {
  const STEPS: [name: string, lost: Choice][] = [
    ['welcome', ofType('welcome', 'piece')],
    ['piece', ofType('piece')],
    ['acknowledgement', ofType('installed')],
  ]

  test.each(STEPS)('[JO7] drops cap and newcomer when nothing comes after a lost %s', (_name, lost) => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = lost
    const cleo = net.newcomer('cleo', anna, PATIENT)
    const floor = anna.replica.room.floor
    anna.type('x')
    net.pass(9999)
    expect(anna.replica.room.floor).toBe(floor)
    expect(cleo.replica.status).toBe('joining')
    net.pass(1)
    expect(anna.replica.room.floor).toBeGreaterThan(floor)
    expect(anna.replica.blockedBy.map(({ reason }) => reason)).not.toContain('joining')
    expect(anna.sent('no')).toMatchObject([{ reason: 'the join took too long' }])
    net.pass(2000)
    expect(cleo.replica.status).toBe('over')
    expectUntouched(net, anna, bert)
  })

  test('[JO7] gives a newcomer that makes progress all the time it needs', () => {
    const net = new Network()
    const set = new SharedSet('anna')
    set.encodeState = function* () {
      const bytes = new TextEncoder().encode('{"add":[],"remove":[]}')
      for (let i = 1; i <= 5; i++) yield { bytes, progress: i / 5 }
      return undefined
    }
    const anna = net.founder('anna', { pieceWindow: 1 }, set)
    net.held = ofType('piece-received', 'installed')
    const bert = net.newcomer('bert', anna)
    for (let i = 0; i < 4; i++) {
      net.pass(9000)
      expect(bert.replica.status).toBe('joining')
      expect(net.deliver(ofType('piece-received'))).toBe(1)
      net.settle()
    }
    net.held = () => false
    net.settle()
    expect(net.now).toBe(36_000)
    expect(bert.replica.status).toBe('member')
  })

  test('[JO7] answers a late acknowledgement no, and the newcomer starts over', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed', 'no', 'bye', 'closed')
    const cleo = net.newcomer('cleo', anna, PATIENT)
    net.pass(10_000)
    net.lose(ofType('no'))
    expect(net.deliver(ofType('installed'))).toBeGreaterThan(0)
    expect(anna.replica.members).toEqual(['anna', 'bert'])
    expect(anna.sent('no').at(-1)).toMatchObject({ reason: 'this welcome has lapsed' })
    net.held = () => false
    net.settle()
    expect(cleo.outputsOf('rejoin')[0]?.reason).toBe('this welcome has lapsed')
    expectUntouched(net, anna, bert)
  })

  test('[JO7] drops cap and newcomer when their link is gone', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed')
    const cleo = net.newcomer('cleo', anna)
    expect(anna.replica.blockedBy).toEqual([])
    anna.type('x')
    expect(anna.replica.blockedBy).toContainEqual({ replica: 'cleo', reason: 'joining' })
    net.cut(anna, cleo)
    expect(anna.replica.blockedBy).not.toContainEqual({ replica: 'cleo', reason: 'joining' })
    expectUntouched(net, anna, bert)
  })

  test('[LE2] that leaves answers no to the newcomers in its care', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed')
    const cleo = net.newcomer('cleo', anna)
    anna.feed({ type: 'leave' })
    net.settle()
    expect(anna.sent('no')).toMatchObject([{ reason: 'the sponsor is leaving' }])
    expect(cleo.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the sponsor is leaving' }])
    expectUntouched(net, bert)
  })

  test('[JO7] closes a link over which nobody asks for anything', () => {
    const net = new Network()
    const anna = net.founder('anna', { linkTimeoutMs: 600_000 })
    const stranger = net.stranger('bert', anna)
    net.pass(9999)
    expect(stranger.closedBecause).toBeUndefined()
    net.pass(DEFAULT_CONFIG.heartbeatIntervalMs)
    expect(stranger.closedBecause).toBe('asked for nothing')
  })
})

describe('the newcomer', () => {
  const IMPATIENT = { joinTimeoutMs: 3000 }
  const STEPS: [name: string, lost: Choice, calls: string[]][] = [
    ['request', ofType('join-request'), []],
    ['welcome', ofType('welcome', 'piece'), []],
    ['piece', ofType('piece'), ['begin', 'broken off']],
    ['acknowledgement', ofType('installed'), ['begin', 'end']],
  ]

  test.each(STEPS)('[JO7] gives up when nothing moves after a lost %s', (_name, lost, calls) => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = lost
    const witness = new Witness('cleo')
    const cleo = net.newcomer('cleo', anna, IMPATIENT, witness)
    net.pass(2999)
    expect(cleo.replica.status).toBe('joining')
    net.pass(1)
    expect(cleo.replica.status).toBe('over')
    expect(cleo.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the sponsor took too long' }])
    // A load that was begun is ended, whatever became of it.
    expect(witness.calls).toEqual(calls)
    net.lose(lost)
    expectUntouched(net, anna, bert)
  })

  test('[JO7] gives up once when its sponsor falls silent, however many reasons come together', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.held = ofType('piece', 'heartbeat')
    const witness = new Witness('bert')
    const bert = net.newcomer('bert', anna, { joinTimeoutMs: 5000, linkTimeoutMs: 5000 }, witness)
    net.pass(5000)
    expect(bert.replica.status).toBe('over')
    expect(bert.outputsOf('rejoin')).toHaveLength(1)
    expect(witness.calls).toEqual(['begin', 'broken off'])
  })
})

test('[JO7] a newcomer that can not take in the whole of a state says so, and never was in the room', () => {
  class Unfitting extends SharedSet {
    override endLoad(): string {
      return 'it does not fit what is here'
    }
  }
  const net = new Network()
  const [anna, bert] = net.room(['anna', 'bert'])
  const cleo = net.newcomer('cleo', anna, {}, new Unfitting('cleo'))
  net.pass(2000)
  expect(cleo.replica.status).toBe('over')
  expect(cleo.outputsOf('close')).toMatchObject([{ reason: 'it does not fit what is here' }])
  expectUntouched(net, anna, bert)
})

describe('an attempt that was let in unnoticed', () => {
  /** Cleo was let in, but go never arrived, and her sponsor is gone. */
  function abandoned(net: Network) {
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('go')
    const set = new SharedSet('cleo')
    set.add('hers')
    const cleo = net.seeker('cleo', {}, set)
    net.connect(cleo, anna)
    net.settle()
    net.crash(anna)
    expect(cleo.replica.status).toBe('over')
    expect(bert.replica.members).toEqual(['anna', 'bert', 'cleo'])
    net.held = () => false
    return { bert, set }
  }

  test('[JO9] is taken back by the attempt that follows, which says leave on its behalf', () => {
    const net = new Network()
    const { bert, set } = abandoned(net)
    const again = net.seeker('cleo-2', { formerIds: ['cleo'] }, set)
    net.connect(again, bert)
    net.settle()
    for (const peer of [bert, again]) expect(peer.replica.members).toEqual(['anna', 'bert', 'cleo-2'])
    const left = bert.replica.room.history.log.operations.filter(({ kind }) => kind === 'leave')
    expect(left).toMatchObject([{ who: 'cleo', author: 'cleo-2' }])
    expect(bert.set.words).toEqual(['hers'])
  })

  test('[JO9] holds the room back until then', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'], UNSUSPECTING)
    net.held = ofType('go')
    const cleo = net.newcomer('cleo', anna)
    net.cut(anna, cleo)
    net.held = () => false
    const before = bert.point
    bert.type('x')
    net.pass(20_000)
    expect(bert.point).toBeLessThanOrEqual(before + 1)
    expect(bert.replica.blockedBy.map(({ replica }) => replica)).toContain('cleo')
    net.newcomer('cleo-2', bert, { formerIds: ['cleo'] })
    net.pass(20_000)
    expect(bert.point).toBe(bert.replica.stats.clock)
  })

  test('[JO9] is taken back also when its join is seen later', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ({ from, to }) => from === 'anna' && to !== 'anna'
    const cleo = net.seeker('cleo')
    net.connect(cleo, anna)
    for (const type of ['hello', 'welcome', 'piece'] as const) {
      net.settle()
      net.deliver((letter) => letter.to === 'cleo' && ofType(type)(letter))
    }
    net.settle()
    expect(anna.replica.members).toContain('cleo')
    net.cut(anna, cleo)
    const again = net.newcomer('cleo-2', bert, { formerIds: ['cleo'] })
    expect(again.replica.status).toBe('member')
    expect(again.replica.members).not.toContain('cleo')
    net.held = () => false
    net.pass(10_000)
    for (const peer of [anna, bert, again]) {
      expect(peer.replica.members).toEqual(['anna', 'bert', 'cleo-2'])
      expect(peer.point).toBe(peer.replica.stats.clock)
    }
  })
})

describe('a sponsor that dies after go', () => {
  test('[JO5] is not needed: the newcomer carries its join itself', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = (letter) => letter.from === 'anna' && letter.to === 'bert'
    const cleo = net.newcomer('cleo', anna)
    expect(cleo.replica.status).toBe('member')
    expect(bert.replica.members).toEqual(['anna', 'bert'])
    net.crash(anna)
    net.held = () => false
    if (net.linksBetween(cleo, bert).length === 0) net.connect(cleo, bert)
    cleo.type('from the newcomer')
    net.pass(5000)
    expect(bert.replica.members).toEqual(['anna', 'bert', 'cleo'])
    expect(bert.set.words).toEqual(['from the newcomer'])
  })
})
