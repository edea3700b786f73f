/** Reconnection, with scripted sockets and time. What passes over the connection is tested with the real server. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'socket.io-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SignalingClient } from '../src/rendezvous/signaling-client.js'

class ScriptedSocket extends EventEmitter {
  connected = false
  isReleased = false
  readonly server: string
  readonly auth: object
  readonly first: string

  constructor(server: string, auth: object, first: string) {
    super()
    this.server = server
    this.auth = auth
    this.first = first
  }

  accept(): void {
    this.connected = true
    this.emit('connect')
  }

  refuse(reason = 'refused'): void {
    this.emit('connect_error', new Error(reason))
  }

  drop(reason: string): void {
    this.connected = false
    this.emit('disconnect', reason)
  }

  /** As in socket.io: without a name, all listeners go. */
  override off(name?: string | symbol): this {
    return name === undefined ? this.removeAllListeners() : this.removeAllListeners(name)
  }

  disconnect(): void {
    this.connected = false
    this.isReleased = true
  }
}

type Token = ConstructorParameters<typeof SignalingClient>[0]['token']

function createClient(servers: string[], token: Token = undefined) {
  const record = { sockets: [] as ScriptedSocket[], connections: 0, unreachable: [] as string[] }
  const client = new SignalingClient({
    servers,
    token,
    loadSocketFactory: async () => (server, auth, first) => {
      const socket = new ScriptedSocket(server, auth, first)
      record.sockets.push(socket)
      return socket as unknown as Socket
    },
    connected: () => {
      record.connections += 1
    },
    unreachable: (reason) => record.unreachable.push(reason),
    event: () => {},
  })
  return { client, record, last: () => record.sockets.at(-1) as ScriptedSocket }
}

const serversTried = (sockets: ScriptedSocket[]) => sockets.map(({ server }) => server)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

