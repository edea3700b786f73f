/**
 * The overlay as replicas live it: heartbeats and sleep, trees, repair, relayed negotiations, greeters.
 */
import { describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG, type Output, type ReplicaId } from '../../src/index.js'
import { chosenNeighbours, Ring } from '../../src/overlay/topology.js'
import { decodeMessage } from '../../src/wire/index.js'
import {
  carriesOperations,
  carriesReports,
  Network,
  type Peer,
  type Stranger,
  UNSUSPECTING,
} from '../hand-driven-network.js'
import { bytes, update } from '../operations.js'

const IDS = Array.from({ length: 20 }, (_, i) => `member-${String(i).padStart(2, '0')}`)
const { heartbeatIntervalMs, linkTimeoutMs } = DEFAULT_CONFIG

/** A member of the room that the test speaks for, with a link to its sponsor. */
function memberSpokenFor(net: Network, id: ReplicaId, sponsor: Peer): Stranger {
  const stranger = net.stranger(id, sponsor)
  stranger.say({ type: 'hello', replica: id, lineage: '', renumbers: false, signs: false, digest: 0 })
  stranger.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
  sponsor.feed({ type: 'timer' })
  stranger.say({ type: 'installed', nonce: stranger.theOnly('welcome').nonce })
  return stranger
}

/** Messages with operations that everybody sends for what `act` does. */
function operationMessages(net: Network, act: () => void): number {
  const count = () =>
    [...net.peers.values()].reduce((sum, peer) => {
      return sum + peer.sent('gossip').filter(({ operations }) => operations.length > 0).length
    }, 0)
  const before = count()
  act()
  net.settle()
  return count() - before
}

describe('heartbeats', () => {
  test('[OV2] go to every neighbour in every interval', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert', 'cleo'])
    const before = anna.sent('heartbeat').length
    net.pass(heartbeatIntervalMs * 10)
    expect(anna.sent('heartbeat').length - before).toBe(2 * 10)
  })

  test('[OV2] a neighbour that is silent for longer than the suspicion time loses its link', () => {
    const net = new Network()
    net.canDial = false
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.held = ({ from }) => from === 'bert'
    net.pass(linkTimeoutMs - heartbeatIntervalMs - 1)
    expect(anna.replica.neighbours).toContain('bert')
    net.pass(heartbeatIntervalMs + 1)
    expect(anna.replica.neighbours).not.toContain('bert')
    expect(anna.outputsOf('close').at(-1)?.reason).toBe('silent for too long')
    expect(anna.outputsOf('peers').at(-1)).toEqual({ type: 'peers', added: [], removed: ['bert'] })
    // It stays a member: silence is no leave.
    expect(anna.replica.members).toContain('bert')
    expect(cleo.replica.members).toContain('bert')
    expect(bert.replica.status).toBe('member')
  })

  test('[OV2] who was asleep itself blames nobody, and does blame who is silent from then on', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const bert = memberSpokenFor(net, 'bert', anna)
    const beat = () => bert.say({ type: 'heartbeat', digest: 0 })
    anna.isAsleep = true
    net.now += 3_600_000
    anna.isAsleep = false
    net.settle()
    expect(anna.replica.neighbours).toEqual(['bert'])
    net.pass(linkTimeoutMs - 1000)
    expect(anna.replica.neighbours).toEqual(['bert'])
    beat()
    net.pass(linkTimeoutMs - 1)
    expect(anna.replica.neighbours).toEqual(['bert'])
    net.pass(1)
    expect(anna.replica.neighbours).toEqual([])
    expect(bert.closedBecause).toBe('silent for too long')
  })

  test('[OV2] [EV6] who is alone and has little to do is not asleep, and evicts the dead', () => {
    const net = new Network()
    // Alone it beats no more: what wakes it then comes more rarely than two heartbeats.
    const [anna, bert] = net.room(['anna', 'bert'], { heartbeatIntervalMs: 600, seekIntervalMs: 2300 })
    net.crash(bert)
    anna.type('word')
    net.pass(30_000)
    expect(anna.replica.members).toEqual(['anna'])
    expect(anna.point).toBe(anna.replica.stats.clock)
  })

  test('[OV2] a member that slept comes back and is brought up to date', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'], UNSUSPECTING)
    bert.isAsleep = true
    anna.type('meanwhile')
    net.pass(60_000)
    expect(anna.replica.neighbours).toEqual([])
    bert.isAsleep = false
    net.settle()
    net.connect(anna, bert)
    net.pass(10_000)
    expect(bert.set.words).toEqual(['meanwhile'])
    for (const peer of [anna, bert]) {
      expect(peer.replica.neighbours).toHaveLength(1)
      expect(peer.point).toBe(peer.replica.stats.clock)
    }
  })
})

