/**
 * A member of a room whose members sign what they say, and who speaks in somebody else's name all the same.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { consentStatement, withdrawalStatement } from '../../src/identity/signatures.js'
import type { Operation, ReplicaId } from '../../src/index.js'
import type { Report } from '../../src/snapshot/report.js'
import { Network, type Peer, type Stranger, UNSUSPECTING } from '../hand-driven-network.js'
import { bytes, cut, join, leave, update, vector } from '../operations.js'
import { signed, signedReport, standInSignatures } from './stand-in-signatures.js'

/** Named after the founder. */
const LINEAGE = 'anna'
const NOTHING = new TextEncoder().encode('{"add":[],"remove":[]}')

let net: Network
let anna: Peer
let bert: Peer
let mona: Stranger

/** Mona is a member, and the test speaks for her. */
beforeEach(() => {
  net = new Network()
  net.signaturesOf = standInSignatures
  ;[anna, bert] = net.room(['anna', 'bert'], UNSUSPECTING)
  mona = newcomer('mona')
  install(mona)
  net.settle()
  expect(bert.replica.members).toEqual(['anna', 'bert', 'mona'])
})

function newcomer(id: ReplicaId, sponsor = anna): Stranger {
  const stranger = net.stranger(id, sponsor)
  stranger.say({ type: 'hello', replica: id, lineage: '', renumbers: false, signs: true, digest: 0 })
  stranger.say({ type: 'join-request', namings: [], origins: [], base: '', insists: false })
  net.settle()
  return stranger
}

const consentOf = (who: ReplicaId, sponsor: ReplicaId, floor: number) =>
  standInSignatures(who).sign(consentStatement(LINEAGE, sponsor, floor))

function install(stranger: Stranger, by = stranger.id): void {
  const { nonce, floor } = stranger.theOnly('welcome')
  stranger.say({ type: 'installed', nonce, consent: consentOf(by, 'anna', floor) })
}

function say(operations: Operation[], reports: Report[] = []) {
  mona.say({ type: 'gossip', operations, reports, presences: [], answer: false })
  net.settle()
}

const applied = ({ replica }: Peer, author: string) => replica.room.history.applied.get(author) ?? 0
/** The next operation of somebody, on top of the room's clock. */
const next = (author: ReplicaId) => ({
  author,
  seq: applied(anna, author) + 1,
  clock: anna.replica.stats.clock + 1,
})

function expectNothingOf(reason: RegExp) {
  expect(mona.closedBecause).toMatch(reason)
  for (const { replica } of [anna, bert]) {
    expect(replica.status).toBe('member')
    expect(replica.members).toEqual(['anna', 'bert', 'mona'])
    expect(replica.stats.waiting).toBe(0)
    expect(replica.room.evicting.isUnderWay).toBe(false)
  }
  expect(anna.outputsOf('rejoin')).toEqual([])
  anna.type('goes on')
  net.settle()
  expect(bert.set.words).toContain('goes on')
}

describe('[ID1] a room whose members sign', () => {
  test('lets nobody in who does not, and is not entered by whoever does not', () => {
    const cleo = net.newcomer('cleo', anna, { signatures: undefined })
    expect(cleo.replica.status).toBe('over')
    expect(cleo.outputsOf('rejoin')[0]?.reason).toBe(
      'all members of a room must have identities, or none of them',
    )
    expect(anna.replica.members).not.toContain('cleo')
  })

  test('has operations, joins and leaves like any other', () => {
    const cleo = net.newcomer('cleo', bert, UNSUSPECTING)
    cleo.type('hello')
    net.pass(5000)
    expect(anna.set.words).toEqual(['hello'])
    cleo.feed({ type: 'leave' })
    net.settle()
    expect([anna, bert].map(({ replica }) => replica.members)).toEqual([
      ['anna', 'bert', 'mona'],
      ['anna', 'bert', 'mona'],
    ])
  })
})