it('connects when needed, stays a moment longer, and then lets go', async () => {
  const { client, record, last } = createClient(['one'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(record.sockets).toEqual([])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  last().accept()
  client.need(false)
  await vi.advanceTimersByTimeAsync(1000)
  client.need(true)
  await vi.advanceTimersByTimeAsync(60_000)
  expect([record.sockets.length, last().isReleased]).toEqual([1, false])
  client.need(false)
  await vi.advanceTimersByTimeAsync(2000)
  expect([last().isReleased, vi.getTimerCount(), record.unreachable]).toEqual([true, 0, []])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  expect(record.sockets.length).toBe(2)
})

it('tries all servers in turn at once, then rounds of them ever more rarely, for ever', async () => {
  const { client, record, last } = createClient(['one', 'two'])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  last().refuse()
  await vi.advanceTimersByTimeAsync(1)
  expect(serversTried(record.sockets)).toEqual(['one', 'two'])
  const roundMs: number[] = []
  for (let round = 0; round < 12; round += 1) {
    last().refuse()
    const startedMs = Date.now()
    const tried = record.sockets.length
    while (record.sockets.length === tried) await vi.advanceTimersByTimeAsync(10)
    roundMs.push(Date.now() - startedMs)
    last().refuse()
    await vi.advanceTimersByTimeAsync(1)
  }
  expect(roundMs[0]).toBeGreaterThanOrEqual(250)
  expect(roundMs[0]).toBeLessThanOrEqual(760)
  expect(Math.max(...roundMs)).toBeLessThanOrEqual(7510)
  expect(Math.min(...roundMs.slice(6))).toBeGreaterThanOrEqual(2500)
  expect(new Set(roundMs).size).toBeGreaterThan(6)
  expect(record.unreachable.slice(0, 2)).toEqual(['one: refused', 'two: refused'])
  expect(record.sockets.slice(0, -1).every(({ isReleased }) => isReleased)).toBe(true)
  client.destroy()
})

it('comes back after a loss, also when the server meant it', async () => {
  const { client, record, last } = createClient(['one'])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  last().accept()
  last().drop('io server disconnect')
  expect(client.isConnected).toBe(false)
  await vi.advanceTimersByTimeAsync(800)
  last().accept()
  expect([record.connections, client.isConnected]).toEqual([2, true])
  expect(record.unreachable).toEqual(['one: io server disconnect'])
  client.destroy()
})

it('tries again when a connection closes before the server has let it in', async () => {
  const { client, record, last } = createClient(['one'])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  last().drop('transport close')
  expect(record.unreachable).toEqual(['one: transport close'])
  await vi.advanceTimersByTimeAsync(800)
  expect(record.sockets.length).toBe(2)
  last().accept()
  last().drop('transport close')
  expect(record.unreachable.length).toBe(2)
  client.destroy()
})

it('begins with polling where a WebSocket got no answer in time, and with a WebSocket where polling got none', async () => {
  const { client, record, last } = createClient(['one', 'two'])
  client.need(true)
  const outcomes = ['timeout', 'timeout', 'refused', 'timeout', 'timeout', 'refused']
  for (const outcome of outcomes) {
    const tried = record.sockets.length
    while (record.sockets.length === tried) await vi.advanceTimersByTimeAsync(10)
    last().refuse(outcome)
  }
  const tried = record.sockets.map(({ server, first }) => `${server}: ${first}`)
  expect(tried).toEqual([
    'one: websocket',
    'two: websocket',
    'one: polling',
    'two: polling',
    'one: polling',
    'two: websocket',
  ])
  client.destroy()
})

it('asks for a token before each connection, and goes on when there is none to be had', async () => {
  let calls = 0
  const { client, record, last } = createClient(['one'], () => {
    calls += 1
    if (calls === 1) throw new Error('not logged in')
    return `token-${calls}`
  })
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  expect(record.unreachable).toEqual(['one: not logged in'])
  await vi.advanceTimersByTimeAsync(800)
  expect(last().auth).toEqual({ token: 'token-2' })
  client.destroy()
})

it('returns to the head of the list once that is back, as newcomers look there first', async () => {
  const { client, record, last } = createClient(['one', 'two'])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  last().refuse()
  await vi.advanceTimersByTimeAsync(1)
  const second = last()
  second.accept()
  await vi.advanceTimersByTimeAsync(46_000)
  expect(serversTried(record.sockets)).toEqual(['one', 'two', 'one'])
  last().refuse()
  expect([client.isConnected, record.unreachable.length]).toEqual([true, 1])
  await vi.advanceTimersByTimeAsync(46_000)
  last().accept()
  expect([second.isReleased, client.isConnected, record.connections]).toEqual([true, true, 2])
  await vi.advanceTimersByTimeAsync(120_000)
  expect(serversTried(record.sockets)).toEqual(['one', 'two', 'one', 'one'])
  client.destroy()
  expect([last().isReleased, vi.getTimerCount()]).toEqual([true, 0])
})

it('returns to any server before its own, the first of the list first', async () => {
  const { client, record, last } = createClient(['one', 'two', 'three'])
  client.need(true)
  for (let refused = 0; refused < 2; refused += 1) {
    await vi.advanceTimersByTimeAsync(1)
    last().refuse()
  }
  await vi.advanceTimersByTimeAsync(1)
  last().accept()
  await vi.advanceTimersByTimeAsync(46_000)
  last().drop('transport close')
  await vi.advanceTimersByTimeAsync(1)
  last().accept()
  expect(serversTried(record.sockets)).toEqual(['one', 'two', 'three', 'one', 'two'])
  expect([client.isConnected, record.connections]).toEqual([true, 2])
  await vi.advanceTimersByTimeAsync(46_000)
  expect(last().server).toBe('one')
  client.destroy()
  expect(vi.getTimerCount()).toBe(0)
})

it('says so when it knows no server', async () => {
  const { client, record } = createClient([])
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  expect(record.unreachable).toEqual(['no signaling server is known'])
})

it('destroyed at any moment, leaves neither socket nor timer', async () => {
  for (const stepsMs of [0, 1, 300]) {
    const { client, record } = createClient(['one', 'two'])
    client.need(true)
    await vi.advanceTimersByTimeAsync(stepsMs)
    for (const socket of record.sockets) socket.refuse()
    client.destroy()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(record.sockets.every(({ isReleased }) => isReleased)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  }
})

it('destroyed while it waits for a token, opens nothing that stays', async () => {
  let give: (token: string) => void = () => {}
  const { client, record } = createClient(['one'], () => new Promise((resolve) => (give = resolve)))
  client.need(true)
  await vi.advanceTimersByTimeAsync(1)
  client.destroy()
  give('late')
  await vi.advanceTimersByTimeAsync(1)
  expect(record.sockets.every(({ isReleased }) => isReleased)).toBe(true)
  expect(record.unreachable).toEqual([])
})
