/**
 * Cuts on real replicas: a set whose words get new tags at every cut shows at once whether everybody executed the
 * same cut, and translated what came late.
 */
import { describe, expect, test } from 'vitest'
import { baseHash } from '../../src/compaction/base.js'
import type { NamedPayload, Naming, ReplicaConfig } from '../../src/index.js'
import { carriesOperations, carriesReports, type Letter, Network, type Peer } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'

/** Nothing is cut but what the test asks for. */
const BY_HAND: Partial<ReplicaConfig> = { cutMinBytes: 1e9, idleCutMs: 1e9, undoHorizonMs: 1e9 }

interface Cutter extends Peer {
  readonly set: RenumberedSet
}

function member(net: Network, id: string, sponsor?: Peer, config: Partial<ReplicaConfig> = BY_HAND): Cutter {
  const set = new RenumberedSet(id)
  const peer = sponsor ? net.newcomer(id, sponsor, config, set) : net.founder(id, config, set)
  return peer as Cutter
}

function room(net: Network, ids: readonly string[], config?: Partial<ReplicaConfig>): Cutter[] {
  const [first = '', ...others] = ids
  const founder = member(net, first, undefined, config)
  const members = [founder, ...others.map((id) => member(net, id, founder, config))]
  net.pass(10_000)
  return members
}

const epochs = (peers: readonly Peer[]) => peers.map(({ replica }) => replica.stats.epoch)
const hashes = (peers: readonly Peer[]) => new Set(peers.map(({ replica }) => replica.room.base.hash))
const compact = (peer: Peer) => peer.feed({ type: 'compact' })
const cutsIn = (peer: Peer) =>
  peer.replica.room.history.aboveBase.filter((operation) => operation.kind === 'cut')
const from = (peer: Peer) => (letter: Letter) => letter.from === peer.id
/** Reports by which a peer would learn that others have everything up to the cut that `by` has made. */
function confirms(by: Peer): (letter: Letter) => boolean {
  const clock = cutsIn(by)[0]?.clock ?? 0
  return ({ message }) => message.type === 'gossip' && message.reports.some(({ floor }) => floor >= clock)
}
const to = (peer: Peer) => (letter: Letter) => letter.to === peer.id

/** Bert has executed a cut of which Cleo does not know that it is stable. */
function ahead(net: Network): [Cutter, Cutter, Cutter] {
  const [anna, bert, cleo] = room(net, ['anna', 'bert', 'cleo']) as [Cutter, Cutter, Cutter]
  cleo.type('old')
  net.pass(5000)
  compact(anna)
  // Cleo tells that it has the cut, and hears nobody else do so.
  const isWord = confirms(anna)
  net.held = (letter) => letter.to === 'cleo' && isWord(letter)
  net.pass(4000)
  expect(epochs([anna, bert, cleo])).toEqual([1, 1, 0])
  return [anna, bert, cleo]
}

