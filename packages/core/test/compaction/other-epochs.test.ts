/** Operations of another epoch than one's own. */
import { describe, expect, test } from 'vitest'
import { type Letter, Network } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'
import { ahead, BY_HAND, type Cutter, compact, epochs, hashes, room } from './cutters.js'

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
