/**
 * The join, step by step, from both sides. A stranger is an end of a link that the test speaks for; everybody
 * else is a real replica.
 */
import { describe, expect, test } from 'vitest'
import { NO_BASE } from '../../src/compaction/base.js'
import type { Operation, StatePiece } from '../../src/index.js'
import {
  carriesOperations,
  carriesReports,
  Network,
  ofType,
  type Peer,
  type Stranger,
} from '../hand-driven-network.js'
import { standInSignatures } from '../identity/stand-in-signatures.js'
import { bytes } from '../operations.js'
import { SharedSet } from '../shared-set.js'

/** A stranger that has said it is not in the room, and asks to be let in. */
function askedBy(net: Network, id: string, sponsor: Peer): Stranger {
  const stranger = net.stranger(id, sponsor)
  stranger.say({ type: 'hello', replica: id, lineage: '', renumbers: false, signs: false, digest: 0 })
  stranger.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
  sponsor.feed({ type: 'timer' })
  net.deliver((letter) => letter.to === id)
  return stranger
}

const joinsIn = (peer: Peer) => peer.replica.room.history.log.operations.filter(({ kind }) => kind === 'join')

/** Words of a payload or state of a SharedSet. */
function wordsIn(bytes: Uint8Array): string[] {
  const { add } = JSON.parse(new TextDecoder().decode(bytes)) as { add: [tag: string, word: string][] }
  return add.map(([, word]) => word)
}

/** A SharedSet whose state leaves word by word. */
class ManyPieces extends SharedSet {
  override *encodeState(): Generator<StatePiece, undefined> {
    const { words } = this
    if (words.length === 0) yield* super.encodeState()
    for (const [i, word] of words.entries()) {
      const bytes = new TextEncoder().encode(JSON.stringify({ add: [[`tag-${word}`, word]], remove: [] }))
      yield { bytes, progress: (i + 1) / words.length }
    }
    return undefined
  }
}