describe('a cut', () => {
  test('[CU3] is executed by everybody once its snapshot point has reached it, and empties log and segment', () => {
    const net = new Network()
    const [anna, bert, cleo] = room(net, ['anna', 'bert', 'cleo']) as [Cutter, Cutter, Cutter]
    for (const [peer, word] of [
      [anna, 'a'],
      [bert, 'b'],
      [cleo, 'c'],
    ] as const)
      peer.type(word)
    net.pass(5000)
    expect(anna.replica.stats.segmentOperations).toBeGreaterThan(3)
    bert.set.delete('a')
    bert.feed({ type: 'local-change' })
    compact(anna)
    net.pass(5000)
    const peers = [anna, bert, cleo]
    expect(epochs(peers)).toEqual([1, 1, 1])
    for (const { replica, set } of peers) {
      expect(replica.stats).toMatchObject({ segmentOperations: 0, logOperations: 0 })
      expect(set.words).toEqual(['b', 'c'])
    }
    const [news] = anna.outputsOf('cut')
    expect(news?.cut).toMatchObject({ epoch: 1, through: anna.replica.stats.baseThrough })
  })

  test('[CU3] waits for the member that has not got it, and the snapshot point waits below it', () => {
    const net = new Network()
    const [anna, bert, cleo] = room(net, ['anna', 'bert', 'cleo']) as [Cutter, Cutter, Cutter]
    net.held = to(cleo)
    compact(anna)
    const [cut] = cutsIn(anna)
    net.pass(4000)
    expect(epochs([anna, bert])).toEqual([0, 0])
    expect(anna.point).toBeLessThan(cut?.clock ?? 0)
    net.held = () => false
    net.pass(4000)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    expect(anna.point).toBeGreaterThanOrEqual(cut?.clock ?? 0)
  })

  test('[CU3] is worked off in steps, between which the replica goes on', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    anna.set.steps = 1e9
    anna.type('a')
    compact(anna)
    net.settle = () => {
      for (let i = 0; i < 1000 && net.underway.some((letter) => !net.held(letter)); i++) net.deliver()
    }
    for (let i = 0; i < 20; i++) {
      net.now += 300
      for (const peer of [anna, bert]) peer.feed({ type: 'timer' })
      net.settle()
    }
    expect(epochs([anna, bert])).toEqual([0, 1])
    anna.type('b')
    bert.type('c')
    net.settle()
    expect(anna.set.words).toEqual(['a', 'b'])
    expect(bert.set.words).toEqual(['a', 'b', 'c'])
    expect(anna.replica.stats.waiting).toBe(1)
    anna.set.steps = 2
  })

  test('[CU3] goes on by its timer alone; then what waited is applied a little at a time', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    const deliverAll = () => {
      while (net.underway.length > 0) net.deliver()
    }
    net.settle = deliverAll
    anna.set.steps = 30
    compact(anna)
    for (let i = 0; i < 20 && epochs([bert])[0] === 0; i++) {
      net.now += 300
      for (const peer of [anna, bert]) peer.feed({ type: 'timer' })
      deliverAll()
    }
    expect(epochs([anna, bert])).toEqual([0, 1])
    for (let i = 0; i < 40; i++) {
      bert.type(`word ${i}`)
      deliverAll()
    }
    expect(epochs([anna])).toEqual([0])
    expect(anna.set.words).toEqual([])

    const known: number[] = []
    for (let i = 0; i < 100 && anna.set.words.length < 40; i++) {
      expect(anna.timerAt).toBeLessThanOrEqual(net.now)
      anna.feed({ type: 'timer' })
      bert.feed({ type: 'presence', bytes: Uint8Array.of(i) })
      deliverAll()
      known.push(anna.set.words.length)
    }
    expect(epochs([anna])).toEqual([1])
    expect(known.at(-1)).toBe(40)
    const growth = known.map((count, i) => count - (known[i - 1] ?? 0))
    expect(Math.max(...growth)).toBeLessThanOrEqual(3)
  })

  test('[CU3] in a room of one needs nobody else, and no other input', () => {
    const net = new Network()
    const anna = member(net, 'anna', undefined, { ...BY_HAND, idleCutMs: 1000, undoHorizonMs: 0 })
    anna.type('a')
    net.pass(5000)
    expect(anna.replica.stats).toMatchObject({ epoch: 1, logOperations: 0, segmentOperations: 0 })
    expect(anna.point).toBe(anna.replica.stats.clock)
  })

  test('[CU8] that was asked for while another one was on its way follows it', () => {
    const net = new Network()
    const anna = member(net, 'anna')
    anna.type('a')
    compact(anna)
    anna.type('b')
    compact(anna)
    net.pass(1000)
    expect(anna.replica.stats).toMatchObject({ epoch: 2, logOperations: 0, segmentOperations: 0 })
  })

  test('[CU12] lets only the structure of whoever made it take out what has no effect', () => {
    const net = new Network()
    const peers = room(net, ['anna', 'bert', 'cleo'])
    const asked: string[] = []
    for (const { id, set } of peers) {
      const tidy = () => {
        asked.push(id)
        set.add('tidied')
      }
      Object.assign(set.epochs, { tidy })
    }
    const [, bert] = peers
    if (bert) compact(bert)
    net.pass(5000)
    expect(asked).toEqual(['bert'])
    for (const { set } of peers) expect(set.words).toEqual(['tidied'])
  })

  test('[CU2] means nothing where nothing is cut', () => {
    const net = new Network()
    const [anna, bert] = net.room(['anna', 'bert'])
    anna.replica.room.author({ kind: 'cut', through: 0 })
    anna.type('a')
    net.pass(5000)
    expect(bert.point).toBe(anna.replica.stats.clock)
    expect(bert.set.words).toEqual(['a'])
  })

  test('[CU1] is not made while somebody has not told that it is in this epoch', () => {
    const net = new Network()
    const [anna, bert, cleo] = room(net, ['anna', 'bert', 'cleo']) as [Cutter, Cutter, Cutter]
    compact(anna)
    net.pass(2000)
    // Cleo has executed the cut; only its report of it is missing.
    net.held = (letter) => letter.from === 'cleo' && carriesReports(letter)
    net.pass(0)
    for (const peer of [anna, bert]) peer.replica.room.stability.addMember('cleo', standing(peer, 'cleo', 0))
    compact(anna)
    net.pass(3000)
    expect(cutsIn(anna)).toEqual([])
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    net.held = () => false
    cleo.type('word')
    net.pass(5000)
    expect(epochs([anna, bert, cleo])).toEqual([2, 2, 2])
  })

  const standing = (peer: Peer, of: string, epoch: number) => {
    const known = peer.replica.room.stability.standing(of)
    if (!known) throw new Error(`${of} is no member`)
    return { ...known, epoch }
  }

  test('[CU1] names no clock below the first report of this epoch of anybody', () => {
    const net = new Network()
    const config = { ...BY_HAND, cutMinBytes: 1, cutShare: 0, undoHorizonMs: 50 }
    const [anna, bert] = room(net, ['anna', 'bert'], config) as [Cutter, Cutter]
    for (const word of ['a', 'b', 'c', 'd']) {
      bert.type(word)
      anna.type(`${word}${word}`)
      net.pass(700)
    }
    const peers = [anna, bert]
    for (const { epoch, through, author } of peers.flatMap((peer) => made(peer))) {
      for (const peer of peers.filter(({ id }) => id !== author)) {
        const first = reportsOf(peer).find((report) => report.epoch === epoch)
        expect(through).toBeGreaterThanOrEqual(epoch === 0 ? 0 : (first?.clock ?? Number.POSITIVE_INFINITY))
      }
    }
    expect(epochs(peers)[0]).toBeGreaterThan(2)
  })

  const reportsOf = (peer: Peer) => peer.sent('gossip').flatMap(({ reports }) => reports)
  /** The cuts that a peer has made. */
  const made = (peer: Peer) =>
    peer
      .sent('gossip')
      .flatMap(({ operations }) => operations)
      .flatMap((operation) => (operation.kind === 'cut' && operation.author === peer.id ? [operation] : []))

  test('[CU1] names no clock below what those who left have made in an earlier epoch', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    // In the old epoch Cleo types, and leaves.
    for (const word of ['x', 'y', 'z']) cleo.type(word)
    cleo.feed({ type: 'leave' })
    net.held = () => false
    net.pass(3000)
    expect(epochs([anna, bert])).toEqual([1, 1])
    for (const { replica } of [anna, bert]) {
      const made = replica.room.history.aboveBase.filter(({ author }) => author === 'cleo')
      expect(made.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0])
      expect(replica.room.cuts?.lowest()).toBeGreaterThanOrEqual(made.at(-1)?.clock ?? Number.NaN)
    }
  })

  test('[OP8] leaves out what everybody has refused', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    bert.replica.room.author({ kind: 'update', payload: new Uint8Array([1, 2, 3]) })
    bert.replica.room.cuts?.leaveOut(bert.replica.room.history.log.operations[0] ?? raise())
    anna.type('a')
    const cleo = member(net, 'cleo', anna)
    compact(anna)
    net.pass(5000)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    expect(hashes([anna, bert, cleo]).size).toBe(1)
    expect(cleo.set.words).toEqual(['a'])
  })

  const raise = (): never => {
    throw new Error('there is no operation')
  }

  test('[CU2] of two made at once the first in total order counts, the other one is void', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    net.held = carriesOperations
    anna.type('a')
    bert.type('b')
    compact(anna)
    compact(bert)
    net.held = () => false
    net.pass(1)
    expect(cutsIn(anna).map(({ author }) => author)).toEqual(['anna', 'bert'])
    const [first] = cutsIn(anna)
    net.pass(5000)
    expect(anna.outputsOf('cut').map(({ cut }) => cut.epoch)).toEqual(
      bert.outputsOf('cut').map(({ cut }) => cut.epoch),
    )
    expect(anna.outputsOf('cut')[0]?.cut.through).toBe(first?.kind === 'cut' ? first.through : 0)
    expect(hashes([anna, bert]).size).toBe(1)
  })

  test('[CU2] one that names a clock below the base is void', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    anna.type('a')
    compact(anna)
    net.pass(5000)
    bert.replica.room.author({ kind: 'cut', through: bert.replica.stats.baseThrough - 1 })
    bert.type('b')
    net.pass(5000)
    expect(epochs([anna, bert])).toEqual([1, 1])
    expect(anna.point).toBe(anna.replica.stats.clock)
    compact(anna)
    net.pass(5000)
    expect(epochs([anna, bert])).toEqual([2, 2])
  })
})