describe('links', () => {
  test('[OV3] a small room is fully meshed, by one link per pair', () => {
    const net = new Network()
    const members = net.room(IDS.slice(0, 6))
    for (const member of members) {
      const others = IDS.slice(0, 6).filter((id) => id !== member.id)
      expect(member.replica.neighbours.sort()).toEqual(others)
      expect(member.replica.stats.links).toBe(5)
    }
  })

  test('[OV3] a larger room has few links per member, and everything arrives everywhere', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4 })
    net.pass(30_000)
    const degrees = members.map(({ replica }) => replica.stats.links)
    expect(Math.max(...degrees)).toBeLessThan(IDS.length - 1)
    expect(degrees.reduce((sum, degree) => sum + degree) / degrees.length).toBeLessThanOrEqual(6)
    members[7]?.type('word')
    net.pass(20_000)
    for (const member of members) {
      expect(member.set.words).toEqual(['word'])
      expect(member.point).toBe(member.replica.stats.clock)
    }
  })

  /** Those whom a member links to by its own choice, among all of {@link IDS}. */
  const chosenBy = ({ id }: Peer) => chosenNeighbours(id, IDS, 4, new Ring(IDS))
  const areStrangers = (a: Peer, b: Peer) => a.id !== b.id && !chosenBy(a).has(b.id) && !chosenBy(b).has(a.id)

  test('[OV3] a link that a member found at the rendezvous goes once nobody is missing any more, not before', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4, seekIntervalMs: 3000, ...UNSUSPECTING })
    net.pass(30_000)
    const seeker = members[3] as Peer
    const found = members.filter((member) => areStrangers(seeker, member)).slice(0, 2)
    net.areApart = (a, b) => a === seeker.id || b === seeker.id
    for (const member of members) net.cut(seeker, member)
    const before = seeker.outputsOf('seek').length
    net.pass(3000)
    expect(seeker.outputsOf('seek').length).toBeGreaterThan(before)
    for (const member of found) net.connect(seeker, member, true)
    net.pass(60_000)
    expect(seeker.replica.neighbours).toEqual(found.map(({ id }) => id))
    net.areApart = () => false
    net.pass(60_000)
    for (const id of chosenBy(seeker)) expect(seeker.replica.neighbours).toContain(id)
    for (const { id, replica } of found) {
      expect(seeker.replica.neighbours).not.toContain(id)
      expect(replica.neighbours).not.toContain(seeker.id)
    }
  })

  test('[OV3] the only ways into another part of the room are kept until others are there', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4, seekIntervalMs: 3000, ...UNSUSPECTING })
    net.pass(30_000)
    const half = (id: ReplicaId) => IDS.indexOf(id) % 2
    net.areApart = (a, b) => half(a) !== half(b)
    for (const a of members) for (const b of members) if (half(a.id) < half(b.id)) net.cut(a, b)
    net.pass(30_000)
    const seeker = members.find(({ id }) => half(id) === 0) as Peer
    const others = members.filter((member) => half(member.id) === 1 && areStrangers(seeker, member))
    for (const member of others) net.connect(seeker, member, true)
    net.pass(60_000)
    for (const { id } of others) expect(seeker.replica.neighbours).toContain(id)
  })

  test('[OV3] what was found is kept while others are being dialed', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4, ...UNSUSPECTING })
    net.pass(30_000)
    const seeker = members[3] as Peer
    const [found, other] = members.filter((member) => areStrangers(seeker, member)) as [Peer, Peer]
    // Dials take their time: nobody has failed yet.
    net.canDial = false
    for (const member of members) net.cut(seeker, member)
    for (const member of [found, other]) net.connect(seeker, member, true)
    net.pass(15_000)
    for (const { id } of [found, other]) expect(seeker.replica.neighbours).toContain(id)
  })

  test('[OV3] who can not reach somebody leaves the links alone that others want instead of theirs', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4, seekIntervalMs: 3000, ...UNSUSPECTING })
    net.pass(30_000)
    // Dora can not reach one of hers and is linked to somebody else instead, who can not reach one of its own either.
    const dora = members[3] as Peer
    const [missed = ''] = chosenBy(dora)
    const others = IDS.filter((id) => id !== missed)
    const instead = members.find(
      (member) => chosenNeighbours(dora.id, others, 4).has(member.id) && areStrangers(dora, member),
    ) as Peer
    const [missedToo = ''] = chosenBy(instead)
    const pairs = [`${dora.id} ${missed}`, `${instead.id} ${missedToo}`]
    net.areApart = (a, b) => pairs.includes(`${a} ${b}`) || pairs.includes(`${b} ${a}`)
    for (const [a, b] of [[dora, missed] as const, [instead, missedToo] as const])
      net.cut(a, net.peers.get(b) as Peer)
    net.pass(30_000)
    expect(instead.outputsOf('seek').length).toBeGreaterThan(1)
    const [link] = net.linksBetween(dora, instead)
    expect(link).toBeDefined()
    net.pass(120_000)
    expect(net.linksBetween(dora, instead)).toEqual([link])
  })

  test('[OV3] the only link is kept, whoever wants it', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4, ...UNSUSPECTING })
    net.canDial = false
    const all = [...IDS, 'yet-another']
    const chooses = (a: ReplicaId, b: ReplicaId) => chosenNeighbours(a, all, 4).has(b)
    const sponsor = members.find(
      ({ id }) => !chooses('yet-another', id) && !chooses(id, 'yet-another'),
    ) as Peer
    const newcomer = net.newcomer('yet-another', sponsor, { maxConnections: 4, ...UNSUSPECTING })
    net.pass(60_000)
    expect(newcomer.replica.neighbours).toEqual([sponsor.id])
    net.canDial = true
    net.pass(60_000)
    expect(newcomer.replica.neighbours).not.toContain(sponsor.id)
  })

  test('[OV3] of two links to the same member one is kept, the same at both ends', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.connect(bert, anna)
    net.settle()
    expect(net.linksBetween(anna, bert)).toHaveLength(1)
    expect(anna.replica.neighbours).toEqual(['bert'])
    expect(bert.replica.neighbours).toEqual(['anna'])
    anna.type('word')
    net.settle()
    expect(bert.set.words).toEqual(['word'])
  })

  test('[OV1] every link but the first is negotiated through members', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna)
    const cleo = net.newcomer('cleo', anna)
    expect(bert.outputsOf('dial')).toEqual([{ type: 'dial', peer: 'cleo' }])
    expect([bert, cleo].flatMap((peer) => peer.outputsOf('seek'))).toHaveLength(2)
    bert.feed({ type: 'signal', to: 'cleo', bytes: bytes(1, 2, 3) })
    net.settle()
    expect(cleo.outputsOf('signal')).toEqual([{ type: 'signal', from: 'bert', bytes: bytes(1, 2, 3) }])
    expect(anna.outputsOf('signal')).toEqual([])
    cleo.feed({ type: 'signal', to: 'bert', bytes: bytes(4) })
    net.settle()
    expect(bert.outputsOf('signal')).toEqual([{ type: 'signal', from: 'cleo', bytes: bytes(4) }])
  })

  test('[OV1] negotiations find their way along a chain', () => {
    const net = new Network()
    net.canDial = false
    const chain = [net.founder('link-0')]
    for (let i = 1; i < 6; i++) chain.push(net.newcomer(`link-${i}`, chain[i - 1] as Peer))
    net.pass(5000)
    const [first, last] = [chain[0] as Peer, chain[5] as Peer]
    last.type('so that its news have come all the way')
    net.pass(5000)
    first.feed({ type: 'signal', to: last.id, bytes: bytes(7) })
    net.settle()
    expect(last.outputsOf('signal')).toEqual([{ type: 'signal', from: 'link-0', bytes: bytes(7) }])
  })

  test('[OV1] who has just come in, and of whom nothing else has been heard, is reached by way of its sponsors', () => {
    const net = new Network()
    net.canDial = false
    const centre = net.founder('centre')
    const arms = IDS.slice(0, 6).map((id) => {
      const middle = net.newcomer(`${id}-a`, centre)
      return { middle, end: net.newcomer(`${id}-b`, middle) }
    })
    net.pass(5000)
    const newcomers = arms.map(({ end }, i) => {
      const sponsor = net.newcomer(`sponsor-${i}`, end)
      const who = `new-${i}`
      net.held = (letter) => letter.from === who && carriesReports(letter)
      const newcomer = net.newcomer(who, sponsor)
      net.held = () => false
      net.lose(({ from }) => from === who)
      return newcomer
    })
    const relays = () => [...net.peers.values()].flatMap((peer) => peer.sent('relay')).length
    const before = relays()
    const [first] = newcomers
    for (const { id } of newcomers) {
      if (id !== first?.id) first?.feed({ type: 'signal', to: id, bytes: bytes(7) })
    }
    net.settle()
    for (const newcomer of newcomers.slice(1)) expect(newcomer.outputsOf('signal')).toHaveLength(1)
    // Up its own arm of four links to the centre, and down the other one.
    expect(relays() - before).toBe(8 * (newcomers.length - 1))
  })

  test('[OV1] a negotiation with nobody dies after so many hops', () => {
    const net = new Network()
    const [anna, ...others] = net.room(['anna', 'bert', 'cleo', 'dora'])
    anna.feed({ type: 'signal', to: 'nobody', bytes: bytes(7) })
    net.settle()
    const relays = [anna, ...others].flatMap((peer) => peer.sent('relay'))
    expect(relays.length).toBe(16)
    expect(Math.max(...relays.map(({ hops }) => hops))).toBe(16)
  })

  test('[OV1] in a larger room it lives longer', () => {
    const net = new Network()
    const members = net.room(IDS, { maxConnections: 4 })
    net.pass(30_000)
    members[0]?.feed({ type: 'signal', to: 'nobody', bytes: bytes(7) })
    net.settle()
    expect(members.flatMap((peer) => peer.sent('relay')).length).toBe(18)
  })

  test('[OV3] a dial that failed is tried again', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna)
    net.newcomer('cleo', anna)
    bert.feed({ type: 'dial-failed', peer: 'cleo', reason: 'no way' })
    expect(bert.outputsOf('dial')).toHaveLength(1)
    net.pass(1000)
    expect(bert.outputsOf('dial')).toHaveLength(2)
  })
})