describe('[ID2] a report', () => {
  const report = (): Report => ({
    replica: 'bert',
    n: 1000,
    seq: applied(anna, 'bert'),
    clock: anna.replica.stats.clock,
    epoch: 0,
    base: '',
    floor: anna.replica.stats.clock,
  })

  test.each([
    ['without a signature', () => report()],
    ['with that of whoever passes it on', () => signedReport(report(), LINEAGE, 'mona')],
    ['changed since it was signed', () => ({ ...signedReport(report(), LINEAGE), n: 1001 })],
    ['of another lineage', () => signedReport(report(), 'another')],
  ])('%s is nobody’s, and costs the link it came by', (_, forged) => {
    const before = anna.replica.room.stability.reports.get('bert')
    say([], [forged()])
    expect(anna.replica.room.stability.reports.get('bert')).toBe(before)
    expectNothingOf(/report bert 100\d was not signed by its replica/)
  })

  test('that its replica has signed counts, whoever passes it on', () => {
    say([], [signedReport(report(), LINEAGE)])
    expect(mona.closedBecause).toBeUndefined()
    expect(anna.replica.room.stability.reports.get('bert')?.n).toBe(1000)
  })

  test('that acknowledges what its replica does not hold harms nobody else', () => {
    anna.type('word')
    net.settle()
    const { clock } = anna.replica.stats
    const lie = { replica: 'mona', n: 1, seq: 0, clock, epoch: 0, base: '', floor: clock }
    say([], [signedReport(lie, LINEAGE)])
    net.pass(3000)
    expect(anna.point).toBeGreaterThanOrEqual(clock)
    expect([anna, bert].map(({ set }) => set.words)).toEqual([['word'], ['word']])
  })
})

describe('[ID3] an operation that is no update', () => {
  const inName = (author: ReplicaId): Record<string, () => Operation> => ({
    join: () => {
      const { seq, clock } = next(author)
      return { ...join(author, seq, clock, 'zoey', 1), consent: consentOf('zoey', author, 1) } as Operation
    },
    leave: () => leave(author, next(author).seq, next(author).clock),
    cut: () => cut(author, next(author).seq, next(author).clock, 1),
    fence: () => ({
      ...next(author),
      deps: vector({}),
      epoch: 0,
      kind: 'fence',
      stage: 1,
      decided: [['anna']],
    }),
    evict: () => {
      return {
        ...next(author),
        deps: vector({}),
        epoch: 0,
        kind: 'evict',
        stage: 1,
        cutOffs: vector({ anna: 1 }),
      }
    },
  })

  test.each(Object.keys(inName('bert')))('in another one’s name (%s) is nobody’s', (kind) => {
    const forged = inName('bert')[kind]?.()
    if (!forged) throw new Error('no such kind')
    say([forged])
    expectNothingOf(/bert \d+ was not signed by its author/)
  })

  test.each(Object.keys(inName('bert')))('with another one’s signature (%s) is nobody’s', (kind) => {
    const forged = inName('bert')[kind]?.()
    if (!forged) throw new Error('no such kind')
    say([signed(forged, LINEAGE, 'mona')])
    expectNothingOf(/bert \d+ was not signed by its author/)
  })

  test('and was changed since it was signed is nobody’s', () => {
    const genuine = signed(cut('bert', next('bert').seq, next('bert').clock, 1), LINEAGE)
    say([{ ...genuine, clock: genuine.clock + 1 }])
    expectNothingOf(/was not signed/)
  })

  test('and says it again is a repetition', () => {
    const [genuine] = anna.replica.room.history.log.operations.filter(({ kind }) => kind === 'join')
    if (!genuine) throw new Error('no join in the log')
    const { length } = anna.replica.room.history.log
    say([genuine])
    expect(mona.closedBecause).toBeUndefined()
    expect(anna.replica.room.history.log.length).toBe(length)
  })

  test('is checked by a newcomer, too, before it passes it on', () => {
    const zoey = net.seeker('zoey', UNSUSPECTING)
    const false_ = net.stranger('tina', zoey)
    const welcome = mona.theOnly('welcome')
    false_.say({ type: 'hello', replica: 'tina', lineage: LINEAGE, renumbers: false, signs: true, digest: 0 })
    false_.say({ ...welcome, nonce: 7 })
    const operations = [leave('bert', 40, 41)]
    const piece = { type: 'piece', nonce: 7, index: 0, last: true, permille: 1000, bytes: bytes() } as const
    false_.say({ ...piece, operations })
    expect(false_.closedBecause).toBe('leave bert 40 was not signed by its author')
    expect(zoey.replica.status).toBe('over')
  })

  test('[WI6] an update has no signature', () => {
    const { seq, clock } = next('mona')
    say([signed(update('mona', seq, clock, {}, NOTHING), LINEAGE)])
    expectNothingOf(/update mona 1 is signed/)
  })
})