describe('a join', () => {
  test('[JO11] leaves a founder synced', () => {
    const net = new Network()
    const [anna] = net.room(['anna'])
    anna.type('hers')
    const bert = net.newcomer('bert', anna)
    expect(bert.replica.status).toBe('member')
    expect(anna.replica.isSynced).toBe(true)
  })

  test('[JO11] does not make its sponsor synced if that is behind', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.cut(anna, bert)
    bert.type('not heard by anna')
    net.held = ofType('heartbeat', 'gossip', 'sync')
    const cleo = net.newcomer('cleo', anna)
    expect(cleo.replica.status).toBe('member')
    expect(anna.replica.isSynced).toBe(false)
  })

  test('[JO2] brings a newcomer everything, base and log alike', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.type('below the snapshot point')
    net.pass(5000)
    expect(anna.replica.stats.logOperations).toBe(0)
    net.held = carriesReports
    bert.type('above it')
    net.settle()
    const cleo = net.newcomer('cleo', anna)
    expect(cleo.replica.status).toBe('member')
    expect(cleo.set.words).toEqual(['above it', 'below the snapshot point'])
    net.held = () => false
    net.pass(5000)
    expect(cleo.replica.isSynced).toBe(true)
    for (const peer of [anna, bert, cleo]) {
      expect(peer.replica.members).toEqual(['anna', 'bert', 'cleo'])
      expect(peer.replica.stats.logOperations).toBe(0)
      expect(peer.point).toBe(peer.replica.stats.clock)
    }
  })

  test('[JO2] begins with a welcome that says where the sponsor stands', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    net.held = carriesReports
    anna.type('word')
    const { history, stability } = anna.replica.room
    const cleo = askedBy(net, 'cleo', anna)
    const welcome = cleo.theOnly('welcome')
    expect(welcome).toMatchObject({
      lineage: 'anna',
      clock: history.clock,
      point: history.point,
      floor: anna.replica.room.floor,
      applied: new Map(history.applied),
      epoch: 0,
      namings: [],
      base: NO_BASE,
    })
    expect(welcome.members.map(({ replica, sponsor }) => [replica, sponsor])).toEqual([
      ['anna', undefined],
      ['bert', 'anna'],
    ])
    expect(welcome.members[1]).toMatchObject({ ...stability.standing('bert') })
    expect(welcome.members[0]).toMatchObject({ known: history.clock, floor: welcome.floor })
    const [state, rest] = cleo.heard('piece')
    expect(wordsIn(state?.bytes ?? bytes())).toEqual(['word'])
    expect(state).toMatchObject({ index: 0, last: false, operations: [] })
    expect(rest).toMatchObject({ index: 1, last: true, bytes: bytes(), operations: history.log.operations })
    expect(rest?.operations).toHaveLength(1)
  })

  test('[JO2] with operations applied between the pieces ends with the same content', () => {
    const net = new Network()
    const config = { pieceWindow: 1 }
    const set = new ManyPieces('anna')
    const sponsor = net.founder('anna', config, set)
    for (const word of ['a', 'b', 'c', 'd']) sponsor.type(word)
    net.settle()
    net.held = ofType('piece-received')
    const cleo = net.newcomer('cleo', sponsor)
    expect(cleo.set.words).toEqual(['a'])
    sponsor.type('e')
    net.held = () => false
    net.settle()
    expect(cleo.replica.status).toBe('member')
    expect(cleo.set.words).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(cleo.outputsOf('progress').map(({ share }) => share)).toEqual([0.25, 0.5, 0.75, 1])
  })

  test('[WI4] sends the state in the lane that typing overtakes', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    anna.type('word')
    const orders = anna.outputsOf('send')
    expect(orders.at(-1)?.lane).toBe('urgent')
    const cleo = askedBy(net, 'cleo', anna)
    const lanes = cleo.inbox.map(({ type }, i) => [type, cleo.lanes[i]])
    expect(lanes).toEqual([
      ['hello', 'urgent'],
      ['welcome', 'bulk'],
      ['piece', 'bulk'],
      ['piece', 'bulk'],
    ])
  })

  test('two at once, through one sponsor or two, both succeed', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed')
    const newcomers = [net.newcomer('cleo', anna), net.newcomer('dora', anna), net.newcomer('emil', bert)]
    net.held = () => false
    net.pass(10_000)
    for (const peer of [anna, bert, ...newcomers]) {
      expect(peer.replica.members).toHaveLength(5)
      expect(peer.point).toBe(peer.replica.stats.clock)
    }
  })
})

describe('identities', () => {
  test('[JO1] an id that is being let in, is a member, or has left is not welcomed', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    askedBy(net, 'cleo', anna)
    expect(askedBy(net, 'cleo', anna).heard('welcome')).toEqual([])
    expect(askedBy(net, 'bert', anna).heard('welcome')).toEqual([])
    net.held = carriesReports
    bert.feed({ type: 'leave' })
    net.settle()
    expect(anna.replica.members).toEqual(['anna'])
    expect(askedBy(net, 'bert', anna).heard('welcome')).toEqual([])
  })

  test('[JO1] nor is one, where members sign, that has left and is forgotten otherwise', () => {
    const net = new Network()
    net.signaturesOf = standInSignatures
    const [anna, bert] = net.room(['anna', 'bert'])
    bert.feed({ type: 'leave' })
    net.pass(3000)
    expect(anna.replica.room.history.applied.has('bert')).toBe(false)
    expect(askedBy(net, 'bert', anna).heard('welcome')).toEqual([])
  })

  test('[JO1] after a failure the id is over: it says that another must follow, and then nothing any more', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.held = ofType('welcome')
    const bert = net.newcomer('bert', anna)
    net.cut(anna, bert)
    expect(bert.replica.status).toBe('over')
    expect(bert.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'the sponsor is gone' }])
    expect(bert.timerAt).toBeNull()
    for (const type of ['start', 'alone', 'timer', 'leave', 'local-change'] as const) {
      expect(bert.feed({ type })).toEqual([])
    }
    net.connect(bert, anna)
    net.settle()
    expect(bert.sent('join-request')).toHaveLength(1)
  })

  test('[JO1] two that are both outside send each other away and go on looking', () => {
    const net = new Network()
    const anna = net.seeker('anna')
    const bert = net.seeker('bert')
    net.connect(anna, bert)
    net.settle()
    for (const peer of [anna, bert]) {
      expect(peer.replica.status).toBe('seeking')
      expect(peer.outputsOf('seek').length).toBeGreaterThanOrEqual(2)
    }
    expect(net.linksBetween(anna, bert)).toEqual([])
  })
})

