/**
 * An idle room of two whose older member vanished before it told of having executed a cut: nothing is waited for but the next
 * cut, and nobody can be taken out, so it is that which must not wait for ever.
 */
import { describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG, type ReplicaConfig } from '../../src/index.js'
import { Network, type Peer } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'

const BY_HAND: Partial<ReplicaConfig> = { cutMinBytes: 1e9, idleCutMs: 1e9, undoHorizonMs: 1e9 }
const { forkAfterMs, suspectAfterMs } = DEFAULT_CONFIG
/** Silence as it is allowed in an idle room, and the time before a room is founded anew. */
const PATIENCE_MS = 2 * forkAfterMs + suspectAfterMs + 5000

/** Bert has executed a cut; Anna, who is older, has told that she holds it, and is gone before she executed it. */
function leftAlone(net: Network, config: Partial<ReplicaConfig> = BY_HAND): Peer {
  const anna = net.founder('anna', config, new RenumberedSet('anna'))
  const bert = net.newcomer('bert', anna, config, new RenumberedSet('bert'))
  net.pass(10_000)
  anna.type('word')
  net.pass(2000)
  const told = bert.replica.stats.clock
  net.held = ({ to, message }) =>
    to === 'anna' && message.type === 'gossip' && message.reports.some(({ floor }) => floor > told)
  bert.feed({ type: 'compact' })
  bert.type('another')
  net.pass(5000)
  expect([anna, bert].map(({ replica }) => replica.stats.epoch)).toEqual([0, 1])
  net.crash(anna)
  net.pass(2000)
  const { snapshotPoint, stats } = bert.replica
  expect(snapshotPoint, 'nothing else is held back').toBe(stats.clock)
  return bert
}

describe('a cut that waits for somebody who is gone', () => {
  test('[LI8] [SP8] names whom it waits for, and does not wait for ever', () => {
    const net = new Network()
    const bert = leftAlone(net)
    expect(bert.replica.blockedBy).toEqual([])
    bert.feed({ type: 'compact' })
    expect(bert.replica.blockedBy).toEqual([{ replica: 'anna', reason: 'silent' }])
    net.pass(forkAfterMs)
    expect(bert.replica.status, 'who sleeps may sleep a while').toBe('member')
    net.pass(PATIENCE_MS - forkAfterMs)
    expect(bert.outputsOf('fork')).toHaveLength(1)
  })

  test('[LI8] [CU8] nor does one that only pays, in an idle room', () => {
    const net = new Network()
    const idleCutMs = 20_000
    const bert = leftAlone(net, { ...BY_HAND, idleCutMs, undoHorizonMs: idleCutMs })
    net.pass(idleCutMs + PATIENCE_MS)
    expect(bert.outputsOf('fork')).toHaveLength(1)
  })

  test('[LI8] where no cut is due nobody founds anything', () => {
    const net = new Network()
    const bert = leftAlone(net)
    net.pass(10 * forkAfterMs)
    expect(bert.outputsOf('fork')).toEqual([])
    expect(bert.replica.blockedBy).toEqual([])
  })
})