describe('[ID4] a join', () => {
  const joinBy = (author: ReplicaId, who: ReplicaId, floor: number, consent?: Uint8Array): Operation => {
    const { seq, clock } = next(author)
    return signed(
      { ...join(author, seq, clock, who, floor), ...(consent && { consent }) } as Operation,
      LINEAGE,
    )
  }

  test.each([
    ['that the newcomer has not asked for', () => joinBy('mona', 'zoey', 1)],
    ['that it has asked of another sponsor', () => joinBy('mona', 'zoey', 1, consentOf('zoey', 'anna', 1))],
    [
      'with another floor than it was welcomed with',
      () => joinBy('mona', 'zoey', 2, consentOf('zoey', 'mona', 1)),
    ],
    ['with the word of somebody else', () => joinBy('mona', 'zoey', 1, consentOf('mona', 'mona', 1))],
  ])('%s is nobody’s', (_, forged) => {
    say([forged()])
    expectNothingOf(/join mona 1: zoey has not asked to be let in/)
  })

  test('that repeats the word of somebody’s join is nobody’s', () => {
    const [genuine] = anna.replica.room.history.log.operations.filter(({ kind }) => kind === 'join')
    if (genuine?.kind !== 'join') throw new Error('no join in the log')
    say([joinBy('mona', genuine.who, genuine.floor, genuine.consent)])
    expectNothingOf(/has not asked to be let in/)
  })

  test('is not made for whoever claims an id that it has no key for', () => {
    const zoey = newcomer('zoey')
    install(zoey, 'mona')
    net.settle()
    expect(zoey.heard('go')).toEqual([])
    expect(anna.replica.members).not.toContain('zoey')
  })
})

describe('[ID5] a leave in another one’s name', () => {
  const leaveOf = (who: ReplicaId, consent?: Uint8Array): Operation => {
    const { seq, clock } = next('mona')
    return signed({ ...leave('mona', seq, clock, who), ...(consent && { consent }) } as Operation, LINEAGE)
  }

  test.each([
    ['without its word', () => leaveOf('bert')],
    ['with another one’s word', () => leaveOf('bert', standInSignatures('mona').sign(withdrawalStatement()))],
    ['with another word of its', () => leaveOf('bert', consentOf('bert', 'anna', 1))],
  ])('%s is nobody’s', (_, forged) => {
    say([forged()])
    expectNothingOf(/leave mona 1: bert has not said so/)
  })

  test('with its word that it is over counts', () => {
    const zoey = newcomer('zoey')
    install(zoey)
    net.settle()
    const { nonce } = zoey.theOnly('welcome')
    zoey.say({ type: 'no', nonce, reason: 'too late' })
    expect(anna.replica.members).toContain('zoey')
    zoey.say({
      type: 'no',
      nonce,
      reason: 'too late',
      consent: standInSignatures('zoey').sign(withdrawalStatement()),
    })
    net.settle()
    expect([anna, bert].map(({ replica }) => replica.members.includes('zoey'))).toEqual([false, false])
  })

  test('is made of whoever gave up without knowing that it was let in, by what it gave up with', () => {
    net.held = ({ message }) => message.type === 'go'
    const cleo = net.newcomer('cleo', bert, UNSUSPECTING)
    net.lose(({ message }) => message.type === 'go')
    net.held = () => false
    const { withdrawal } = cleo.replica
    net.cut(cleo, bert)
    net.settle()
    expect(anna.replica.members).toContain('cleo')
    const withdrawals = new Map(withdrawal && [['cleo', withdrawal]])
    net.newcomer('cleo-2', bert, { ...UNSUSPECTING, formerIds: ['cleo'], withdrawals })
    net.pass(3000)
    expect([anna, bert].map(({ replica }) => replica.members.includes('cleo'))).toEqual([false, false])
    expect(anna.replica.members).toContain('cleo-2')
  })
})

