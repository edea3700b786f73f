/** Rooms with a password in real terms: wrtc, the real signaling server, and somebody hostile in between. */

import { io } from 'socket.io-client'
import { createSignalingServer, type SignalingServer } from 'tidemark-signaling'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebrtcTransportOptions } from '../../src/index.js'
import { webrtcTransport } from '../../src/index.js'
import { encodeUnreadable } from '../../src/secret/mismatch.js'
import { deriveRoomKeys } from '../../src/secret/room-keys.js'
import { connectCarriers, Replica, testBytes, until } from '../replica.js'
import { Interceptor } from './interceptor.js'
import { ManInTheMiddle, type Relayed } from './man-in-the-middle.js'

const timeout = 60_000

let server: SignalingServer
let port: number
let hostile: ManInTheMiddle
let url: string
let replicas: Replica[]

beforeEach(async () => {
  replicas = []
  server = createSignalingServer({ graceMs: 0, retryMs: 50 })
  port = (await server.listen(0)).port
  hostile = new ManInTheMiddle(port)
  url = await hostile.listen()
})

afterEach(async () => {
  for (const { session } of replicas) session.destroy()
  hostile.close()
  await server.close()
})

function replica(id: string, password?: string, options: Partial<WebrtcTransportOptions> = {}): Replica {
  const created = new Replica(id, url, { password, ...options })
  replicas.push(created)
  return created
}

async function pair(password?: string): Promise<[Replica, Replica]> {
  const greeter = replica('greeter', password)
  await greeter.found()
  await until(() => server.stats().participants === 1)
  const newcomer = replica('newcomer', password)
  await newcomer.join()
  await until(() => greeter.links.length === 1)
  return [greeter, newcomer]
}

const mismatchesOf = (...of: Replica[]) => of.map(({ mismatches }) => mismatches)
const linksOf = (...of: Replica[]) => of.map(({ links }) => links.length)

/** What the parts of a session description and a candidate look like. */
const negotiationInside = /"sdp|candidate|fingerprint|ice-ufrag|127\.0\.0\.1 \d|"call"|greeter|newcomer/

describe('with the right password', () => {
  it('[AC2] newcomers are linked, and the server sees nothing of how', { timeout }, async () => {
    const [greeter, newcomer] = await pair('secret')
    newcomer.send(testBytes(100_000), 'bulk')
    greeter.send(testBytes(5))
    await until(() => greeter.messages.length === 1 && newcomer.messages.length === 1)
    expect(hostile.relayed.length).toBeGreaterThanOrEqual(2)
    expect(hostile.traffic).toContain('"room":"room"')
    expect(hostile.traffic).not.toMatch(negotiationInside)
    expect(hostile.traffic).not.toContain('secret')
    expect(mismatchesOf(greeter, newcomer)).toEqual([[], []])
  })

  it('[AC2] (without any, it sees it all: the test above can fail)', { timeout }, async () => {
    await pair()
    expect(hostile.traffic).toMatch(negotiationInside)
    expect(hostile.traffic).toContain('fingerprint')
  })

  it('[AC2] members link each other, and who carries that sees nothing either', { timeout }, async () => {
    const [a, b] = [replica('replica-a', 'secret'), replica('replica-b', 'secret')]
    connectCarriers(a, b)
    let carried = ''
    for (const each of [a, b]) {
      const { carry } = each
      each.carry = (to, bytes) => {
        carried += new TextDecoder().decode(bytes)
        carry(to, bytes)
      }
    }
    a.session.dial(b.id)
    b.session.dial(a.id)
    await until(() => a.links.length >= 1 && b.links.length >= 1)
    a.send(testBytes(70_000))
    b.send(testBytes(2))
    await until(() => a.messages.length === 1 && b.messages.length === 1)
    expect([linksOf(a, b), mismatchesOf(a, b)]).toEqual([
      [1, 1],
      [[], []],
    ])
    expect(carried.length).toBeGreaterThan(1000)
    expect(carried).not.toMatch(negotiationInside)
  })

  it('[AC1] a transport derives its keys once, and one without a room none', { timeout }, async () => {
    const transport = webrtcTransport({ signaling: url, password: 'secret' })
    const derived: unknown[] = []
    const { deriveBits } = crypto.subtle
    crypto.subtle.deriveBits = (...args) => {
      derived.push(args[0])
      return deriveBits.apply(crypto.subtle, args)
    }
    const events = {
      linkUp: () => {},
      linkDown: () => {},
      message: () => {},
      alone: () => {},
      signal: () => {},
      dialFailed: () => {},
      rendezvous: () => {},
    }
    expect(derived.length).toBe(0)
    const sessions = ['one', 'two', 'three'].map((id) => transport.open('room', id, events))
    await until(() => derived.length > 0)
    for (const session of sessions) session.destroy()
    crypto.subtle.deriveBits = deriveBits
    expect(derived.length).toBe(1)
  })
})