describe('an operation of another epoch', () => {
  test('[CU4] above ours makes us execute the cut, if it leads to the base whose hash it carries', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    bert.type('new')
    bert.type('newer')
    net.pass(100)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    expect(cleo.set.words).toEqual(['new', 'newer', 'old'])
    expect(hashes([anna, bert, cleo]).size).toBe(1)
    const made = bert.replica.room.history.log.operations.filter(({ author }) => author === 'bert')
    expect(made.map(({ base }) => base)).toEqual([bert.replica.room.base.hash, undefined])
  })

  test('[CU4] above ours may be the last word of somebody who has left', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    net.lose((letter) => letter.to === 'cleo')
    bert.feed({ type: 'leave' })
    net.pass(100)
    expect(epochs([anna, cleo])).toEqual([1, 1])
    expect(cleo.replica.members).toEqual(['anna', 'cleo'])
  })

  test('[CU4] above ours is not needed where a report of that epoch tells the same', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    const base = bert.replica.room.base.hash
    const isOfAnna = ({ message }: Letter) =>
      message.type === 'gossip' && message.reports.some(({ replica }) => replica === 'anna')
    // What Anna has, and that she is in the next epoch, Cleo never hears.
    net.lose((letter) => letter.to === 'cleo' && isOfAnna(letter))
    net.held = (letter) => letter.to === 'cleo' && isOfAnna(letter)
    net.pass(0)
    expect(cleo.replica.room.stability.standing('anna')?.epoch).toBe(0)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    expect(cleo.replica.room.base.hash).toBe(base)
  })

  test('[CU4] is not needed where somebody comes back from the epoch above ours', () => {
    const net = new Network()
    const [anna, , cleo] = ahead(net)
    const formerBase = anna.replica.lastBase
    const set = new RenumberedSet('anna-again')
    set.epochs.namings = [{ lineage: 'anna', epoch: 1 }]
    const early = net.newcomer('anna-again', cleo, { ...BY_HAND, formerBase }, set)
    expect(early.outputsOf('rejoin')[0]?.reason).toContain('not as far')
    net.pass(100)
    expect(cleo.replica.stats.epoch).toBe(1)
    expect(cleo.replica.room.base.hash).toBe(formerBase?.hash)
  })

  test('[CU11] who comes back from an epoch that the room never reaches is let in if it insists', () => {
    const net = new Network()
    const [, , cleo] = ahead(net)
    const set = new RenumberedSet('anna-again')
    set.epochs.namings = [{ lineage: 'anna', epoch: 1 }]
    const returner = net.newcomer('anna-again', cleo, { ...BY_HAND, insists: true }, set)
    expect(returner.replica.status).toBe('member')
  })

  test('[CU4] where somebody comes back from the epoch above ours begins anew with what comes late below the cut', () => {
    /** Bert adds a word, of which Cleo hears late; Anna asks for a cut of all that. */
    const written = (net: Network, isLate: boolean): Cutter[] => {
      const peers = room(net, ['anna', 'bert', 'cleo']) as [Cutter, Cutter, Cutter]
      const [anna, bert] = peers
      net.held = (letter) => letter.from === 'bert' && (letter.to === 'anna' || isLate)
      bert.type('x')
      net.pass(0)
      for (const word of ['a', 'b', 'c']) anna.type(word)
      compact(anna)
      net.pass(isLate ? 0 : 100)
      return peers
    }
    const whole = new Network()
    const [anna] = written(whole, false) as [Cutter, Cutter, Cutter]
    whole.held = () => false
    whole.pass(5000)
    expect(anna.replica.stats.epoch).toBe(1)
    const formerBase = anna.replica.lastBase
    const net = new Network()
    const [, , cleo] = written(net, true) as [Cutter, Cutter, Cutter]
    const below: number[] = []
    const { begin } = cleo.set.epochs
    cleo.set.epochs.begin = (cut) => {
      below.push(cut.below.length)
      net.held = () => false
      return begin.call(cleo.set.epochs, cut)
    }
    const set = new RenumberedSet('anna-again')
    set.epochs.namings = [{ lineage: 'anna', epoch: 1 }]
    net.newcomer('anna-again', cleo, { ...BY_HAND, formerBase }, set)
    net.pass(100)
    expect(cleo.replica.stats.epoch).toBe(1)
    expect(below).toEqual([3, 4])
  })

  test('[CU4] is not needed, but the word of somebody who holds another base is not taken', () => {
    const net = new Network()
    const [anna, , cleo] = ahead(net)
    const hash = 'ffffffffffffffff'
    const set = new RenumberedSet('anna-again')
    set.epochs.namings = [{ lineage: 'anna', epoch: 1 }]
    net.newcomer('anna-again', cleo, { ...BY_HAND, formerBase: { lineage: 'anna', epoch: 1, hash } }, set)
    net.pass(100)
    expect(cleo.replica.stats.epoch).toBe(0)
    expect(cleo.replica.status).toBe('member')
    expect(anna.replica.stats.epoch).toBe(1)
  })

  test('[CU4] above ours shows us that we hold something else than the room: we start over', () => {
    const net = new Network()
    const [, bert, cleo] = ahead(net)
    cleo.set.isWrong = true
    bert.type('new')
    net.pass(100)
    expect(cleo.replica.status).toBe('over')
    expect(cleo.outputsOf('rejoin')).toHaveLength(1)
    expect(cleo.outputsOf('alarm')[0]?.from).toBe('cleo')
    expect(cleo.replica.stats.epoch).toBe(0)
  })

  test('[CU6] below ours is translated, and everybody holds it as it was authored', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    cleo.set.delete('old')
    cleo.feed({ type: 'local-change' })
    net.pass(100)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 0])
    expect(anna.set.words).toEqual([])
    expect(anna.set.applied.at(-1)).toBe(0)
    const held = anna.replica.room.history.log.operations.find(({ author }) => author === 'cleo')
    expect(held?.epoch).toBe(0)
    net.held = () => false
    net.pass(5000)
    for (const peer of [anna, bert, cleo]) expect(peer.set.words).toEqual([])
    compact(anna)
    net.pass(5000)
    expect(hashes([anna, bert, cleo]).size).toBe(1)
    expect(epochs([anna, bert, cleo])).toEqual([2, 2, 2])
  })

  test('[EV7] two epochs ahead shows us that we are no member any more', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    bert.replica.room.history.epoch = 2
    bert.type('from far away')
    net.settle()
    expect(anna.outputsOf('rejoin')[0]?.reason).toBe('the room went on without us')
    expect(anna.set.words).toEqual([])
  })
})

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