describe('[ID6] in our own name', () => {
  test.each([
    [
      'a report',
      (): [Operation[], Report[]] => [
        [],
        [{ replica: 'anna', n: 1000, seq: 1, clock: 50, epoch: 0, base: '', floor: 50 }],
      ],
    ],
    ['a leave', (): [Operation[], Report[]] => [[leave('anna', next('anna').seq, 50)], []]],
  ])('%s that we have not signed costs its link, and we keep our id', (_, speak) => {
    say(...speak())
    expectNothingOf(/anna \d+ was not signed/)
  })

  test('an update makes us take another one, as others may hold it', () => {
    say([update('anna', next('anna').seq, 50, {}, NOTHING)])
    expect(anna.outputsOf('rejoin')[0]?.reason).toBe('somebody else speaks in our name')
  })
})

describe('[ID7] a link whose other end has proved who it is', () => {
  test('is closed if it says that it is somebody else', () => {
    anna.feed({ type: 'link-up', link: 77, peer: 'mona' })
    const said = anna.outputs.length
    const hello = {
      type: 'hello',
      replica: 'bert',
      lineage: LINEAGE,
      renumbers: false,
      signs: true,
      digest: 0,
    }
    anna.hear(77, { ...hello, type: 'hello' })
    expect(anna.outputs.slice(said)).toContainEqual({
      type: 'close',
      link: 77,
      reason: 'has not proved that name',
    })
  })
})

describe('[ID8] an eviction', () => {
  test('without the fences of all others is never applied', () => {
    const { seq, clock } = next('mona')
    const head = { author: 'mona', seq, clock, deps: vector({}), epoch: 0 }
    say([signed({ ...head, kind: 'evict', stage: 0, cutOffs: vector({ bert: 1 }) }, LINEAGE)])
    net.pass(3000)
    for (const { replica } of [anna, bert]) {
      expect(replica.members).toEqual(['anna', 'bert', 'mona'])
      expect(applied(anna, 'mona')).toBe(0)
    }
  })

  test.each([
    ['fence', { kind: 'fence', stage: 1, decided: [['mona']] } as const, 'it fences itself off'],
    ['evict', { kind: 'evict', stage: 1, cutOffs: vector({ mona: 0 }) } as const, 'it evicts itself'],
  ])('of whoever says it (%s) is nobody’s', (kind, body, reason) => {
    const { seq, clock } = next('mona')
    say([signed({ author: 'mona', seq, clock, deps: vector({}), epoch: 0, ...body }, LINEAGE)])
    expectNothingOf(new RegExp(`${kind} mona 1: ${reason}`))
  })

  test('that a member makes up is believed, in its own name alone, and whoever it concerns starts over with all it has', () => {
    bert.type('word')
    net.pass(2000)
    const { seq, clock } = next('mona')
    const head = { author: 'mona', seq, clock, deps: vector({}), epoch: 0 }
    say([signed({ ...head, kind: 'fence', stage: 1, decided: [['bert']] }, LINEAGE)])
    net.pass(5000)
    expect(bert.outputsOf('rejoin')[0]?.reason).toBe('the room went on without us')
    expect(anna.replica.members).toEqual(['anna', 'mona'])
    const again = net.newcomer('bert-2', anna, UNSUSPECTING, bert.set)
    expect(again.replica.members).toEqual(['anna', 'mona', 'bert-2'])
    expect([anna, again].map(({ set }) => set.words)).toEqual([['word'], ['word']])
  })

  test('said again, with less of who is gone than counts, throws nobody out', () => {
    bert.type('word')
    net.pass(2000)
    const fence = next('mona')
    const head = { author: 'mona', deps: vector({}), epoch: 0 }
    say([
      signed(
        { ...head, seq: fence.seq, clock: fence.clock, kind: 'fence', stage: 1, decided: [['bert']] },
        LINEAGE,
      ),
    ])
    for (let seconds = 0; seconds < 5; seconds++) {
      net.pass(1000)
      mona.say({ type: 'heartbeat', digest: 0 })
    }
    expect([...anna.replica.room.history.cutOffs]).toEqual([['bert', 1]])
    const { seq, clock } = next('mona')
    say([signed({ ...head, seq, clock, kind: 'evict', stage: 1, cutOffs: vector({ bert: 0 }) }, LINEAGE)])
    net.pass(3000)
    expect(applied(anna, 'mona')).toBe(seq - 1)
    expect(anna.replica.status).toBe('member')
  })

  test('of somebody silent goes on as ever', () => {
    const room = new Network()
    room.signaturesOf = standInSignatures
    const [ada, bob, eve] = room.room(['ada0', 'bob0', 'eve0'])
    room.crash(eve)
    ada.type('word')
    room.pass(30_000)
    expect([ada, bob].map(({ replica }) => replica.members)).toEqual([
      ['ada0', 'bob0'],
      ['ada0', 'bob0'],
    ])
    expect(ada.point).toBe(ada.replica.stats.clock)
  })
})

