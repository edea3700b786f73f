/** The direct join handshake as clients see it: seek, greet, retire, signal, and who may connect at all. */
import { connect as connectTcp } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { resolveOptions } from '../src/options.js'
import { createSignalingServer } from '../src/server.js'
import { ask, cleanup, connect, connectRaw, expectEmpty, idOf, nextEvent, startServer } from './harness.js'

const found = { ok: true, found: true }

interface Signal {
  room: string
  from: string
  data: string
}

describe('joining', () => {
  it.each([['websocket'], ['polling']] as const)(
    'introduces a newcomer to a member over %s',
    async (transport) => {
      const server = await startServer()
      const member = await connect(server, { transports: [transport] })
      expect(await ask(member, 'seek', { room: 'r' })).toEqual(found)
      expect(await ask(member, 'greet', { room: 'r', lineage: 'L' })).toEqual({ ok: true })

      const newcomer = await connect(server, { transports: [transport] })
      expect(await ask(newcomer, 'seek', { room: 'r' })).toEqual({ ok: true, peer: idOf(member) })

      const offered = nextEvent<Signal>(member, 'signal')
      expect(await ask(newcomer, 'signal', { room: 'r', to: idOf(member), data: 'offer' })).toEqual({
        ok: true,
      })
      expect(await offered).toEqual({ room: 'r', from: idOf(newcomer), data: 'offer' })

      const answered = nextEvent<Signal>(newcomer, 'signal')
      expect(await ask(member, 'signal', { room: 'r', to: idOf(newcomer), data: 'answer' })).toEqual({
        ok: true,
      })
      expect(await answered).toEqual({ room: 'r', from: idOf(member), data: 'answer' })
    },
  )

  it('lets one of many found a room, and the next one when the first goes', async () => {
    const server = await startServer()
    const [first, second] = [await connect(server), await connect(server)]
    expect(await ask(first, 'seek', { room: 'r' })).toEqual(found)
    expect(await ask(second, 'seek', { room: 'r' })).toEqual({ ok: true, waitMs: 500 })
    first.disconnect()
    await expect.poll(() => ask(second, 'seek', { room: 'r' })).toEqual(found)
  })

  it('lets a claim lapse', async () => {
    const server = await startServer({ claimMs: 50 })
    const [first, second] = [await connect(server), await connect(server)]
    await ask(first, 'seek', { room: 'r' })
    expect(await ask(second, 'seek', { room: 'r' })).toMatchObject({ waitMs: expect.any(Number) })
    await expect.poll(() => ask(second, 'seek', { room: 'r' })).toEqual(found)
  })

  it('gives no empty room away right after its start', async () => {
    const server = await startServer({ graceMs: 5_000 })
    const client = await connect(server)
    expect(await ask(client, 'seek', { room: 'r' })).toEqual({ ok: true, waitMs: 500 })
  })

  it('leads nobody to a greeter that has gone, retired or been ruled out', async () => {
    const server = await startServer()
    const [gone, retired, left, seeker] = await Promise.all([1, 2, 3, 4].map(() => connect(server)))
    if (!gone || !retired || !left || !seeker) throw new Error('unreachable')
    for (const greeter of [gone, retired, left]) await ask(greeter, 'greet', { room: 'r', lineage: 'L' })
    expect(await ask(retired, 'retire', { room: 'r' })).toEqual({ ok: true })
    const goneId = idOf(gone)
    gone.disconnect()
    await expect.poll(() => server.stats().connections).toBe(3)

    for (let draw = 0; draw < 10; draw += 1) {
      expect(await ask(seeker, 'seek', { room: 'r' })).toEqual({ ok: true, peer: idOf(left) })
    }
    expect(await ask(seeker, 'seek', { room: 'r', not: [idOf(left)] })).toEqual({ ok: true, waitMs: 500 })
    for (const to of [goneId, idOf(retired)]) {
      expect(await ask(seeker, 'signal', { room: 'r', to, data: '' })).toMatchObject({
        error: { code: 'peer-gone' },
      })
    }
  })

  it('tells the later of two lineages where the earlier is, and relays between them', async () => {
    const server = await startServer()
    const [earlier, later] = [await connect(server), await connect(server)]
    const told = vi.fn()
    earlier.on('elsewhere', told)
    await ask(earlier, 'greet', { room: 'r', lineage: 'L1' })
    const elsewhere = nextEvent(later, 'elsewhere')
    expect(await ask(later, 'greet', { room: 'r', lineage: 'L2' })).toEqual({ ok: true })
    expect(await elsewhere).toEqual({ room: 'r', peer: idOf(earlier), lineage: 'L1' })

    const offered = nextEvent<Signal>(earlier, 'signal')
    await ask(later, 'signal', { room: 'r', to: idOf(earlier), data: 'offer' })
    expect((await offered).from).toBe(idOf(later))
    expect(told).not.toHaveBeenCalled()
  })

  it('keeps the order of messages that are sent without waiting', async () => {
    const server = await startServer()
    const [a, b] = [await connect(server), await connect(server)]
    await ask(a, 'greet', { room: 'r', lineage: 'L' })
    const received: string[] = []
    a.on('signal', ({ data }: Signal) => received.push(data))
    const sent = Array.from({ length: 50 }, (_, index) => String(index))
    // The seek is checked against one limit more than what follows; it must not be overtaken.
    const answers = [
      ask(b, 'seek', { room: 'r' }),
      ...sent.map((data) => ask(b, 'signal', { room: 'r', to: idOf(a), data })),
    ]
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true)
    await expect.poll(() => received).toEqual(sent)
  })
})

