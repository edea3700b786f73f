/**
 * Members that are silent, on whole replicas: agreement, fences, eviction, and the way back.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_WAITING_MS } from '../../src/causality/causal-buffer.js'
import { DEFAULT_CONFIG, type ReplicaId } from '../../src/index.js'
import { encodeMessage } from '../../src/wire/codec.js'
import { carriesOperations, Network, type Peer } from '../hand-driven-network.js'
import { update } from '../operations.js'

const { suspectAfterMs, forkAfterMs } = DEFAULT_CONFIG
const EVICTION_MS = suspectAfterMs + 5000

function expectSettled(...peers: readonly Peer[]): void {
  for (const peer of peers) {
    expect(peer.replica.members).toEqual(peers.map(({ id }) => id))
    expect(peer.point).toBe(peer.replica.stats.clock)
    expect(peer.replica.blockedBy).toEqual([])
  }
}

describe('a member that died', () => {
  test('[EV5] is taken off the map by the others, and holds nobody back any more', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.crash(cleo)
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert)
    expect(bert.outputsOf('members').at(-1)).toMatchObject({ left: [], evicted: ['cleo'] })
    expect(bert.set.words).toEqual(['word'])
    // Nothing is left of it that would cost anything.
    expect([...anna.replica.room.history.applied.keys()].sort()).toEqual(['anna', 'bert'])
    expect(anna.replica.room.evicting.agreement.decided).toEqual([])
  })

  test('[EV3] what one of the others had got from it is kept, and reaches all', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.lose((letter) => letter.from === 'cleo' && letter.to === 'anna')
    net.held = (letter) => letter.from === 'cleo' && letter.to === 'anna' && carriesOperations(letter)
    cleo.type('last words')
    net.deliver((letter) => letter.from === 'cleo' && letter.to === 'bert')
    expect(bert.set.words).toEqual(['last words'])
    net.crash(cleo)
    bert.type('an answer')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert)
    expect(anna.set.words.toSorted()).toEqual(['an answer', 'last words'])
  })

  test('[EV6] need not be waited for where its device says that it died', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.crash(cleo)
    const again = net.newcomer('cleo-2', anna, { retiredIds: ['cleo'] })
    net.pass(suspectAfterMs / 2)
    expectSettled(anna, bert, again)
  })

  test('[EV4] whoever joins while it is being evicted owes no fence, and knows of it', () => {
    const net = new Network()
    const [anna, bert, cleo, emil, fred] = net.room(['anna', 'bert', 'cleo', 'emil', 'fred'])
    net.crash(cleo)
    // One fence is late, so that the stage stays open.
    net.held = (letter) => letter.from === 'fred' && carriesOperations(letter)
    anna.type('word')
    net.pass(suspectAfterMs + 2000)
    expect(anna.replica.room.evicting.isFenced('cleo')).toBe(true)
    const dora = net.newcomer('dora', anna)
    expect(dora.replica.room.evicting.isFenced('cleo')).toBe(true)
    expect(dora.replica.room.evicting.ownStage).toBe(1)
    net.held = () => false
    net.pass(EVICTION_MS)
    expectSettled(anna, bert, emil, fred, dora)
    expect(dora.replica.room.history.log.operations.filter(({ kind }) => kind === 'fence')).toEqual([])
  })
})

describe('whoever was evicted', () => {
  test('[EV7] is told so when it wakes, and starts over', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    cleo.isAsleep = true
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert)
    cleo.isAsleep = false
    net.connect(cleo, anna)
    net.pass(100)
    expect(cleo.replica.status).toBe('over')
    expect(cleo.outputsOf('rejoin')[0]?.reason).toMatch(/evict|without us/)
  })

  test('[EV7] does not come in again with those who were evicted with it', () => {
    const net = new Network()
    const [anna, bert, cleo, dora, emil] = net.room(['anna', 'bert', 'cleo', 'dora', 'emil'])
    net.canDial = false
    for (const here of [anna, bert, cleo]) for (const away of [dora, emil]) net.cut(here, away)
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert, cleo)
    net.connect(dora, anna)
    net.pass(100)
    const { notice } = dora.replica
    expect([...(notice?.cutOffs.keys() ?? [])].toSorted()).toEqual(['dora', 'emil'])
    expect(net.newcomer('dora-2', emil, { notice }).replica.status).toBe('over')
    // Nor with somebody whom one of those has let in.
    const fred = net.newcomer('fred', emil)
    expect(fred.replica.status).toBe('member')
    expect(net.newcomer('dora-3', fred, { notice }).replica.status).toBe('over')
    expect(net.newcomer('dora-4', bert, { notice }).replica.status).toBe('member')
  })

  test('[EV7] so does whoever it has let in meanwhile', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.canDial = false
    net.cut(anna, cleo)
    net.cut(bert, cleo)
    const dora = net.newcomer('dora', cleo)
    expect(dora.replica.status).toBe('member')
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert)
    net.connect(dora, anna)
    net.pass(100)
    expect(dora.replica.status).toBe('over')
    expect(dora.outputsOf('rejoin')).toHaveLength(1)
  })
})

describe('what came from beyond a cut-off', () => {
  test('[EV7] and whoever has cut off less than the others: what brought it in is beyond', () => {
    const net = new Network()
    const [anna, , cleo] = net.room(['anna', 'bert', 'cleo'])
    cleo.type('word')
    net.pass(0)
    const cutOff = (seq: number) => {
      anna.replica.room.author({ kind: 'evict', stage: 0, cutOffs: new Map([['cleo', seq]]) })
      anna.type('on it goes')
      net.pass(0)
    }
    cutOff(1)
    cutOff(1)
    expect(anna.replica.status).toBe('member')
    cutOff(0)
    expect(anna.replica.status).toBe('over')
    expect(anna.outputsOf('rejoin')[0]?.reason).toBe('the room has cut off what brought us in')
  })

  test('[EV7] is waited for no longer once nobody can have let its author in', () => {
    const net = new Network()
    const [anna, bert, cleo, dora] = net.room(['anna', 'bert', 'cleo', 'dora'])
    net.canDial = false
    for (const other of [anna, bert, dora]) net.cut(other, cleo)
    const emil = net.newcomer('emil', cleo)
    expect(emil.replica.status).toBe('member')
    // One fence is late, so that the stage stays open.
    net.held = (letter) => letter.from === 'dora' && carriesOperations(letter)
    anna.type('word')
    net.pass(suspectAfterMs + 2000)
    expect(anna.replica.room.evicting.isFenced('cleo')).toBe(true)
    net.connect(emil, anna)
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) emil.type(word)
    net.pass(100)
    expect(anna.replica.stats.waiting).toBeGreaterThan(0)
    net.crash(emil)
    net.held = () => false
    net.pass(EVICTION_MS)
    expectSettled(anna, bert, dora)
    for (const { replica } of [anna, bert, dora]) {
      expect(replica.stats.waiting).toBe(0)
      expect(replica.isSynced).toBe(true)
    }
  })

  test('[EV6] is waited for by nobody where a stranger has let its author in: the room is quiet', () => {
    const net = new Network()
    // So many that nobody is linked to everybody, and who is not is probed.
    const others = Array.from({ length: 12 }, (_, i) => `member-${i}`)
    const [anna, ...rest] = net.room(['anna', ...others])
    net.pass(MAX_WAITING_MS)
    const far = rest.find((peer) => anna && !anna.replica.neighbours.includes(peer.id))
    if (!anna || !far) throw new Error('everybody is linked to everybody')
    const probesAfter = (dependsOn: ReplicaId) => {
      const { clock } = anna.replica.stats
      const [link = -1] = rest.flatMap((peer) => net.linksBetween(anna, peer))
      const operation = update('zoey', 1, clock + 3, { [dependsOn]: 17 })
      anna.hear(link, { type: 'gossip', operations: [operation], reports: [], presences: [], answer: false })
      const before = anna.sent('probe').length
      net.pass(2 * suspectAfterMs)
      expect(anna.replica.stats.waiting).toBe(1)
      return anna.sent('probe').length - before
    }
    expect(probesAfter('yves')).toBe(0)
    net.pass(MAX_WAITING_MS)
    // What a member is said to have made may come: it is asked whether those are there.
    expect(probesAfter(far.id)).toBeGreaterThan(0)
    expectSettled(anna, ...rest)
  })
})

describe('who may decide', () => {
  test('[EV1] three who suspect each other crosswise never split', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo'])
    const [anna, bert, cleo] = members
    anna.type('word')
    net.cut(anna, bert)
    net.canDial = false
    cleo.feed({ type: 'accuse', replica: 'anna' })
    cleo.feed({ type: 'accuse', replica: 'bert' })
    anna.feed({ type: 'accuse', replica: 'bert' })
    bert.feed({ type: 'accuse', replica: 'anna' })
    net.pass(EVICTION_MS)
    const left = members.filter(({ replica }) => replica.status === 'member')
    expect(left.length).toBeGreaterThanOrEqual(2)
    for (const peer of left) expect(peer.replica.members).toEqual(left.map(({ id }) => id))
  })

  test('[EV1] of two the older goes on alone', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.crash(bert)
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna)
  })

  test('[LI8] the younger founds the room anew after a while, and not before', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.crash(anna)
    bert.type('word')
    net.pass(forkAfterMs)
    expect(bert.replica.status).toBe('member')
    expect(bert.replica.blockedBy.map(({ replica }) => replica)).toEqual(['anna'])
    net.pass(EVICTION_MS)
    expect(bert.outputsOf('fork')).toHaveLength(1)
    expect(bert.replica.status).toBe('over')
    const again = net.seeker('bert-2', { founds: true, formerLineage: 'anna' }, bert.set)
    expect(again.replica.status).toBe('member')
    expect(again.replica.room.lineage < 'anna').toBe(true)
  })

  test('[LI8] nobody founds anything while nothing is held back', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.crash(anna)
    net.pass(10 * forkAfterMs)
    expect(bert.outputsOf('fork')).toEqual([])
  })

  test('[EV6] those who may not, and for whom nothing is held back, do not ask about others for ever', () => {
    const net = new Network()
    const [anna, bert, cleo, dora] = net.room(['anna', 'bert', 'cleo', 'dora'])
    for (const dead of [anna, bert]) {
      net.crash(dead)
      for (const peer of [cleo, dora, cleo, dora])
        peer.feed({ type: 'dial-failed', peer: dead.id, reason: 'gone' })
    }
    const probes = () => cleo.sent('probe').length + dora.sent('probe').length
    const before = probes()
    net.pass(forkAfterMs + 2 * suspectAfterMs)
    const asked = probes()
    expect(asked).toBeGreaterThan(before)
    net.pass(10 * forkAfterMs)
    expect(probes()).toBe(asked)
    expect(cleo.replica.members).toContain('anna')
    // Once something is held back they ask again, and go on by themselves.
    cleo.type('word')
    net.pass(suspectAfterMs)
    expect(probes()).toBeGreaterThan(asked)
  })
})

describe('an operation about evictions that makes no sense', () => {
  test('[EV2] [EV5] changes nothing, and throws nothing', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.replica.room.author({ kind: 'evict', stage: 7, cutOffs: new Map([['nobody', 3]]) })
    anna.replica.room.author({ kind: 'fence', stage: 9, decided: [['bert']] })
    net.pass(5000)
    anna.type('word')
    net.pass(5000)
    expect(bert.replica.status).toBe('member')
    expect(bert.set.words).toEqual(['word'])
    expect(bert.replica.members).toEqual(['anna', 'bert'])
  })

  test('[EV5] stands in the way of no eviction that comes later', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    anna.replica.room.author({ kind: 'evict', stage: 7, cutOffs: new Map() })
    anna.replica.room.author({ kind: 'fence', stage: 9, decided: [] })
    net.pass(5000)
    net.crash(cleo)
    anna.type('word')
    net.pass(EVICTION_MS)
    expectSettled(anna, bert)
  })

  test('[EV2] [EV5] throws nothing, whatever it says', () => {
    const id = fc.constantFrom('anna', 'bert', 'cleo', 'nobody')
    const number = fc.oneof(fc.nat(4), fc.constant(2 ** 32), fc.constant(Number.MAX_SAFE_INTEGER))
    const evict = fc
      .tuple(number, fc.array(fc.tuple(id, number), { maxLength: 3 }))
      .map(([stage, cutOffs]) => ({ kind: 'evict' as const, stage, cutOffs: new Map(cutOffs) }))
    const fence = fc
      .tuple(number, fc.array(fc.array(id, { minLength: 1, maxLength: 3 }), { maxLength: 3 }))
      // More sets than stages are refused on the wire already, and empty ones.
      .map(([stage, decided]) => ({ kind: 'fence' as const, stage, decided: decided.slice(0, stage) }))
    let applied = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(evict, fence), { minLength: 1, maxLength: 4 }), (bodies) => {
        const net = new Network()
        const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
        const before = anna.replica.room.history.applied.get('cleo') ?? 0
        const [link = -1] = net.linksBetween(cleo, anna)
        // In its name, without what it would do to itself by its own operations.
        const operations = bodies.map((body) => cleo.replica.room.history.author(body))
        const gossip = { type: 'gossip' as const, operations, reports: [], presences: [], answer: false }
        anna.feed({ type: 'message', link, bytes: encodeMessage(gossip) })
        if ((anna.replica.room.history.applied.get('cleo') ?? 0) > before) applied++
        if (anna.replica.status === 'member') anna.type('word')
        net.pass(EVICTION_MS)
        if (bert.replica.status === 'member') expect(bert.replica.members).toContain('bert')
      }),
      { numRuns: 60 },
    )
    expect(applied).toBeGreaterThan(5)
  })
})