describe('[AC5] with another password', () => {
  it.each([
    ['another', 'secret', 'another', ['other'], ['other']],
    ['none, where the room has one,', 'secret', undefined, ['missing'], ['unexpected']],
    ['one, where the room has none,', undefined, 'secret', ['unexpected'], ['missing']],
  ] as const)(
    '%s both sides are told, once, and no second room is founded',
    {
      timeout,
    },
    async (_, greeters, newcomers, told, toldNewcomer) => {
      const greeter = replica('greeter', greeters)
      await greeter.found()
      await until(() => server.stats().participants === 1)
      const newcomer = replica('newcomer', newcomers)
      newcomer.session.seek()
      await until(() => newcomer.mismatches.length > 0 && greeter.mismatches.length > 0)
      // It goes on looking: whoever knows its password is found.
      const friend = replica('friend', newcomers)
      friend.session.greet('lineage-1')
      await until(() => newcomer.links.length === 1 && friend.links.length === 1)
      expect(mismatchesOf(greeter, newcomer)).toEqual([told, toldNewcomer])
      expect([newcomer.foundings, ...linksOf(greeter, newcomer, friend)]).toEqual([0, 0, 1, 1])
    },
  )

  it('members that carry their own calls are told as well', { timeout }, async () => {
    const [a, b] = [replica('replica-a', 'secret'), replica('replica-b', 'other')]
    connectCarriers(a, b)
    a.session.dial(b.id)
    await until(() => a.dialFailures.length === 1)
    expect(a.dialFailures).toEqual([{ peer: 'replica-b', reason: 'the passwords differ' }])
    expect(mismatchesOf(a, b)).toEqual([['other'], ['other']])
  })
})

/** The same text with one character of what is sealed exchanged. */
function damaged(data: string): string {
  const at = data.length - 40
  return data.slice(0, at) + (data[at] === 'A' ? 'B' : 'A') + data.slice(at + 1)
}

describe('a hostile signaling server', () => {
  it.each([
    ['an offer', 0],
    ['an answer', 1],
  ])('[AC2] that alters %s is noticed by both sides', { timeout }, async (_, which) => {
    const greeter = replica('greeter', 'secret')
    await greeter.found()
    await until(() => server.stats().participants === 1)
    hostile.change = (message) =>
      hostile.relayed.length === which + 1 ? { ...message, data: damaged(message.data) } : message
    const newcomer = replica('newcomer', 'secret')
    newcomer.session.seek()
    await until(() => newcomer.mismatches.length === 1 && greeter.mismatches.length === 1)
    expect(mismatchesOf(greeter, newcomer)).toEqual([['other'], ['other']])
    expect([newcomer.foundings, ...linksOf(greeter, newcomer)]).toEqual([0, 0, 0])
  })

  it('[AC2] that says an offer is from somebody else, or swaps receivers, links nobody', {
    timeout,
  }, async () => {
    const greeter = replica('greeter', 'secret')
    await greeter.found()
    await until(() => server.stats().participants === 1)
    hostile.change = (message) => ({ ...message, from: 'somebody-else' })
    const newcomer = replica('newcomer', 'secret', { connectTimeoutMs: 1000 })
    newcomer.session.seek()
    await until(() => greeter.mismatches.length === 1)
    expect(greeter.mismatches).toEqual(['other'])

    // Offers to the greeter go to a third one instead, which could read them but was not meant.
    const third = replica('third', 'secret')
    third.session.greet('lineage-1')
    await until(() => server.stats().participants === 3)
    const stolen = hostile.relayed.find(({ data }) => data.startsWith('tidemark-sealed'))
    const [wire] = hostile.wires.slice(-1)
    if (stolen === undefined || wire === undefined) throw new Error('nothing was relayed')
    wire.relay(stolen)
    await until(() => third.mismatches.length === 1)
    expect(linksOf(greeter, third)).toEqual([0, 0])
  })

  it('[AC3] that replays an offer, as it was or to a later greeter, starts no call', {
    timeout,
  }, async () => {
    const [greeter, newcomer] = await pair('secret')
    const offer = hostile.relayed[0]
    if (offer === undefined) throw new Error('nothing was relayed')
    const before = hostile.relayed.length
    for (let i = 0; i < 3; i += 1) offer.wire.relay(offer)
    // What comes in on the same wire behind it has been looked at later.
    offer.wire.relay({ room: 'room', from: 'stranger', data: damaged(offer.data) })
    await until(() => greeter.mismatches.length === 1)
    const answers = hostile.relayed.slice(before).filter(({ data }) => data !== encodeUnreadable(true))
    expect([answers, linksOf(greeter, newcomer)]).toEqual([[], [1, 1]])

    greeter.session.destroy()
    await until(() => server.stats().participants === 0)
    const later = replica('later', 'secret')
    await later.found('lineage-2')
    hostile.wires.at(-1)?.relay(offer)
    await until(() => later.mismatches.length === 1)
    expect([later.mismatches, later.links]).toEqual([['other'], []])
  })

  it('[AC3] or somebody who got hold of an offer and sends it as his own, starts none', {
    timeout,
  }, async () => {
    const [greeter] = await pair('secret')
    const offer = hostile.relayed[0]
    const thief = io(`http://127.0.0.1:${port}`, { forceNew: true, transports: ['websocket'] })
    const heard: Relayed[] = []
    thief.on('signal', (message: Relayed) => heard.push(message))
    const { peer } = await thief.emitWithAck('seek', { room: 'room' })
    await thief.emitWithAck('signal', { room: 'room', to: peer, data: offer?.data })
    await until(() => heard.length === 1)
    expect(heard.map(({ data }) => data)).toEqual([encodeUnreadable(true)])
    expect([greeter.mismatches, greeter.links.length]).toEqual([['other'], 1])
    thief.disconnect()
  })
})

