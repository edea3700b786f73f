/** Real links in one process: wrtc, the real signaling server, loopback only. */
import wrtc from '@roamhq/wrtc'
import type { LinkId } from '@tidemark/core'
import { createSignalingServer, type SignalingServer } from 'tidemark-signaling'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebrtcTransportOptions } from '../src/index.js'
import { connectCarriers, Replica, testBytes, until } from './replica.js'

const timeout = 60_000

let server: SignalingServer
let url: string
let replicas: Replica[]

beforeEach(async () => {
  replicas = []
  const started = await startServer()
  server = started.server
  url = started.url
})

afterEach(async () => {
  for (const { session } of replicas) session.destroy()
  await server.close()
})

async function startServer(port = 0): Promise<{ server: SignalingServer; url: string; port: number }> {
  const starting = createSignalingServer({ graceMs: 0, retryMs: 50 })
  const bound = await starting.listen(port)
  return { server: starting, url: `http://127.0.0.1:${bound.port}`, port: bound.port }
}

function replica(
  id: string,
  options: Partial<WebrtcTransportOptions> = {},
  signaling: string | string[] = url,
) {
  const created = new Replica(id, signaling, options)
  replicas.push(created)
  return created
}

/** WebRTC that can not be had as long as it is out. */
function outage() {
  const network = {
    isOut: true,
    failures: 0,
    wrtc: {
      ...wrtc,
      get RTCPeerConnection() {
        if (!network.isOut) return wrtc.RTCPeerConnection
        network.failures += 1
        throw new Error('no network')
      },
    },
  }
  return network
}

/** A greeter and a newcomer with a link between them. */
async function linkedPair(options: Partial<WebrtcTransportOptions> = {}): Promise<[Replica, Replica]> {
  const greeter = replica('greeter', options)
  await greeter.found()
  const newcomer = replica('newcomer', options)
  await newcomer.join()
  await until(() => greeter.links.length === 1)
  return [greeter, newcomer]
}