describe('the trees', () => {
  test('[OV4] what is typed goes before everything that is only due', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    const early: Output[] = []
    anna.set.add('word')
    const later = anna.replica.handle({ type: 'local-change' }, net.now, (outputs) => {
      expect(anna.replica.room.history.seq).toBeGreaterThan(0)
      early.push(...outputs)
    })
    const messages = (outputs: readonly Output[]) =>
      outputs.flatMap((output) => (output.type === 'send' ? [decodeMessage(output.bytes)] : []))
    expect(messages(early)).toMatchObject([
      { message: { type: 'gossip', operations: [{ author: 'anna', kind: 'update' }] } },
    ])
    expect(messages(later)).toEqual([])
  })

  test('[OV4] in a full mesh every author ends up sending straight to everyone', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo', 'dora', 'emil'])
    for (const member of members) member.type('first')
    net.pass(5000)
    for (const member of members) {
      expect(operationMessages(net, () => member.type('again'))).toBe(4)
    }
  })

  test('[OV4] who gets something twice asks the later link to stop', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    net.pass(5000)
    const prunes = () =>
      [bert, cleo].flatMap((peer) => peer.sent('prune')).filter(({ authors }) => authors.includes('anna'))
    anna.type('word')
    net.pass(1000)
    expect(prunes().length).toBeGreaterThan(0)
    const before = prunes().length
    anna.type('again')
    net.pass(1000)
    expect(prunes().length).toBe(before)
  })

  test('[OV4] news is not sent back to where it came from', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna)
    const cleo = net.newcomer('cleo', bert)
    net.pass(5000)
    expect(operationMessages(net, () => anna.type('word'))).toBe(2)
    expect(cleo.set.words).toEqual(['word'])
  })

  test('[OV5] an operation that nobody has pushed is asked for once its successor is here', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.set.add('one')
    anna.feed({ type: 'local-change' })
    net.lose(carriesOperations)
    anna.type('two')
    net.pass(100)
    expect(bert.set.words).toEqual([])
    net.pass(100)
    expect(bert.set.words).toEqual(['one', 'two'])
  })

  test('[OV5] what others made before it is asked for as well, of whoever sent it', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    for (const word of ['a', 'b']) anna.type(word)
    net.pass(5000)
    net.held = (letter) => letter.from === 'anna' && letter.to === 'cleo' && carriesOperations(letter)
    anna.type('one')
    net.settle()
    bert.type('two')
    net.settle()
    expect([bert.set.words, cleo.set.words]).toEqual([
      ['a', 'b', 'one', 'two'],
      ['a', 'b'],
    ])
    const before = cleo.sent('sync').length
    net.pass(900)
    expect(cleo.sent('sync').length).toBe(before)
    net.pass(200)
    expect(cleo.set.words).toEqual(['a', 'b', 'one', 'two'])
    // Whom she had to ask pushes Anna's from now on.
    const { now } = net
    anna.type('three')
    net.settle()
    expect([cleo.set.words.includes('three'), net.now]).toEqual([true, now])
  })

  test('[OV5] when a branch breaks, another is asked, and the next news needs no repair', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'])
    for (const word of ['a', 'b']) anna.type(word)
    net.pass(5000)
    net.canDial = false
    net.cut(anna, cleo)
    net.settle()
    expect(cleo.sent('graft').length + bert.sent('graft').length).toBeGreaterThan(0)
    const { now } = net
    anna.type('by way of Bert')
    net.settle()
    expect(net.now).toBe(now)
    expect(cleo.set.words).toContain('by way of Bert')
  })

  test('[OP1] an operation arrives as it was made, however many hands it went through', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const chain = [anna]
    for (const id of ['bert', 'cleo', 'dora']) chain.push(net.newcomer(id, chain.at(-1) as Peer))
    net.held = carriesReports
    anna.type('word')
    net.settle()
    const [made] = anna.replica.room.history.log.operations.slice(-1)
    expect(made?.kind).toBe('update')
    for (const peer of chain) expect(peer.replica.room.history.log.operations.at(-1)).toEqual(made)
  })
})