describe('[ID9] different histories', () => {
  const words = (word: string) =>
    new TextEncoder().encode(JSON.stringify({ add: [[word, word]], remove: [] }))
  const alarms = ({ outputs }: Peer) =>
    outputs.flatMap((one) => (one.type === 'alarm' ? [`${one.of} of ${one.from}`] : []))
  const toBert = () => {
    const other = net.stranger('mona', bert)
    other.say({ type: 'hello', replica: 'mona', lineage: LINEAGE, renumbers: false, signs: true, digest: 0 })
    return other
  }
  const tell = (to: Stranger, operations: Operation[], reports: Report[] = []) =>
    to.say({ type: 'gossip', operations, reports, presences: [], answer: false })

  test('are found out if a member tells each of two another one, and the two become one again', () => {
    const { seq, clock } = next('mona')
    const other = toBert()
    net.held = ({ message }) => message.type === 'gossip' && message.operations.length > 0
    tell(mona, [update('mona', seq, clock, {}, words('one'))])
    tell(other, [update('mona', seq, clock, {}, words('another'))])
    net.settle()
    net.held = () => false
    expect([anna, bert].map(({ set }) => set.words)).toEqual([['one'], ['another']])
    net.pass(5000)
    expect(alarms(anna)).toEqual(['history of bert'])
    expect(alarms(bert)).toEqual(['history of anna', 'history of bert'])
    // As many have the one as the other: it is the oldest member's that counts.
    expect([anna, bert].map(({ replica }) => replica.status)).toEqual(['member', 'over'])
    expect(bert.outputsOf('rejoin')[0]?.reason).toBe('this replica has another history than the room')
    const again = net.newcomer('bert-2', anna, UNSUSPECTING, bert.set)
    net.pass(5000)
    expect(again.set.words).toEqual(['another', 'one'])
    expect(anna.set.words).toEqual(['another', 'one'])
    expect(alarms(again)).toEqual([])
  })

  test('are found out if a member has put something in another one’s name, before that one was heard', () => {
    net.held = ({ from, message }) => from === 'bert' && message.type === 'gossip'
    const { seq, clock } = next('bert')
    bert.type('genuine')
    tell(mona, [update('bert', seq, clock, {}, words('forged'))])
    net.settle()
    net.held = () => false
    net.settle()
    expect([anna, bert].map(({ set }) => set.words)).toEqual([['forged'], ['genuine']])
    // Nobody's floor rises beyond what a member has told of.
    const report = { replica: 'mona', n: 1, seq: 0, clock: clock + 5, epoch: 0, base: '', floor: clock }
    tell(mona, [], [signedReport(report, LINEAGE)])
    net.pass(5000)
    expect(alarms(anna)).toContain('history of bert')
    expect([anna, bert].filter(({ replica }) => replica.status === 'over').length).toBe(1)
  })

  test('of most others count, whoever is the oldest', () => {
    const cleo = net.newcomer('cleo', bert, UNSUSPECTING)
    net.pass(2000)
    net.held = ({ from, to }) => from === 'anna' || to === 'anna'
    const other = toBert()
    const { seq, clock } = next('mona')
    tell(mona, [update('mona', seq, clock, {}, words('one'))])
    tell(other, [update('mona', seq, clock, {}, words('another'))])
    net.settle()
    net.held = () => false
    net.pass(5000)
    expect(cleo.set.words).toEqual(['another'])
    expect([anna, bert, cleo].map(({ replica }) => replica.status)).toEqual(['over', 'member', 'member'])
  })

  test('that a member claims to have, by a report that is not true, are its own business', () => {
    anna.type('word')
    net.settle()
    const { clock } = anna.replica.stats
    const lie = { replica: 'mona', n: 1, seq: 0, clock, epoch: 0, base: '', floor: clock }
    tell(mona, [], [signedReport({ ...lie, history: new Uint8Array(20).fill(6) }, LINEAGE)])
    net.pass(5000)
    expect(alarms(anna)).toEqual(['history of mona'])
    expect([anna, bert].map(({ replica }) => replica.status)).toEqual(['member', 'member'])
  })

  test('are none where members join, leave, are evicted and write', () => {
    const cleo = net.newcomer('cleo', bert, UNSUSPECTING)
    for (const [i, peer] of [anna, bert, cleo, anna].entries()) {
      peer.type(`word ${i}`)
      net.pass(700)
    }
    const dora = net.newcomer('dora', cleo, UNSUSPECTING)
    dora.type('late')
    cleo.feed({ type: 'leave' })
    net.pass(5000)
    const told = [...anna.replica.room.stability.reports.values()]
    expect(told.filter(({ history }) => history !== undefined).length).toBeGreaterThan(1)
    expect([anna, bert, cleo, dora].flatMap(alarms)).toEqual([])
    expect(dora.set.words).toEqual(anna.set.words)
  })
})

