/**
 * Three members that suspect each other crosswise, and cut: by fences alone, without the agreement before them, two of
 * them would each evict the other and execute different cuts of one lineage. Here in every order of who suspects whom first.
 */
import { expect, test } from 'vitest'
import { DEFAULT_CONFIG, type ReplicaConfig } from '../../src/index.js'
import { Network, type Peer } from '../hand-driven-network.js'
import { RenumberedSet } from '../renumbered-set.js'

const BY_HAND: Partial<ReplicaConfig> = { cutMinBytes: 1e9, idleCutMs: 1e9, undoHorizonMs: 1e9 }

/** Who accuses whom: the one in the middle everybody else, the two ends each other. */
const ACCUSATIONS = [
  ['cleo', 'anna'],
  ['cleo', 'bert'],
  ['anna', 'bert'],
  ['bert', 'anna'],
] as const

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((first, i) =>
    permutations(items.filter((_, at) => at !== i)).map((rest) => [first, ...rest]),
  )
}

function room(net: Network): Map<string, Peer> {
  const founder = net.founder('anna', BY_HAND, new RenumberedSet('anna'))
  const others = ['bert', 'cleo'].map((id) => net.newcomer(id, founder, BY_HAND, new RenumberedSet(id)))
  net.pass(10_000)
  return new Map([founder, ...others].map((peer) => [peer.id, peer]))
}

/** What each epoch of each lineage begins with, as far as somebody is there. */
class Bases {
  private readonly hashes = new Map<string, string>()
  cuts = 0

  look(peers: Iterable<Peer>): void {
    for (const { replica } of peers) {
      const { lineage, base } = replica.room
      const { epoch } = replica.stats
      if (epoch === 0) continue
      const place = `${lineage} ${epoch}`
      if (!this.hashes.has(place)) this.cuts++
      const hash = this.hashes.get(place) ?? base.hash
      expect(base.hash, `the base of ${place}`).toBe(hash)
      this.hashes.set(place, hash)
    }
  }
}

const orders = permutations(ACCUSATIONS).map((order) => ({
  order,
  name: order.map(([by, whom]) => `${by} suspects ${whom}`).join(', '),
}))

test.each(orders)('[EV1] [CU3] they never cut apart in one lineage: $name', ({ order }) => {
  const net = new Network()
  const peers = room(net)
  const [anna, bert, cleo] = [...peers.values()] as [Peer, Peer, Peer]
  const bases = new Bases()
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      net.pass(100)
      bases.look(peers.values())
    }
  }
  anna.type('base')
  pass(2000)
  net.cut(anna, bert)
  net.canDial = false
  for (const [by, whom] of order) {
    peers.get(by)?.feed({ type: 'accuse', replica: whom })
    net.settle()
    bases.look(peers.values())
  }
  anna.type('one')
  bert.type('two')
  cleo.type('three')
  const compact = () => {
    for (const peer of peers.values()) if (peer.replica.status === 'member') peer.feed({ type: 'compact' })
  }
  compact()
  pass(DEFAULT_CONFIG.suspectAfterMs)
  compact()
  pass(10_000)
  const left = [...peers.values()].filter(({ replica }) => replica.status === 'member')
  expect(left.length).toBeGreaterThanOrEqual(2)
  for (const peer of left) expect(peer.replica.members).toEqual(left.map(({ id }) => id))
  expect(bases.cuts).toBeGreaterThan(0)
})
