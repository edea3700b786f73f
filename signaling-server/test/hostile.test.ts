/**
 * What comes in from outside and must not harm. An exception that escapes a handler would be an unhandled error
 * in this process, and fail the run.
 */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { maxSignalBytes } from '../src/messages.js'
import { Rooms } from '../src/rooms.js'
import {
  ask,
  cleanup,
  connect,
  connectRaw,
  expectAlive,
  expectEmpty,
  idOf,
  joinRaw,
  newClient,
  nextEvent,
  startServer,
} from './harness.js'
import { openRaw, type RawSocket } from './raw-socket.js'

const badMessage = { ok: false, error: { code: 'bad-message', message: expect.any(String) } }

const text = (frame: string) => (raw: RawSocket) => raw.text(frame)

describe('malformed messages', () => {
  it.each<[string, (raw: RawSocket) => void]>([
    ['not json', text('42["seek",')],
    ['no socket.io packet', text('not json')],
    ['an event name that is reserved', text('420["disconnect"]')],
    ['a connection error from a client', text('44{"message":"x"}')],
    ['an empty frame', text('')],
    ['a heartbeat in the wrong direction', text('2')],
    ['a bare binary frame', (raw) => raw.binary(new Uint8Array([0, 255, 1]))],
    // No limit of messages counts these, and nothing here sends any.
    ['a ping of WebSocket', (raw) => raw.control('ping')],
    ['a pong of WebSocket', (raw) => raw.control('pong')],
  ])('%s ends that connection only', async (_title, send) => {
    const server = await startServer()
    const raw = await joinRaw(server)
    send(raw)
    await raw.closed
    await expectAlive(server)
    await expectEmpty(server)
  })

  it.each([
    ['null', null],
    ['nothing', undefined],
    ['a string', 'room'],
    ['an array', [{ room: 'r' }]],
    ['a room of the wrong type', { room: 7, lineage: 'L', to: 'x', data: '' }],
    ['an empty room', { room: '', lineage: 'L', to: 'x', data: '' }],
    ['a room of 129 characters', { room: 'r'.repeat(129), lineage: 'L', to: 'x', data: '' }],
    ['a room that is binary', { room: new Uint8Array(4), lineage: 'L', to: 'x', data: '' }],
    ['nested objects', { room: { toString: 'r' }, lineage: {}, to: [], data: {} }],
  ])('%s instead of a message is refused by every event', async (_title, payload) => {
    const server = await startServer()
    const client = await connect(server)
    for (const event of ['seek', 'greet', 'retire', 'signal']) {
      const args = payload === undefined ? [] : [payload]
      expect(await ask(client, event, ...args)).toEqual(badMessage)
    }
    expect(server.stats()).toMatchObject({ rooms: 0, participants: 0 })
    expect(await ask(client, 'seek', { room: 'r'.repeat(128) })).toMatchObject({ ok: true })
  })

  it.each([
    ['ruling out what is no list', 'seek', { room: 'r', not: 'x' }],
    ['ruling out what is no socket', 'seek', { room: 'r', not: [1] }],
    ['ruling out 17 sockets', 'seek', { room: 'r', not: new Array(17).fill('x') }],
    ['no lineage', 'greet', { room: 'r' }],
    ['an empty lineage', 'greet', { room: 'r', lineage: '' }],
    ['a lineage of 65 characters', 'greet', { room: 'r', lineage: 'L'.repeat(65) }],
    ['binary data', 'signal', { room: 'r', to: 'x', data: new Uint8Array(9) }],
    ['too many bytes', 'signal', { room: 'r', to: 'x', data: 'ü'.repeat(maxSignalBytes / 2 + 1) }],
    ['no addressee', 'signal', { room: 'r', data: '' }],
  ])('%s is refused', async (_title, event, payload) => {
    const server = await startServer()
    expect(await ask(await connect(server), event, payload)).toEqual(badMessage)
  })

  it('relays a signal of exactly the largest size', async () => {
    const server = await startServer()
    const [a, b] = [await connect(server), await connect(server)]
    for (const client of [a, b]) await ask(client, 'greet', { room: 'r', lineage: 'L' })
    const signal = nextEvent<{ data: string }>(a, 'signal')
    const data = 'ü'.repeat(maxSignalBytes / 2)
    expect(await ask(b, 'signal', { room: 'r', to: idOf(a), data })).toEqual({ ok: true })
    expect((await signal).data).toBe(data)
  })

  it.each(['seek', 'greet', 'retire', 'signal', 'join', 'error', '__proto__'])(
    '%s without an acknowledgement function is answered by an error event',
    async (event) => {
      const server = await startServer()
      const client = await connect(server)
      for (const payload of [null, { room: 'r', lineage: 'L', to: 'x', data: '' }]) {
        const error = nextEvent(client, 'error')
        client.emit(event, payload)
        expect(await error).toEqual({ code: 'no-ack', message: expect.any(String) })
      }
      expect(server.stats().rooms).toBe(0)
      await expectAlive(server)
    },
  )

  it('unknown events are refused', async () => {
    const server = await startServer()
    const client = await connect(server)
    for (const event of ['join', 'constructor', 'error', 'toString']) {
      expect(await ask(client, event, { room: 'r' })).toMatchObject({ error: { code: 'unknown-event' } })
    }
  })

  it('a fault of the server while it handles a message is answered, logged and survived', async () => {
    const onFault = vi.fn()
    const server = await startServer({ onFault })
    const client = await connect(server)
    const broken = vi.spyOn(Rooms.prototype, 'seek').mockImplementationOnce(() => {
      throw new Error('broken')
    })
    cleanup(() => broken.mockRestore())
    expect(await ask(client, 'seek', { room: 'r' })).toMatchObject({ error: { code: 'internal' } })
    expect(onFault).toHaveBeenCalledExactlyOnceWith(new Error('broken'))
    expect(await ask(client, 'seek', { room: 'r' })).toEqual({ ok: true, found: true })
  })

  it('survives whatever frames say', { timeout: 60_000 }, async () => {
    const server = await startServer({ maxConnectsPerAddressPerMinute: 10_000 })
    const event = fc.constantFrom('seek', 'greet', 'retire', 'signal', 'x')
    const frame = fc.oneof(
      fc.string(),
      fc.tuple(event, fc.jsonValue()).map((packet) => `42${JSON.stringify(packet)}`),
      fc.tuple(fc.nat(), event, fc.jsonValue()).map(([id, ...packet]) => `42${id}${JSON.stringify(packet)}`),
      fc.string().map((text) => `4${text}`),
      fc.tuple(fc.nat(12), fc.string()).map(([count, text]) => `45${count}-${text}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        const raw = await openRaw(server.port)
        raw.text('40')
        for (const each of frames) raw.text(each)
        raw.tcp.end()
        await raw.closed
      }),
      { numRuns: 300 },
    )
    await expectAlive(server)
    await expectEmpty(server)
  })
})

describe('foreign origins', () => {
  const origins = ['https://app.example']

  it('are turned away over WebSocket and over polling', async () => {
    const server = await startServer({ origins })
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'null']) {
      await expect(connectRaw(server, { origin })).rejects.toThrow('400')
      const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } })
      expect(polling.status).toBe(403)
      expect(polling.headers.get('access-control-allow-origin')).not.toBe(origin)
    }
    expect(server.stats().connections).toBe(0)
  })

  it('are not the listed ones, nor programs that send none', async () => {
    const server = await startServer({ origins })
    await connectRaw(server, { origin: 'https://app.example' })
    await connectRaw(server)
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: 'https://app.example' },
    })
    expect(polling.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(server.stats().connections).toBe(3)
  })
})

describe('size', () => {
  it('a message of 90 MB is cut off at its announcement and reaches nobody', async () => {
    const server = await startServer()
    const victim = await connect(server)
    const heard = vi.fn()
    victim.onAny(heard)
    await ask(victim, 'greet', { room: 'r', lineage: 'L' })
    const raw = await joinRaw(server)
    raw.tcp.on('error', () => {})
    const memoryBefore = process.memoryUsage().rss
    raw.announce(90_000_000)
    const chunk = Buffer.alloc(64 * 1024, 'x')
    let sentBytes = 0
    while (sentBytes < 90_000_000 && raw.tcp.writable) {
      sentBytes += chunk.length
      if (!raw.tcp.write(chunk))
        await Promise.race([raw.closed, new Promise((go) => raw.tcp.once('drain', go))])
    }
    await raw.closed
    expect(sentBytes).toBeLessThan(90_000_000)
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(50_000_000)
    expect(heard).not.toHaveBeenCalled()
    await expectAlive(server)
  })

  it('a frame above 64 KiB ends the connection, over polling too', async () => {
    const server = await startServer()
    const client = await connect(server)
    const gone = nextEvent(client, 'disconnect')
    client.emit('signal', { room: 'r', to: 'x', data: 'x'.repeat(64 * 1024) }, () => {})
    await gone
    const handshake = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)
    const { sid } = JSON.parse((await handshake.text()).slice(1)) as { sid: string }
    const posted = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
      method: 'POST',
      body: `4${'x'.repeat(64 * 1024)}`,
    })
    expect(posted.status).toBe(413)
  })

  it('a socket that does not read is closed before much waits for it', async () => {
    const server = await startServer({ maxQueuedBytes: 256 * 1024, maxMessagesPerSocketPer10s: 100_000 })
    const deaf = await joinRaw(server)
    deaf.text('421["greet",{"room":"r","lineage":"L"}]')
    await deaf.received((frame) => frame.startsWith('431'))
    deaf.stopReading()
    // More than the kernel buffers on the way, from several senders because each may only send so much.
    const senders = await Promise.all(Array.from({ length: 12 }, () => connect(server)))
    const peers = await Promise.all(senders.map((sender) => ask(sender, 'seek', { room: 'r' })))
    const signal = { room: 'r', to: peers[0]?.peer, data: 'x'.repeat(maxSignalBytes) }
    const flood = senders.flatMap((sender) => Array.from({ length: 50 }, () => ask(sender, 'signal', signal)))
    expect((await Promise.all(flood))[0]).toEqual({ ok: true })
    const [sender] = senders
    expect(sender && (await ask(sender, 'signal', signal))).toMatchObject({ error: { code: 'peer-gone' } })
    expect(server.stats().connections).toBe(senders.length)
  })
})

describe('quantity', () => {
  it('300,000 rooms from one socket end at its cap, and then with its connection', async () => {
    const server = await startServer()
    const client = await connect(server)
    const gone = nextEvent(client, 'disconnect')
    let refused = 0
    let mostRooms = 0
    for (let room = 0; room < 300_000 && client.connected; room += 1) {
      const answer = await ask(client, 'seek', { room: `room ${room}` }).catch(() => undefined)
      if (answer?.error?.code === 'too-many-rooms') refused += 1
      mostRooms = Math.max(mostRooms, server.stats().rooms)
    }
    expect(await gone).toBe('io server disconnect')
    expect(mostRooms).toBe(32)
    expect(refused).toBe(21)
    await expectEmpty(server)
  })

  it('rooms in all are capped', async () => {
    const server = await startServer({ maxRooms: 3 })
    const [a, b] = [await connect(server), await connect(server)]
    for (const room of ['1', '2', '3']) expect(await ask(a, 'seek', { room })).toMatchObject({ ok: true })
    expect(await ask(b, 'seek', { room: '4' })).toMatchObject({ error: { code: 'server-full' } })
    expect(await ask(b, 'seek', { room: '3' })).toMatchObject({ ok: true })
  })

  it('2,000 connections from one address end at its cap', { timeout: 60_000 }, async () => {
    const server = await startServer({ maxConnectsPerAddressPerMinute: 10_000 })
    const attempts = await Promise.allSettled(Array.from({ length: 2000 }, () => connectRaw(server)))
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(256)
    expect(server.stats()).toMatchObject({ connections: 256, addresses: 1 })
  })

  it('the cap per address leaves other addresses alone, and the cap in all does not', async () => {
    const server = await startServer({ maxConnectionsPerAddress: 2, maxConnections: 3, trustedProxies: 1 })
    const from = (address: string) => connectRaw(server, { 'x-forwarded-for': `203.0.113.9, ${address}` })
    await from('198.51.100.1')
    await from('198.51.100.1')
    await expect(from('198.51.100.1')).rejects.toThrow('400')
    await from('198.51.100.2')
    await expect(from('198.51.100.3')).rejects.toThrow('400')
  })

  it('the cap holds for handshakes that arrive at the same instant', async () => {
    const server = await startServer({ maxConnectionsPerAddress: 3 })
    const tcp = connectTcp(server.port, '127.0.0.1')
    cleanup(() => void tcp.destroy())
    let answered = ''
    tcp.on('data', (chunk) => {
      answered += String(chunk)
    })
    tcp.write('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20))
    await expect.poll(() => answered.split('HTTP/1.1 ').length - 1).toBe(20)
    expect(server.stats().connections).toBe(3)
  })

  it('TCP connections from one address are capped even if nothing comes over them', async () => {
    const server = await startServer({ maxConnectionsPerAddress: 4 })
    const closed = Array.from({ length: 100 }, () => {
      const tcp = connectTcp(server.port, '127.0.0.1').on('error', () => {})
      cleanup(() => void tcp.destroy())
      tcp.resume()
      return new Promise<boolean>((resolve) => tcp.once('close', () => resolve(true)))
    })
    let count = 0
    for (const each of closed)
      void each.then(() => {
        count += 1
      })
    await expect.poll(() => count).toBe(100 - 24)
    expect(server.stats().tcpConnections).toBe(24)
  })

  it('coming and going is rate-limited per address', async () => {
    const server = await startServer({ maxConnectsPerAddressPerMinute: 20 })
    for (let round = 0; round < 20; round += 1) (await openRaw(server.port)).destroy()
    await expect(openRaw(server.port)).rejects.toThrow('400')
    await expectEmpty(server)
  })

  it('seeks are rate-limited per address, without blaming the socket', async () => {
    const server = await startServer({ maxSeeksPerAddressPer10s: 5, maxOffencesPerSocketPer10s: 2 })
    const clients = [await connect(server), await connect(server)]
    const answers = []
    for (let round = 0; round < 20; round += 1) {
      const client = clients[round % 2]
      if (client) answers.push(await ask(client, 'seek', { room: 'r' }))
    }
    expect(answers.filter(({ ok }) => ok)).toHaveLength(5)
    expect(answers.at(-1)).toMatchObject({ error: { code: 'busy' } })
    expect(clients.every(({ connected }) => connected)).toBe(true)
  })

  it('messages are rate-limited per socket by number and size, and a flood is cut off', async () => {
    const server = await startServer({ maxMessagesPerSocketPer10s: 20, maxOffencesPerSocketPer10s: 5 })
    const [a, b] = [await connect(server), await connect(server)]
    for (const client of [a, b]) await ask(client, 'greet', { room: 'r', lineage: 'L' })
    const signal = { room: 'r', to: idOf(a), data: 'x'.repeat(maxSignalBytes) }
    expect(await ask(b, 'signal', signal)).toEqual({ ok: true })
    expect(await ask(b, 'signal', signal)).toEqual({ ok: true })
    expect(await ask(b, 'signal', signal)).toMatchObject({ error: { code: 'rate-limited' } })
    const gone = nextEvent(b, 'disconnect')
    for (let round = 0; round < 10; round += 1) b.emit('retire', { room: 'r' }, () => {})
    expect(await gone).toBe('io server disconnect')
    expect(a.connected).toBe(true)
  })

  it.each([
    ['heartbeats', '3'],
    ['acknowledgements of nothing', '431[]'],
  ])('a flood of %s below the messages is cut off', async (_title, frame) => {
    const server = await startServer({ maxMessagesPerSocketPer10s: 20 })
    const raw = await joinRaw(server)
    for (let round = 0; round < 1000; round += 1) raw.text(frame)
    await raw.closed
    await expectEmpty(server)
  })

  it('one connection carries one socket', async () => {
    const server = await startServer()
    const raw = await joinRaw(server)
    for (let round = 0; round < 3; round += 1) raw.text('40')
    await raw.closed
    await expectEmpty(server)
  })

  it('one connection is authenticated once, however often it asks meanwhile', async () => {
    const authorize = vi.fn(() => new Promise<boolean>(() => {}))
    const server = await startServer({ authorize })
    const raw = await connectRaw(server)
    for (let round = 0; round < 50; round += 1) raw.text('40')
    await raw.closed
    expect(authorize).toHaveBeenCalledOnce()
    await expectEmpty(server)
  })

  it('a socket that leaves its namespace loses its connection', async () => {
    const server = await startServer()
    const raw = await joinRaw(server)
    raw.text('41')
    await raw.closed
    await expectEmpty(server)
  })
})

describe('deceit', () => {
  it('a forged sender is overwritten', async () => {
    const server = await startServer()
    const [a, b, c] = [await connect(server), await connect(server), await connect(server)]
    for (const client of [a, b, c]) await ask(client, 'greet', { room: 'r', lineage: 'L' })
    const signal = nextEvent(a, 'signal')
    await ask(b, 'signal', { room: 'r', to: idOf(a), data: 'x', from: idOf(c) })
    expect(await signal).toEqual({ room: 'r', from: idOf(b), data: 'x' })
  })

  it('nothing is relayed into a room from outside, nor out of it', async () => {
    const server = await startServer()
    const [inside, outside] = [await connect(server), await connect(server)]
    await ask(inside, 'greet', { room: 'r', lineage: 'L' })
    await ask(outside, 'greet', { room: 'other', lineage: 'L' })
    const heard = vi.fn()
    inside.onAny(heard)
    outside.onAny(heard)
    const into = { to: idOf(inside), data: 'x' }
    for (const room of ['r', 'nowhere']) {
      expect(await ask(outside, 'signal', { room, ...into })).toMatchObject({
        error: { code: 'not-in-room' },
      })
    }
    expect(await ask(outside, 'signal', { room: 'other', ...into })).toMatchObject({
      error: { code: 'peer-gone' },
    })
    // An event to either would have arrived before the answer to a later message of that socket.
    for (const client of [inside, outside]) await ask(client, 'retire', { room: 'x' })
    expect(heard).not.toHaveBeenCalled()
  })
})

describe('vanishing', () => {
  it('3,000 sockets destroyed abruptly leave nothing behind', { timeout: 60_000 }, async () => {
    const server = await startServer({
      maxConnectionsPerAddress: 3000,
      maxConnectsPerAddressPerMinute: 3000,
      maxSeeksPerAddressPer10s: 3000,
      // Raw sockets answer no heartbeat, and a busy machine may take a while to open them all.
      pingTimeoutMs: 120_000,
    })
    const join = async (index: number): Promise<RawSocket> => {
      const raw = await joinRaw(server)
      raw.text(`421["seek",{"room":"s${index % 500}"}]`)
      raw.text(`422["greet",{"room":"g${index % 300}","lineage":"L${index % 2}"}]`)
      await raw.received((frame) => frame.startsWith('432'))
      return raw
    }
    const sockets: RawSocket[] = []
    while (sockets.length < 3000) {
      const batch = Array.from({ length: 100 }, (_, index) => join(sockets.length + index))
      sockets.push(...(await Promise.all(batch)))
    }
    expect(server.stats()).toMatchObject({ connections: 3000, participants: 3000, rooms: 800, addresses: 1 })
    for (const raw of sockets) raw.tcp.resetAndDestroy()
    await expectEmpty(server)
    await expect.poll(() => server.stats().tcpConnections).toBe(0)
  })

  it('a client that resets in the middle of its upgrade harms nobody', { timeout: 60_000 }, async () => {
    const server = await startServer({ maxConnectsPerAddressPerMinute: 10_000 })
    const upgrade =
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
    for (let round = 0; round < 300; round += 1) {
      const tcp = connectTcp(server.port, '127.0.0.1')
      await once(tcp, 'connect')
      tcp.write(upgrade)
      // At once, in the next turn of the event loop, or when the server has begun to answer.
      if (round % 3 === 1) await new Promise((resolve) => setImmediate(resolve))
      if (round % 3 === 2) await once(tcp, 'data')
      tcp.resetAndDestroy()
    }
    await expectAlive(server)
    await expectEmpty(server)
  })

  it('a socket that goes while its message is being handled enters no room', async () => {
    const server = await startServer()
    for (let round = 0; round < 50; round += 1) {
      const raw = await joinRaw(server)
      raw.text('421["seek",{"room":"r"}]')
      raw.text('41')
      raw.destroy()
    }
    await expectEmpty(server)
  })
})

describe('idle handshakes', () => {
  const connectTimeoutMs = 200

  it('without a byte, with half a header and without the socket.io handshake are closed', async () => {
    const server = await startServer({ connectTimeoutMs })
    const silent = connectTcp(server.port, '127.0.0.1')
    const slow = connectTcp(server.port, '127.0.0.1')
    slow.write('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost:')
    for (const tcp of [silent, slow]) {
      cleanup(() => void tcp.destroy())
      tcp.resume()
    }
    const undecided = await connectRaw(server)
    const elsewhere = await connectRaw(server)
    elsewhere.text('40/admin,')
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)
    expect(polling.status).toBe(200)
    await Promise.all([
      new Promise((resolve) => silent.once('close', resolve)),
      new Promise((resolve) => slow.once('close', resolve)),
      undecided.closed,
      elsewhere.closed,
    ])
    await expectEmpty(server)
  })

  it('a closing frame that is not answered ends the connection all the same', async () => {
    const server = await startServer({ connectTimeoutMs })
    const stubborn = await connectRaw(server)
    stubborn.ignoreClosing()
    await stubborn.closed
    await expectEmpty(server)
  })

  it('upgrades to anything else are closed at once', async () => {
    const server = await startServer()
    const tcp = connectTcp(server.port, '127.0.0.1')
    cleanup(() => void tcp.destroy())
    tcp.resume()
    const closed = new Promise((resolve) => tcp.once('close', resolve))
    tcp.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await closed
    expect(server.stats().connections).toBe(0)
  })

  it('do not include clients that are merely quiet', async () => {
    const server = await startServer({ connectTimeoutMs, pingIntervalMs: 50 })
    const client = newClient(server)
    const heartbeats = new Promise<void>((resolve) => {
      let seen = 0
      client.io.on('ping', () => {
        seen += 1
        if (seen === 10) resolve()
      })
    })
    client.connect()
    await heartbeats
    expect(client.connected).toBe(true)
  })
})