describe('whoever carries the calls of members', () => {
  it('[AC3] can not answer a call with the answer to an earlier one', { timeout }, async () => {
    const options = { connectTimeoutMs: 9000 }
    const [a, b] = [replica('replica-a', 'secret', options), replica('replica-b', 'secret', options)]
    const earlier: Uint8Array[] = []
    a.carry = (_to, bytes) => b.session.signalReceived(a.id, bytes.slice())
    b.carry = (_to, bytes) => earlier.push(bytes.slice())
    a.session.dial(b.id)
    await until(() => a.dialFailures.length === 1 && earlier.length > 0)
    const replay = earlier.splice(0)
    b.carry = () => {
      for (const bytes of replay) a.session.signalReceived(b.id, bytes.slice())
    }
    a.session.dial(b.id)
    await until(() => a.dialFailures.length === 2)
    expect(a.dialFailures.map(({ reason }) => reason)).toEqual(['no answer came', 'no answer came'])
    expect([linksOf(a, b), mismatchesOf(a, b)]).toEqual([
      [0, 0],
      [[], []],
    ])
    connectCarriers(a, b)
    a.session.dial(b.id)
    await until(() => a.links.length === 1 && b.links.length === 1)
  })

  it('[AC4] can not get in between, even if it could read and write what is sealed', {
    timeout,
  }, async () => {
    const [a, b] = [replica('replica-a', 'secret'), replica('replica-b', 'secret')]
    const { sealing } = await deriveRoomKeys('secret', 'room')
    const interceptor = new Interceptor(a, b, sealing)
    a.session.dial(b.id)
    await until(() => a.mismatches.length === 1 && b.mismatches.length === 1)
    // Challenges and proofs of both sides went over it, unchanged.
    const kinds = () => interceptor.seen.flatMap(([kind = 0]) => (kind >= 0x10 ? [kind] : [])).sort()
    await until(() => kinds().length === 4)
    interceptor.close()
    expect(kinds()).toEqual([0x10, 0x10, 0x20, 0x20])
    expect(mismatchesOf(a, b)).toEqual([['unproven'], ['unproven']])
    expect([linksOf(a, b), a.dialFailures.length]).toEqual([[0, 0], 1])
  })

  it('[AC4] (can do so without a password: the test above can fail)', { timeout }, async () => {
    const [a, b] = [replica('replica-a'), replica('replica-b')]
    const interceptor = new Interceptor(a, b, null)
    a.session.dial(b.id)
    await until(() => a.links.length === 1 && b.links.length === 1)
    a.send(testBytes(7))
    await until(() => b.messages.length === 1)
    expect(interceptor.seen.length).toBe(1)
    interceptor.close()
  })
})

describe('[AC1] a password', () => {
  it('that is none, or can not be used here, is refused at once', () => {
    const open = (password: unknown) => webrtcTransport({ signaling: url, password: password as string })
    expect(() => open('')).toThrow('password')
    expect(() => open(7)).toThrow('password')
    const { subtle } = crypto
    Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })
    try {
      expect(() => open('secret')).toThrow('https')
      open(undefined)
    } finally {
      Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true })
    }
  })
})