describe('the base', () => {
  test('[CU5] has one hash on all members, over content, members and versions, and reports tell it', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    const cleo = member(net, 'cleo', anna)
    anna.type('a')
    compact(anna)
    net.pass(5000)
    const peers = [anna, bert, cleo]
    expect([...hashes(peers)][0]).toMatch(/^[0-9a-f]{16}$/)
    expect(hashes(peers).size).toBe(1)
    for (const peer of peers) {
      expect([...peer.replica.room.base.members].sort()).toEqual(['anna', 'bert', 'cleo'])
      for (const report of peer.replica.room.stability.reports.values()) {
        expect(report).toMatchObject({ epoch: 1, base: anna.replica.room.base.hash })
      }
    }
  })

  test('[CU5] is another one after another cut, even if nothing else differs', () => {
    const state = { through: 8, hash: '', applied: new Map([['anna', 4]]), members: ['anna', 'bert'] }
    const [cut, other] = ['anna', 'bert'].map((author) =>
      baseHash('room', 3, { author, seq: 5 }, state, new Uint8Array(4)),
    )
    expect(cut).not.toBe(other)
  })

  test('[CU5] that differs raises an alarm, once', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    anna.type('a')
    net.pass(3000)
    bert.set.isWrong = true
    compact(anna)
    net.pass(5000)
    expect(anna.outputsOf('alarm').map(({ from }) => from)).toEqual(['bert'])
    bert.type('b')
    net.pass(5000)
    expect(anna.outputsOf('alarm')).toHaveLength(1)
    expect(bert.outputsOf('alarm').map(({ from }) => from)).toEqual(['anna'])
  })
})

