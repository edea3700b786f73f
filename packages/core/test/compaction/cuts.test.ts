/** When a cut is made, when it is executed, and what comes of it. */
import { describe, expect, test } from 'vitest'
import { baseHash } from '../../src/compaction/base.js'
import { carriesOperations, carriesReports, Network, type Peer } from '../hand-driven-network.js'
import { ahead, BY_HAND, type Cutter, compact, cutsIn, epochs, hashes, member, room, to } from './cutters.js'

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