describe('who may connect', () => {
  it('is decided by authorize, with the token and the origin', async () => {
    const authorize = vi.fn(async (token: string | undefined) => token === 'good')
    const server = await startServer({ authorize })
    await connect(server, { auth: { token: 'good' }, extraHeaders: { origin: 'https://a.example' } })
    expect(authorize).toHaveBeenLastCalledWith('good', 'https://a.example')
    await expect(connect(server, { auth: { token: 'bad' } })).rejects.toThrow('unauthorized')
    await expect(connect(server)).rejects.toThrow('unauthorized')
    expect(authorize).toHaveBeenLastCalledWith(undefined, undefined)
    await expect(connect(server, { auth: { token: { toString: 'good' } } })).rejects.toThrow(
      'bad-credentials',
    )
    expect(authorize).toHaveBeenCalledTimes(3)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['never decides', () => new Promise<boolean>(() => {})],
    ['answers with something else', () => 'yes' as unknown as boolean],
  ])('is nobody when authorize %s', async (_title, authorize) => {
    const server = await startServer({ authorize, connectTimeoutMs: 2000, onFault: () => {} })
    await expect(connect(server)).rejects.toThrow('unauthorized')
    await expectEmpty(server)
  })

  it('is not decided by a session that claims to be recovered', async () => {
    const server = await startServer({ authorize: () => false })
    const raw = await connectRaw(server)
    raw.text('40{"pid":"p","offset":"o"}')
    expect(await raw.received((frame) => frame.startsWith('44'))).toContain('unauthorized')
  })
})

describe('the server itself', () => {
  it('reports its health, and nothing else', async () => {
    const server = await startServer()
    const client = await connect(server)
    await ask(client, 'greet', { room: 'r', lineage: 'L' })
    const health = await fetch(`${server.url}/health`)
    expect([health.status, await health.json()]).toEqual([
      200,
      { status: 'ok', connections: 1, rooms: 1, uptimeSeconds: expect.any(Number) },
    ])
    expect((await fetch(`${server.url}/`)).status).toBe(404)
    expect((await fetch(`${server.url}/health`, { method: 'POST', body: 'x' })).status).toBe(405)
    expect((await fetch(`${server.url}/socket.io/socket.io.js`)).status).toBe(400)
  })

  it('closes with clients connected, even ones that do not answer, and only once', async () => {
    const server = await startServer()
    const client = await connect(server)
    const deaf = await connectRaw(server)
    deaf.stopReading()
    const unfinished = connectTcp(server.port, '127.0.0.1').on('error', () => {})
    cleanup(() => void unfinished.destroy())
    unfinished.write('GET /health HTTP/1.1\r\n')
    await expect.poll(() => server.stats().tcpConnections).toBe(3)
    const gone = nextEvent(client, 'disconnect')
    const startedAt = performance.now()
    await Promise.all([server.close(), server.close()])
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await gone
    expect(server.stats().connections).toBe(0)
    await expect(fetch(`${server.url}/health`)).rejects.toThrow()
    await expect(server.listen(0)).rejects.toThrow('only once')
  })

  it('rejects when its port is taken, and can be closed without listening', async () => {
    const server = await startServer()
    const second = createSignalingServer()
    await expect(second.listen(server.port)).rejects.toThrow('EADDRINUSE')
    await second.close()
  })

  it('refuses options that make no sense', () => {
    expect(() => createSignalingServer({ maxRooms: -1 })).toThrow('maxRooms')
    expect(() => createSignalingServer({ claimMs: Number.NaN })).toThrow('claimMs')
  })

  it('has the defaults it documents', () => {
    expect(resolveOptions({})).toMatchObject({
      claimMs: 10_000,
      graceMs: 5_000,
      seekerMs: 60_000,
      connectTimeoutMs: 5_000,
      maxGreetersPerRoom: 16,
      origins: 'all',
    })
  })
})