describe('repair', () => {
  test('[OV6] what was lost on the way is noticed by the digest and sent again', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = carriesOperations
    anna.type('word')
    expect(net.lose(carriesOperations)).toHaveLength(1)
    net.held = () => false
    net.pass(heartbeatIntervalMs)
    expect(bert.set.words).toEqual([])
    // The second differing heartbeat in a row asks.
    net.pass(heartbeatIntervalMs)
    expect(bert.set.words).toEqual(['word'])
    expect(bert.sent('sync').length).toBeGreaterThan(0)
  })

  test('[OV6] two that hold the same compare digests and nothing more', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.pass(5000)
    const before = anna.sent('sync').length + bert.sent('sync').length
    net.pass(60_000)
    expect(anna.sent('sync').length + bert.sent('sync').length).toBe(before)
    net.cut(anna, bert)
    net.connect(anna, bert)
    net.settle()
    expect(anna.sent('sync').length + bert.sent('sync').length).toBe(before)
    expect(anna.replica.isSynced && bert.replica.isSynced).toBe(true)
  })

  test('[OV6] who meets again after both have edited apart has everything at once', () => {
    const net = new Network()
    net.canDial = false
    const [anna, bert] = net.room(['anna', 'bert'])
    net.cut(anna, bert)
    for (const word of ['a', 'b']) anna.type(word)
    for (const word of ['c', 'd']) bert.type(word)
    net.connect(anna, bert)
    net.settle()
    expect(anna.set.words).toEqual(['a', 'b', 'c', 'd'])
    expect(bert.set.words).toEqual(['a', 'b', 'c', 'd'])
  })

  test('[OV6] a neighbour that has more is asked once for each thing that is held, not as often as it asks', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const cleo = memberSpokenFor(net, 'cleo', anna)
    const applied = new Map([...anna.replica.room.history.applied, ['cleo', 3]])
    const asks = () => cleo.heard('sync').length
    const before = asks()
    for (let i = 0; i < 5; i++) {
      cleo.say({ type: 'sync', applied, reports: new Map(), presences: new Map(), point: 0 })
    }
    expect(asks()).toBe(before + 1)
    anna.type('word')
    cleo.say({ type: 'sync', applied, reports: new Map(), presences: new Map(), point: 0 })
    expect(asks()).toBe(before + 2)
  })

  test('[OP5] what found no room while it waited comes again', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna, { maxWaitingOperations: 2 })
    net.pass(5000)
    net.held = carriesOperations
    for (let i = 0; i < 8; i++) anna.type(`word ${i}`)
    const [first] = net.underway.filter(carriesOperations)
    net.lose((letter) => letter === first)
    net.held = () => false
    net.settle()
    expect(bert.replica.stats.waiting).toBe(2)
    expect(bert.replica.isSynced).toBe(false)
    net.pass(20_000)
    expect(bert.set.words).toHaveLength(8)
    expect(bert.replica.stats.waiting).toBe(0)
    expect(bert.replica.isSynced).toBe(true)
  })

  test('[OP5] a buffer full of what waits does not keep out what it waits for', () => {
    const net = new Network()
    const anna = net.founder('anna', { maxWaitingOperations: 3 })
    const bert = memberSpokenFor(net, 'bert', anna)
    const gossip = (seq: number) => {
      const operations = [
        update('bert', seq, 10 + seq, {}, new TextEncoder().encode('{"add":[],"remove":[]}')),
      ]
      bert.say({ type: 'gossip', operations, reports: [], presences: [], answer: false })
    }
    for (const seq of [2, 3, 4, 5]) gossip(seq)
    expect(anna.replica.stats.waiting).toBe(3)
    gossip(1)
    expect(anna.replica.stats.waiting).toBe(0)
    expect(anna.replica.room.history.applied.get('bert')).toBe(4)
  })
})

