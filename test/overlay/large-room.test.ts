/**
 * Rooms beyond a full mesh, in virtual time: bounded links, everybody reached, and healing after losses.
 */
import { Session } from '@tidemark/core'
import { type MemoryTransport, memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import { expect, test } from 'vitest'
import { TappedTransport } from '../fuzz/tapped-transport.js'
import { SharedWords } from './shared-words.js'

interface Site {
  readonly words: SharedWords
  readonly session: Session
  readonly transport: MemoryTransport
}

/** Type bytes of the wire format. */
const SYNC = 3
const PROBE = 16

function openRoom(count: number): {
  sites: Site[]
  scheduler: VirtualScheduler
  network: ReturnType<typeof memoryNetwork>
  /** Messages so far, by their type bytes. */
  sent: Map<number, number>
  /** How often somebody has come in. */
  joins: () => number
} {
  const scheduler = new VirtualScheduler()
  const network = memoryNetwork({ scheduler, latencyMs: 20, jitterMs: 20, seed: count })
  const sent = new Map<number, number>()
  const note = (bytes: Uint8Array) => {
    const type = bytes[1] ?? 0
    sent.set(type, (sent.get(type) ?? 0) + 1)
    return true
  }
  let joins = 0
  const sites = Array.from({ length: count }, (_, i): Site => {
    const transport = network.transport()
    const tapped = new TappedTransport(transport)
    tapped.onSend = ({ bytes }) => note(bytes)
    const words: SharedWords = new SharedWords(() => session.localChange())
    const session = new Session({
      room: 'room',
      transport: tapped,
      structure: words,
      scheduler,
      newReplicaId: () => `replica-${i}-${Math.floor(network.random() * 1e9)}`,
      random: () => network.random(),
      onNews: ({ type }) => {
        if (type === 'joined') joins++
      },
      onError: (error) => {
        throw error
      },
    })
    session.start()
    scheduler.advance(200)
    return { words, session, transport }
  })
  scheduler.advance(60_000)
  return { sites, scheduler, network, sent, joins: () => joins }
}

const linksOf = (site: Site) => site.session.replica?.neighbours.length ?? 0

test('[OV3] forty members keep few links each, and everything reaches everybody', () => {
  const { sites, scheduler } = openRoom(40)
  for (const [i, { words }] of sites.entries()) words.say(`word ${i}`)
  scheduler.advance(30_000)
  for (const { words, session } of sites) {
    expect(words.all).toHaveLength(40)
    expect(session.replica?.stats).toMatchObject({ members: 40, logOperations: 0, waiting: 0 })
    expect(session.replica?.isSynced).toBe(true)
  }
  const links = sites.map(linksOf)
  console.warn(`40 members: ${links.join(' ')} links`)
  // Who has a long arc of the ring before it is chosen by many; the mean is what everybody pays.
  expect(Math.max(...links)).toBeLessThanOrEqual(24)
  const mean = links.reduce((sum, count) => sum + count, 0) / links.length
  expect(mean).toBeLessThan(9)
})

test('[OV4] in a large room an operation reaches each member about once', () => {
  const { sites, scheduler } = openRoom(24)
  const [author] = sites
  for (let i = 0; i < 20; i++) {
    author?.words.say(`warm-up ${i}`)
    scheduler.advance(500)
  }
  scheduler.advance(20_000)
  const sent = () => sites.reduce((sum, { session }) => sum + session.bytesSent, 0)
  const measure = (talk: () => void) => {
    const before = sent()
    talk()
    scheduler.advance(20_000)
    return sent() - before
  }
  const idle = measure(() => {})
  const busy = measure(() => author?.words.say('x'.repeat(10_000)))
  // 23 others have to get it; beyond that there are repetitions, and what everybody reports about it.
  expect(busy - idle).toBeLessThan(23 * 10_000 * 1.5)
  expect(busy - idle).toBeGreaterThan(23 * 10_000)
})

test('[OV4] whoever types, everybody has it within a second', () => {
  const { sites, scheduler } = openRoom(80)
  for (let i = 0; i < 30; i++) {
    sites[i % 5]?.words.say(`word ${i}`)
    scheduler.advance(1000)
    const late = sites.filter(({ words }) => !words.all.includes(`word ${i}`)).length
    expect(late, `without word ${i}`).toBe(0)
  }
}, 120_000)

test('[OV9] [EV6] what a member sends while somebody types does not grow with the room', () => {
  const perMember = (size: number) => {
    const { sites, scheduler, sent } = openRoom(size)
    const type = () => {
      for (let i = 0; i < 20; i++) {
        sites[0]?.words.say(`word ${i}`)
        scheduler.advance(1000)
      }
    }
    type()
    const before = new Map(sent)
    type()
    const by = (type: number) => ((sent.get(type) ?? 0) - (before.get(type) ?? 0)) / size
    // Somebody may just not have had to say anything for long; asking about everybody takes thousands.
    expect(by(PROBE)).toBeLessThan(1)
    return { syncs: by(SYNC), all: [...sent.keys()].reduce((sum, type) => sum + by(type), 0) }
  }
  const [medium, large] = [perMember(20), perMember(100)]
  console.warn(`20 seconds of typing, messages per member: ${medium.all} among 20, ${large.all} among 100`)
  expect(large.all).toBeLessThan(1.3 * medium.all)
  expect(large.syncs).toBeLessThan(5)
}, 120_000)

test('[EV6] in a large idle room only those are asked after whom one should be linked to', () => {
  const { sites, scheduler, network, sent } = openRoom(40)
  const [lost] = sites
  if (lost) network.crash(lost.transport)
  scheduler.advance(20_000)
  const before = sent.get(PROBE) ?? 0
  // Less than the minute for which a member may be out of reach where nobody waits for it.
  scheduler.advance(30_000)
  const probes = (sent.get(PROBE) ?? 0) - before
  console.warn(`30 idle seconds of 40 members, one of whom has crashed: ${probes} probes`)
  expect(probes).toBeGreaterThan(0)
  expect(probes).toBeLessThan(1200)
})

test('[OV3] a large room holds together when a third of it vanishes', () => {
  const { sites, scheduler, network } = openRoom(30)
  const [lost, kept] = [sites.filter((_, i) => i % 3 === 1), sites.filter((_, i) => i % 3 !== 1)]
  for (const { transport } of lost) network.crash(transport)
  scheduler.advance(120_000)
  kept[0]?.words.say('after the storm')
  scheduler.advance(60_000)
  for (const { words } of kept) expect(words.all).toContain('after the storm')
})

test('[OV8] [EV7] of halves that were apart for a while one comes back into the other, and nobody founds the room anew', () => {
  const { sites, scheduler, network, joins } = openRoom(30)
  const half = (side: number) => sites.filter((_, i) => i % 2 === side)
  const before = joins()
  network.partition(...[0, 1].map((side) => half(side).map(({ transport }) => transport)))
  for (const side of [0, 1]) half(side)[2]?.words.say(`side ${side}`)
  scheduler.advance(25_000)
  network.heal()
  scheduler.advance(60_000)
  sites[7]?.words.say('together')
  scheduler.advance(10_000)
  expect(joins() - before).toBe(15)
  for (const { words, session } of sites) {
    expect(words.all).toContain('together')
    expect(session.replica?.stats).toMatchObject({ members: 30, logOperations: 0 })
  }
}, 120_000)

test('[LI8] of a half that may not decide all find each other, though others whom they can not reach stand at the rendezvous', () => {
  const { sites, scheduler, network } = openRoom(30)
  const half = (side: number) => sites.filter((_, i) => i % 2 === side)
  network.partition(...[0, 1].map((side) => half(side).map(({ transport }) => transport)))
  for (const side of [0, 1]) half(side)[2]?.words.say(`side ${side}`)
  scheduler.advance(200_000)
  for (const { session } of sites) expect(session.replica?.members).toHaveLength(15)
}, 120_000)