describe('meeting through the signaling server', () => {
  it('lets the first in a room found it', { timeout }, async () => {
    const first = replica('first')
    await first.found()
    expect(first.links).toEqual([])
    expect(first.isReachable).toBe(true)
  })

  it('links a newcomer to the greeter, once, and lets go of the server', { timeout }, async () => {
    const [greeter, newcomer] = await linkedPair()
    expect([greeter.areFound, newcomer.areFound]).toEqual([[false], [true]])
    await until(() => server.stats().connections === 1)
    expect(newcomer.downs).toEqual([])
  })

  it('does not found a room twice when many arrive at once', { timeout }, async () => {
    const crowd = ['a', 'b', 'c', 'd'].map((name) => replica(`crowd-${name}`))
    for (const { session } of crowd) session.seek()
    await until(() => crowd.some(({ foundings }) => foundings === 1))
    const founder = crowd.find(({ foundings }) => foundings === 1)
    founder?.session.greet('lineage-1')
    await until(() => founder?.links.length === 3)
    expect(crowd.map(({ foundings, links }) => foundings + (links.length === 1 ? 1 : 0))).toEqual([
      1, 1, 1, 1,
    ])
  })

  it('makes greeters of different lineages meet by exactly one link', { timeout }, async () => {
    const one = replica('one')
    const two = replica('two')
    await one.found('lineage-1')
    await until(() => server.stats().participants === 1)
    two.session.greet('lineage-2')
    await until(() => one.links.length > 0 && two.links.length > 0)
    one.send(testBytes(1))
    two.send(testBytes(2))
    await until(() => one.messages.length === 1 && two.messages.length === 1)
    expect([one.areFound, two.areFound]).toEqual([[false], [false]])
  })

  it('makes them meet later if their first call comes to nothing', { timeout }, async () => {
    const one = replica('one')
    await one.found('lineage-1')
    const network = outage()
    const two = replica('two', { peerOptions: { wrtc: network.wrtc }, connectTimeoutMs: 1500 })
    two.session.greet('lineage-2')
    await until(() => network.failures > 0)
    expect([one.links, two.links]).toEqual([[], []])
    network.isOut = false
    await until(() => one.links.length === 1 && two.links.length === 1)
  })

  it('lets a newcomer in whose first call to the only greeter came to nothing', { timeout }, async () => {
    const greeter = replica('greeter')
    await greeter.found()
    const network = outage()
    const newcomer = replica('newcomer', { peerOptions: { wrtc: network.wrtc } })
    newcomer.session.seek()
    await until(() => network.failures > 0)
    expect([newcomer.links, newcomer.foundings]).toEqual([[], 0])
    network.isOut = false
    await until(() => greeter.links.length === 1 && newcomer.links.length === 1)
    expect(newcomer.areFound).toEqual([true])
  })

  it('stops being given to newcomers after retiring', { timeout }, async () => {
    const [greeter] = await linkedPair()
    greeter.session.greet(null)
    await until(() => server.stats().connections === 0)
    const next = replica('next')
    await next.found('lineage-2')
    expect(next.links).toEqual([])
  })

  it('shows its token, and says why it is turned away', { timeout }, async () => {
    const strict = createSignalingServer({ graceMs: 0, authorize: (token) => token === 'good' })
    const { port } = await strict.listen(0)
    let token = 'bad'
    const guest = replica('guest', { token: async () => token }, `http://127.0.0.1:${port}`)
    guest.session.seek()
    await until(() => guest.rendezvous.some(({ reachable }) => !reachable))
    expect(guest.rendezvous.at(0)?.reason).toContain('unauthorized')
    token = 'good'
    await until(() => guest.foundings === 1)
    await strict.close()
  })

  it('leaves out a greeter that can not be linked, and finds the next', { timeout }, async () => {
    const broken = replica('broken', { peerOptions: {} })
    await broken.found()
    const newcomer = replica('newcomer')
    newcomer.session.seek()
    await until(() => server.stats().connections === 2)
    const greeter = replica('greeter')
    greeter.session.greet('lineage-1')
    await until(() => newcomer.links.length === 1 && greeter.links.length === 1)
    expect(broken.links).toEqual([])
  })

  it('goes on to the next server when one is out of reach', { timeout }, async () => {
    const lucky = replica('lucky', {}, ['http://127.0.0.1:9', url])
    await lucky.found()
    expect(lucky.rendezvous[0]?.reachable).toBe(false)
    expect(lucky.rendezvous[0]?.reason).toContain('127.0.0.1:9')
    expect(lucky.isReachable).toBe(true)
  })

  it('greets again after the server was restarted, so that newcomers get in', { timeout }, async () => {
    const old = await startServer()
    const greeter = replica('greeter', {}, old.url)
    await greeter.found()
    await old.server.close()
    await until(() => !greeter.isReachable)
    const restarted = await startServer(old.port)
    await until(() => restarted.server.stats().participants === 1)
    const newcomer = replica('newcomer', {}, old.url)
    await newcomer.join()
    expect(newcomer.foundings).toBe(0)
    for (const { session } of replicas) session.destroy()
    await restarted.server.close()
  })

  it('keeps looking while no server is there', { timeout }, async () => {
    const { port, ...gone } = await startServer()
    await gone.server.close()
    const early = replica('early', {}, gone.url)
    early.session.seek()
    await until(() => early.rendezvous.length > 0)
    expect(early.isReachable).toBe(false)
    const back = await startServer(port)
    await until(() => early.foundings === 1)
    early.session.destroy()
    await back.server.close()
  })
})