describe('presences', () => {
  test('[OV7] reach everybody, neighbour or not; the newest counts', () => {
    const net = new Network()
    net.canDial = false
    const anna = net.founder('anna')
    const bert = net.newcomer('bert', anna)
    const cleo = net.newcomer('cleo', bert)
    anna.feed({ type: 'presence', bytes: bytes(1) })
    anna.feed({ type: 'presence', bytes: bytes(2) })
    net.settle()
    expect(cleo.outputsOf('presence').at(-1)).toEqual({ type: 'presence', replica: 'anna', bytes: bytes(2) })
    const dora = net.newcomer('dora', cleo)
    expect(dora.outputsOf('presence')).toEqual([{ type: 'presence', replica: 'anna', bytes: bytes(2) }])
    expect(anna.outputsOf('presence')).toEqual([])
  })

  test('[OV7] go with their member', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    bert.feed({ type: 'presence', bytes: bytes(1) })
    net.settle()
    bert.feed({ type: 'leave' })
    net.settle()
    expect(anna.outputsOf('presence').at(-1)).toEqual({ type: 'presence', replica: 'bert', bytes: null })
    expect(anna.replica.room.presences.all.size).toBe(0)
  })

  test('[OV7] of those that are no members are not kept, and nobody sets another one’s', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const bert = memberSpokenFor(net, 'bert', anna)
    anna.feed({ type: 'presence', bytes: bytes(1) })
    const presences = ['nobody', 'anna'].map((replica) => ({ replica, n: 9, bytes: bytes(9) }))
    bert.say({ type: 'gossip', operations: [], reports: [], presences, answer: false })
    expect(anna.outputsOf('presence')).toEqual([])
    expect(anna.replica.room.presences.all.get('anna')?.bytes).toEqual(bytes(1))
  })
})