describe('the sponsor answers for its newcomer', () => {
  test('[JO3] from the welcome to the join nobody decides beyond the floor of the welcome', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed')
    const cleo = net.newcomer('cleo', anna, { joinTimeoutMs: 60_000 })
    const floor = anna.replica.room.floor
    anna.type('x')
    bert.type('y')
    net.pass(5000)
    expect(cleo.replica.status).toBe('joining')
    for (const peer of [anna, bert]) expect(peer.point).toBe(floor)
    expect(
      anna
        .sent('gossip')
        .flatMap(({ reports }) => reports.slice(-1))
        .at(-1)?.floor,
    ).toBe(floor)
    expect(anna.replica.blockedBy).toContainEqual({ replica: 'cleo', reason: 'joining' })
    net.held = () => false
    net.pass(10_000)
    for (const peer of [anna, bert, cleo]) {
      expect(peer.point).toBe(peer.replica.stats.clock)
      expect(peer.point).toBeGreaterThan(floor)
      expect(peer.replica.blockedBy).toEqual([])
    }
  })

  test('[JO3] a welcome given while another newcomer waits carries its floor, the capped one', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    const cleo = askedBy(net, 'cleo', anna)
    anna.type('x')
    net.settle()
    const dora = askedBy(net, 'dora', anna)
    expect(dora.theOnly('welcome').clock).toBeGreaterThan(cleo.theOnly('welcome').clock)
    expect(dora.theOnly('welcome').floor).toBe(cleo.theOnly('welcome').floor)
  })

  test('[JO4] only the nonce of the very welcome lets in; another is answered no', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const bert = askedBy(net, 'bert', anna)
    const { nonce } = bert.theOnly('welcome')
    bert.say({ type: 'installed', nonce: nonce + 1 })
    expect(bert.theOnly('no').nonce).toBe(nonce + 1)
    expect(bert.heard('go')).toEqual([])
    expect(anna.replica.members).toEqual(['anna'])
    bert.say({ type: 'installed', nonce })
    expect(bert.theOnly('go').nonce).toBe(nonce)
    expect(anna.replica.members).toEqual(['anna', 'bert'])
  })

  test('[JO4] before the whole state is sent nobody is let in', () => {
    const net = new Network()
    const set = new ManyPieces('anna')
    const anna = net.founder('anna', { pieceWindow: 1 }, set)
    for (const word of ['a', 'b']) anna.type(word)
    const bert = askedBy(net, 'bert', anna)
    const { nonce } = bert.theOnly('welcome')
    bert.say({ type: 'installed', nonce })
    expect(bert.heard('no')).toHaveLength(1)
    bert.say({ type: 'piece-received', nonce, count: 1 })
    bert.say({ type: 'installed', nonce })
    expect(bert.heard('go')).toHaveLength(1)
  })

  test('[JO5] the join carries the floor of the welcome into every map', () => {
    const net = new Network()
    const [anna, bert, dora] = net.room(['anna', 'bert', 'dora'])
    net.held = carriesReports
    anna.type('x')
    net.settle()
    const cleo = askedBy(net, 'cleo', anna)
    const { floor, nonce, clock } = cleo.theOnly('welcome')
    expect(floor).toBeLessThan(clock)
    cleo.say({ type: 'installed', nonce })
    net.settle()
    for (const peer of [anna, bert, dora]) {
      const [join] = joinsIn(peer)
      expect(join).toMatchObject({ who: 'cleo', author: 'anna', floor })
      const expected = { known: join?.clock, floor, n: 0, epoch: 0, since: join?.clock }
      expect(peer.replica.room.stability.standing('cleo')).toEqual(expected)
    }
    net.held = () => false
    net.pass(4000)
    // Cleo's own report never comes, so she stays where her join has put her.
    for (const peer of [anna, bert, dora]) expect(peer.point).toBe(floor)
  })

  test('[JO5] the cap is lifted with the join', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    const cleo = askedBy(net, 'cleo', anna)
    const { nonce, floor } = cleo.theOnly('welcome')
    anna.type('x')
    net.pass(1000)
    expect(anna.replica.room.floor).toBe(floor)
    cleo.say({ type: 'installed', nonce })
    net.pass(3000)
    expect(anna.replica.room.floor).toBeGreaterThan(floor)
  })

  test('[JO6] go brings what happened since the welcome, the join among it', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    const cleo = askedBy(net, 'cleo', anna)
    const { nonce, applied } = cleo.theOnly('welcome')
    anna.type('x')
    bert.type('y')
    net.settle()
    cleo.say({ type: 'installed', nonce })
    const { operations } = cleo.theOnly('go')
    expect(operations.map(({ kind }) => kind)).toEqual(['update', 'update', 'join'])
    const isNew = ({ author, seq }: Operation) => seq > (applied.get(author) ?? 0)
    expect(operations.every(isNew)).toBe(true)
  })

  test('[JO10] makes operations of what its user changed before the state is encoded, and before the join', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.set.add('typed before the welcome, without a word to the replica')
    const cleo = askedBy(net, 'cleo', anna)
    const { nonce } = cleo.theOnly('welcome')
    const [state, rest] = cleo.heard('piece')
    expect(rest?.operations.map(({ kind }) => kind)).toEqual(['update'])
    expect(wordsIn(state?.bytes ?? bytes())).toHaveLength(1)
    anna.set.add('typed before the join')
    cleo.say({ type: 'installed', nonce })
    expect(cleo.theOnly('go').operations.map(({ kind }) => kind)).toEqual(['update', 'join'])
    net.settle()
    expect(bert.set.words).toEqual(anna.set.words)
  })

  test('is honest when it is busy with others: the newcomer starts over at once', () => {
    const net = new Network()
    const anna = net.founder('anna', { maxJoinsAtOnce: 1 })
    askedBy(net, 'bert', anna)
    const cleo = net.newcomer('cleo', anna)
    expect(cleo.outputsOf('rejoin')).toEqual([{ type: 'rejoin', reason: 'busy with other newcomers' }])
  })
})