describe('messages', () => {
  it('arrive whole and in order, whatever their size', { timeout: 60_000 }, async () => {
    const [greeter, newcomer] = await linkedPair()
    const sizes = [0, 1, 16_384, 300_000, 20_000_000, 1]
    const sent = sizes.map((size, index) => testBytes(size, index + 1))
    for (const bytes of sent) newcomer.send(bytes, 'bulk')
    await until(() => greeter.messages.length === sizes.length, 50_000)
    greeter.messages.forEach(({ bytes }, index) => {
      expect(Buffer.compare(bytes, sent[index] ?? new Uint8Array())).toBe(0)
    })
    expect(newcomer.session.bytesSent).toBeGreaterThan(20_316_386)
    expect(greeter.session.bytesReceived).toBe(newcomer.session.bytesSent)
  })

  it('of the urgent lane overtake a bulk transfer under way', { timeout: 60_000 }, async () => {
    const [greeter, newcomer] = await linkedPair()
    // Urgent messages go to and fro for as long as the transfer lasts.
    const isBulk = (bytes: Uint8Array) => bytes.byteLength === 20_000_000
    greeter.onMessage = (bytes) => {
      if (!isBulk(bytes)) greeter.send(bytes)
    }
    newcomer.onMessage = (bytes) => {
      if (!greeter.messages.some((message) => isBulk(message.bytes))) newcomer.send(bytes)
    }
    const bulk = testBytes(20_000_000)
    newcomer.send(bulk, 'bulk')
    newcomer.send(testBytes(100), 'urgent')
    await until(() => greeter.messages.some(({ bytes }) => isBulk(bytes)), 50_000)
    // In one stream the transfer, which was sent first, would arrive first.
    expect(greeter.messages.findIndex(({ bytes }) => isBulk(bytes))).toBeGreaterThanOrEqual(1)
  })

  it('above the limit end the link on both sides, with the reason', { timeout }, async () => {
    const greeter = replica('greeter', { maxMessageBytes: 50_000 })
    await greeter.found()
    const newcomer = replica('newcomer')
    await newcomer.join()
    newcomer.send(testBytes(60_000))
    await until(() => greeter.downs.length === 1 && newcomer.downs.length === 1)
    expect(greeter.downs[0]?.reason).toBe('the other side sent a message of 60000 bytes')
    expect(newcomer.downs[0]?.reason).toContain('a message of 60000 bytes')
    expect(greeter.messages).toEqual([])
  })

  it('of our own above the limit end the link without an exception', { timeout }, async () => {
    const [, newcomer] = await linkedPair({ maxMessageBytes: 1000 })
    newcomer.send(testBytes(1001))
    expect(newcomer.downs).toEqual([])
    await until(() => newcomer.downs.length === 1)
    newcomer.send(testBytes(10))
  })
})

/** One text for each signal, as a carrier may get them from a side that does not gather. */
function splitNegotiation(bytes: Uint8Array): Uint8Array[] {
  const { signals, ...rest } = JSON.parse(new TextDecoder().decode(bytes))
  return signals.map((signal: unknown) =>
    new TextEncoder().encode(JSON.stringify({ ...rest, signals: [signal] })),
  )
}

/** A message between members of this test: who it is for, who it is from, and negotiation. */
interface Letter {
  readonly to: string
  readonly from: string
  readonly data: number[]
}

function sendNegotiationOver(end: Replica, link: LinkId): void {
  end.carry = (to, bytes) => {
    const letter: Letter = { to, from: end.id, data: [...bytes] }
    end.send(new TextEncoder().encode(JSON.stringify(letter)), 'urgent', link)
  }
  end.onMessage = (bytes) => {
    if (bytes[0] !== '{'.charCodeAt(0)) return
    const { from, data }: Letter = JSON.parse(new TextDecoder().decode(bytes))
    end.session.signalReceived(from, Uint8Array.from(data))
  }
}

function relayOverLinks(relay: Replica, linkTo: Record<string, LinkId | undefined>): void {
  relay.onMessage = (bytes) => {
    const { to }: Letter = JSON.parse(new TextDecoder().decode(bytes))
    relay.session.send(linkTo[to] ?? -1, bytes, 'urgent')
  }
}