describe('greeters', () => {
  const greeting = (peer: Peer) => peer.outputsOf('greet').at(-1)?.lineage ?? null

  test('[OV8] are the three oldest members; the next follows when one leaves', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo', 'dora', 'emil'])
    expect(members.map(greeting)).toEqual(['anna', 'anna', 'anna', null, null])
    const [, bert, , dora, emil] = members
    bert.feed({ type: 'leave' })
    net.pass(1000)
    expect(greeting(bert)).toBeNull()
    expect(greeting(dora)).toBe('anna')
    expect(greeting(emil)).toBeNull()
  })

  test('[OV8] those that are out of sight do not count', () => {
    const net = new Network()
    net.canDial = false
    const [anna, , , dora] = net.room(['anna', 'bert', 'cleo', 'dora'])
    // Linked to Anna alone, Dora sees one older member.
    expect(dora.replica.neighbours).toEqual(['anna'])
    expect(greeting(dora)).toBe('anna')
    expect(greeting(anna)).toBe('anna')
  })

  test('[OV8] a member without any link goes back to the rendezvous, again and again', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'], { seekIntervalMs: 3000 })
    net.canDial = false
    const before = bert.outputsOf('seek').length
    net.cut(anna, bert)
    net.pass(300)
    expect(bert.outputsOf('seek').length - before).toBe(1)
    net.pass(9000)
    expect(bert.outputsOf('seek').length - before).toBe(4)
    net.connect(bert, anna)
    net.pass(10_000)
    expect(bert.outputsOf('seek').length - before).toBe(4)
  })

  test('[OV8] however rarely it has come to look for one, it looks at once when all are gone', () => {
    const net = new Network()
    const [anna, bert, cleo] = net.room(['anna', 'bert', 'cleo'], { seekIntervalMs: 3000, ...UNSUSPECTING })
    net.areApart = (a, b) => [a, b].includes('cleo') && [a, b].includes('bert')
    net.cut(bert, cleo)
    net.pass(120_000)
    const looks = () => bert.outputsOf('seek').length
    const before = looks()
    net.pass(20_000)
    expect(looks() - before).toBeLessThan(2)
    net.canDial = false
    net.cut(anna, bert)
    const alone = looks()
    net.pass(301)
    expect(looks() - alone).toBe(1)
  })

  test('[OV8] a side that may not decide looks more often than who just misses somebody', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo', 'dora', 'emil'], { seekIntervalMs: 3000 })
    const side = (id: ReplicaId) => ['dora', 'emil'].includes(id)
    net.areApart = (a, b) => side(a) !== side(b)
    for (const a of members) for (const b of members) if (side(a.id) && !side(b.id)) net.cut(a, b)
    net.pass(20_000)
    const [, , , dora] = members
    expect(dora.replica.eviction(net.now).mayDecide).toBe(false)
    const before = dora.outputsOf('seek').length
    net.pass(36_000)
    expect(dora.replica.neighbours).toEqual(['emil'])
    expect(dora.outputsOf('seek').length - before).toBeGreaterThanOrEqual(3)
  })

  test('[OV8] it does so as soon as it may not decide', () => {
    const net = new Network()
    const members = net.room(['anna', 'bert', 'cleo', 'dora', 'emil'], { seekIntervalMs: 3000 })
    const [anna, , , dora] = members
    net.areApart = (a, b) => [a, b].includes('anna') && [a, b].includes('dora')
    net.cut(anna, dora)
    net.pass(100_000)
    const side = (id: ReplicaId) => ['dora', 'emil'].includes(id)
    net.areApart = (a, b) => side(a) !== side(b)
    for (const a of members) for (const b of members) if (side(a.id) && !side(b.id)) net.cut(a, b)
    const before = dora.outputsOf('seek').length
    net.pass(20_000)
    expect(dora.outputsOf('seek').length).toBeGreaterThan(before)
  })

  test('[OV8] a member that is alone in its room has nobody to look for', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.pass(60_000)
    expect(anna.outputsOf('seek')).toHaveLength(1)
  })
})
