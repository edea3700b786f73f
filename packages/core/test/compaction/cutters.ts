/**
 * Replicas whose structure is a set whose words get new tags at every cut: that shows at once whether everybody executed
 * the same cut, and translated what came late.
 */
import { expect } from 'vitest'
import type { ReplicaConfig } from '../../src/index.js'
import type { Letter, Network, Peer } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'

/** Nothing is cut but what the test asks for. */
export const BY_HAND: Partial<ReplicaConfig> = { cutMinBytes: 1e9, idleCutMs: 1e9, undoHorizonMs: 1e9 }

export interface Cutter extends Peer {
  readonly set: RenumberedSet
}

export function member(
  net: Network,
  id: string,
  sponsor?: Peer,
  config: Partial<ReplicaConfig> = BY_HAND,
): Cutter {
  const set = new RenumberedSet(id)
  const peer = sponsor ? net.newcomer(id, sponsor, config, set) : net.founder(id, config, set)
  return peer as Cutter
}

export function room(net: Network, ids: readonly string[], config?: Partial<ReplicaConfig>): Cutter[] {
  const [first = '', ...others] = ids
  const founder = member(net, first, undefined, config)
  const members = [founder, ...others.map((id) => member(net, id, founder, config))]
  net.pass(10_000)
  return members
}

export const epochs = (peers: readonly Peer[]) => peers.map(({ replica }) => replica.stats.epoch)
export const hashes = (peers: readonly Peer[]) => new Set(peers.map(({ replica }) => replica.room.base.hash))
export const compact = (peer: Peer) => peer.feed({ type: 'compact' })
export const cutsIn = (peer: Peer) =>
  peer.replica.room.history.aboveBase.filter((operation) => operation.kind === 'cut')
export const from = (peer: Peer) => (letter: Letter) => letter.from === peer.id
/** Reports by which a peer would learn that others have everything up to the cut that `by` has made. */
export function confirms(by: Peer): (letter: Letter) => boolean {
  const clock = cutsIn(by)[0]?.clock ?? 0
  return ({ message }) => message.type === 'gossip' && message.reports.some(({ floor }) => floor >= clock)
}
export const to = (peer: Peer) => (letter: Letter) => letter.to === peer.id

/** Bert has executed a cut of which Cleo does not know that it is stable. */
export function ahead(net: Network): [Cutter, Cutter, Cutter] {
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