describe('calls carried by members', () => {
  const deadServer = 'http://127.0.0.1:9'

  it('link two replicas without any server', { timeout }, async () => {
    const [a, b] = [replica('replica-a', {}, deadServer), replica('replica-b', {}, deadServer)]
    connectCarriers(a, b)
    a.session.dial('replica-b')
    await until(() => a.links.length === 1 && b.links.length === 1)
    b.send(testBytes(5))
    await until(() => a.messages.length === 1)
    expect(a.rendezvous).toEqual([])
  })

  it('go over the links of a third member after the server has died', { timeout }, async () => {
    const doomed = await startServer()
    const [middle, a, b] = [
      replica('middle', {}, doomed.url),
      replica('replica-a', {}, doomed.url),
      replica('replica-b', {}, doomed.url),
    ]
    await middle.found()
    await a.join()
    await b.join()
    await doomed.server.close()
    await until(() => !middle.isReachable && middle.links.length === 2)

    // Linked in this order: a, b. What comes in on one link goes out on the other.
    relayOverLinks(middle, { [a.id]: middle.links[0], [b.id]: middle.links[1] })
    for (const end of [a, b]) sendNegotiationOver(end, end.lastLink)
    a.session.dial(b.id)
    await until(() => a.links.length === 2 && b.links.length === 2)
    a.send(testBytes(70_000), 'bulk', a.lastLink)
    await until(() => b.messages.at(-1)?.bytes.byteLength === 70_000)
    expect(b.messages.at(-1)?.link).toBe(b.lastLink)
    expect(a.dialFailures).toEqual([])
  })

  it('survive a carrier that repeats everything and delivers candidates first', { timeout }, async () => {
    const [a, b] = [replica('replica-a', {}, []), replica('replica-b', {}, [])]
    connectCarriers(a, b)
    for (const each of [a, b]) {
      const { carry } = each
      const held: Uint8Array[] = []
      each.carry = (to, bytes) => {
        held.push(...splitNegotiation(bytes).reverse())
        if (held.length > 2)
          for (const text of held.splice(0)) for (const copy of [text, text]) carry(to, copy)
      }
    }
    a.session.dial('replica-b')
    await until(() => a.links.length === 1 && b.links.length === 1)
  })

  it('in both directions at once end in exactly one link', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [replica(`glare-a-${round}`, {}, []), replica(`glare-b-${round}`, {}, [])]
      connectCarriers(a, b)
      a.session.dial(b.id)
      b.session.dial(a.id)
      await until(() => a.links.length >= 1 && b.links.length >= 1)
      // A message each way over the link shows that it is the same one on both sides.
      a.send(testBytes(1))
      b.send(testBytes(2))
      await until(() => a.messages.length === 1 && b.messages.length === 1)
      expect([a.links.length, b.links.length, a.dialFailures, b.dialFailures]).toEqual([1, 1, [], []])
      a.session.destroy()
      b.session.destroy()
    }
  })

  it('to nobody fail, and say so', { timeout }, async () => {
    const lonely = replica('lonely', { connectTimeoutMs: 300 }, [])
    lonely.session.dial('nobody')
    expect(lonely.dialFailures).toEqual([])
    await until(() => lonely.dialFailures.length === 1)
    expect(lonely.dialFailures).toEqual([{ peer: 'nobody', reason: 'no answer came' }])
    expect(lonely.links).toEqual([])
  })

  it('fail where there is no WebRTC', { timeout }, async () => {
    const bare = replica('bare', { peerOptions: {} }, [])
    bare.session.dial('somebody')
    await until(() => bare.dialFailures.length === 1)
    expect(bare.dialFailures[0]?.reason).toContain('WebRTC')
  })

  it('are not disturbed by junk', { timeout }, async () => {
    const [a, b] = [replica('replica-a', {}, []), replica('replica-b', {}, [])]
    connectCarriers(a, b)
    const offer = { type: 'offer', sdp: 'v=0 nonsense' }
    const junk = [
      '',
      'null',
      '{}',
      JSON.stringify({ call: 'c', from: 'replica-x', signals: [offer] }),
      '\ud800',
    ]
    for (const text of junk) b.session.signalReceived('replica-x', new TextEncoder().encode(text))
    b.session.signalReceived('replica-x', testBytes(100_000))
    a.session.dial('replica-b')
    await until(() => a.links.length === 1 && b.links.length === 1)
    expect(b.dialFailures).toEqual([])
  })
})

describe('endings', () => {
  it('by close let what is queued leave first, and tell the other side why', { timeout }, async () => {
    const [greeter, newcomer] = await linkedPair()
    newcomer.send(testBytes(3_000_000), 'bulk')
    newcomer.session.close(newcomer.lastLink, 'enough links')
    await until(() => greeter.downs.length === 1)
    expect(greeter.messages[0]?.bytes.byteLength).toBe(3_000_000)
    expect(greeter.downs[0]?.reason).toBe('closed by the other side: enough links')
    expect(newcomer.downs).toEqual([])
  })

  it('by destroy are noticed at the other end, and no event follows', { timeout }, async () => {
    const [greeter, newcomer] = await linkedPair()
    newcomer.send(testBytes(3_000_000), 'bulk')
    newcomer.session.dial('nobody')
    newcomer.session.seek()
    newcomer.session.destroy()
    const { events } = newcomer
    await until(() => greeter.downs.length === 1)
    newcomer.session.dial('somebody')
    newcomer.session.send(1, testBytes(1), 'urgent')
    newcomer.session.destroy()
    await until(() => server.stats().connections === 1)
    expect(newcomer.events).toBe(events)
  })
})