describe('a newcomer', () => {
  test('[CU7] gets the base and all operations above it, and executes the next cut as everybody does', () => {
    const net = new Network()
    const [anna, bert] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    anna.type('a')
    compact(anna)
    net.pass(5000)
    bert.type('b')
    net.pass(5000)
    bert.type('c')
    const cleo = member(net, 'cleo', anna)
    expect(cleo.set.words).toEqual(['a', 'b', 'c'])
    expect(cleo.replica.stats.epoch).toBe(1)
    expect(cleo.replica.room.base).toEqual(anna.replica.room.base)
    cleo.set.delete('a')
    cleo.feed({ type: 'local-change' })
    compact(cleo)
    net.pass(5000)
    const peers = [anna, bert, cleo]
    expect(epochs(peers)).toEqual([2, 2, 2])
    expect(hashes(peers).size).toBe(1)
    for (const peer of peers) expect(peer.set.words).toEqual(['b', 'c'])
  })

  test('[CU7] gets the table that leads into the base while operations of the epoch before may come', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    net.held = from(cleo)
    cleo.set.delete('old')
    cleo.feed({ type: 'local-change' })
    const dora = member(net, 'dora', anna)
    expect(dora.set.words).toEqual(['old'])
    net.held = () => false
    net.pass(5000)
    expect(dora.set.words).toEqual([])
    expect(dora.set.applied).toContain(0)
    expect(epochs([anna, bert, cleo, dora])).toEqual([1, 1, 1, 1])
  })

  test('[CU7] whose sponsor executed a cut after the welcome executes it before it is a member', () => {
    const net = new Network()
    const [anna, bert, cleo] = ahead(net)
    const { held } = net
    net.held = (letter) => held(letter) || letter.message.type === 'installed'
    const dora = member(net, 'dora', cleo)
    expect(dora.replica.status).toBe('joining')
    net.held = (letter) => letter.message.type === 'installed'
    net.pass(3000)
    expect(epochs([anna, bert, cleo])).toEqual([1, 1, 1])
    net.held = () => false
    net.pass(1000)
    expect(dora.replica.status).toBe('member')
    const peers = [anna, bert, cleo, dora]
    expect(epochs(peers)).toEqual([1, 1, 1, 1])
    expect(hashes(peers).size).toBe(1)
    expect(dora.set.words).toEqual(['old'])
  })

  test('[CU11] that comes back from before all tables is sent to somebody else, and let in if it insists', () => {
    const net = new Network()
    const [anna] = room(net, ['anna', 'bert']) as [Cutter, Cutter]
    for (const word of ['a', 'b']) {
      anna.type(word)
      compact(anna)
      net.pass(5000)
    }
    const returning = (id: string, insists: boolean) => {
      const set = new RenumberedSet(id)
      set.epochs.namings = [{ lineage: 'anna', epoch: 0 }]
      return net.newcomer(id, anna, { ...BY_HAND, insists }, set)
    }
    expect(returning('cleo', false).outputsOf('rejoin')[0]?.reason).toContain('nothing here leads')
    expect(returning('dora', true).replica.status).toBe('member')
  })

  test('[CU9] of another mode is told so, and does not come in', () => {
    const net = new Network()
    const anna = member(net, 'anna')
    const plain = net.newcomer('bert', anna)
    net.pass(1000)
    expect(plain.replica.status).toBe('over')
    expect(plain.outputsOf('refused')[0]?.reason).toContain('compaction mode')
    expect(anna.replica.members).toEqual(['anna'])
  })

  test('[CU9] a replica whose structure has epochs can not keep its log', () => {
    const net = new Network()
    expect(() => member(net, 'anna', undefined, { keepLog: true })).toThrow('keepLog')
  })
})