describe('[ID10] a member that answers and acknowledges nothing', () => {
  const HONEST = { forkAfterMs: 10_000 }

  test('is evicted after a while, and what it held back goes on', () => {
    net = new Network()
    net.signaturesOf = standInSignatures
    ;[anna] = net.room(['anna'], HONEST)
    mona = newcomer('mona')
    install(mona)
    net.pass(1000)
    const before = anna.point
    anna.type('word')
    const pass = (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        mona.say({ type: 'heartbeat', digest: 0 })
        net.pass(1000)
      }
    }
    pass(12)
    expect(anna.point).toBe(before)
    expect(anna.replica.members).toContain('mona')
    pass(30)
    expect(anna.replica.members).toEqual(['anna'])
    expect(anna.point).toBe(anna.replica.stats.clock)
  })

  test('is nobody who reports, however long people go on to edit', () => {
    net = new Network()
    net.signaturesOf = standInSignatures
    const [ada, bob, eve] = net.room(['ada0', 'bob0', 'eve0'], HONEST)
    for (let i = 0; i < 400; i++) {
      ada.type(`word ${i}`)
      net.pass(100)
    }
    expect([ada, bob, eve].map(({ replica }) => replica.members.length)).toEqual([3, 3, 3])
    expect(ada.replica.eviction(net.now).suspects).toEqual([])
  })
})
