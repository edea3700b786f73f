/** Coming in where history is cut. */
import { describe, expect, test } from 'vitest'
import { Network } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'
import { ahead, BY_HAND, type Cutter, compact, epochs, from, hashes, member, room } from './cutters.js'

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