describe('the newcomer', () => {
  test('[JO6] authors nothing before it has applied its own join', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.held = ofType('go')
    const bert = net.newcomer('bert', anna)
    bert.type('typed while joining')
    bert.feed({ type: 'presence', bytes: Uint8Array.of(1) })
    net.settle()
    expect(bert.sent('gossip')).toEqual([])
    expect(bert.replica.stats.clock).toBe(0)
    expect(anna.set.words).toEqual([])
    net.held = () => false
    net.settle()
    expect(anna.set.words).toEqual(['typed while joining'])
  })

  test('[JO6] repeats its acknowledgement until go arrives, and is let in once', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = ofType('installed')
    const cleo = net.newcomer('cleo', anna)
    for (let i = 0; i < 3; i++) {
      expect(net.lose(ofType('installed'))).toHaveLength(1)
      net.pass(1000)
    }
    net.held = () => false
    net.pass(1000)
    expect(cleo.replica.status).toBe('member')
    expect(bert.replica.members).toEqual(['anna', 'bert', 'cleo'])
    expect(
      anna.sent('gossip').flatMap(({ operations }) => operations.filter(({ kind }) => kind === 'join')),
    ).toHaveLength(1)
  })

  test('[JO6] whose go was lost asks again and gets it again, with all that it lacks', () => {
    const net = new Network()
    const [anna] = net.room(['anna', 'bert'])
    net.held = ofType('go')
    const cleo = net.newcomer('cleo', anna)
    expect(net.lose(ofType('go'))).toHaveLength(1)
    expect(cleo.replica.status).toBe('joining')
    anna.type('after the join')
    net.held = () => false
    net.pass(1000)
    expect(cleo.replica.status).toBe('member')
    expect(cleo.set.words).toEqual(['after the join'])
    expect(anna.replica.members).toEqual(['anna', 'bert', 'cleo'])
  })

  test('[JO6] a second go changes nothing', () => {
    const net = new Network()
    const anna = net.founder('anna')
    net.held = ofType('installed')
    const bert = net.newcomer('bert', anna)
    net.pass(2500)
    net.held = () => false
    net.settle()
    expect(anna.sent('go')).toHaveLength(3)
    expect(bert.outputsOf('joined')).toHaveLength(1)
    expect(anna.replica.members).toEqual(['anna', 'bert'])
    net.pass(5000)
    expect(bert.point).toBe(anna.replica.stats.clock)
  })

  test('[OP6] depends in its first operation on all that changed since the welcome, its join included', () => {
    const net = new Network()
    const [anna, bert, dora] = net.room(['anna', 'bert', 'dora'])
    net.held = ofType('installed')
    const cleo = net.newcomer('cleo', anna)
    bert.type('y')
    net.held = () => false
    net.settle()
    const seqs = cleo.replica.room.history.applied
    const sent = cleo.sent('gossip').length
    cleo.type('z')
    const [operation] = cleo
      .sent('gossip')
      .slice(sent)
      .flatMap(({ operations }) => operations)
    expect(operation?.deps).toEqual(
      new Map([
        ['anna', seqs.get('anna')],
        ['bert', seqs.get('bert')],
      ]),
    )
    expect(dora.replica.members).toContain('cleo')
  })

  test('[OP7] is not heard by those who have not seen its join', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    net.held = (letter) => letter.from === 'anna' && letter.to === 'bert' && carriesOperations(letter)
    const cleo = net.newcomer('cleo', anna)
    const link = net.connect(cleo, bert)
    net.settle()
    cleo.type('early')
    net.settle()
    // Only what comes by Anna is held back: by Cleo's own link her join arrives as well, once she has it.
    expect(net.linksBetween(cleo, bert)).toContain(link)
    expect(bert.set.words).toEqual(['early'])
    expect(bert.replica.members).toContain('cleo')
  })

  test('[JO8] keeps what it had before as an ordinary operation after its join', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.type('of the room')
    net.settle()
    const set = new SharedSet('cleo')
    set.add('from before')
    const cleo = net.seeker('cleo', {}, set)
    net.connect(cleo, anna)
    net.settle()
    for (const peer of [anna, bert, cleo]) expect(peer.set.words).toEqual(['from before', 'of the room'])
    const log = bert.replica.room.history.log.operations
    const kinds = log.slice(-2).map(({ kind, author }) => [kind, author])
    expect(kinds).toEqual([
      ['join', 'anna'],
      ['update', 'cleo'],
    ])
  })

  test('refuses a state that its structure refuses, and starts over', () => {
    const net = new Network()
    const anna = net.founder('anna')
    const set = new SharedSet('bert')
    set.loadPiece = () => 'makes no sense'
    const bert = net.newcomer('bert', anna, {}, set)
    expect(bert.outputsOf('refused')).toEqual([{ type: 'refused', from: 'anna', reason: 'makes no sense' }])
    expect(bert.outputsOf('rejoin')).toHaveLength(1)
    expect(anna.replica.members).toEqual(['anna'])
  })
})
