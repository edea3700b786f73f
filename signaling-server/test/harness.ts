/**
 * Real servers and real socket.io clients on loopback. Everything started here is closed after each test, in
 * reverse order, whether the test passed or not.
 */
import { io, type Socket } from 'socket.io-client'
import { afterEach, expect } from 'vitest'
import { createSignalingServer, type SignalingServer, type SignalingServerOptions } from '../src/index.js'
import { openRaw, type RawSocket } from './raw-socket.js'

const cleanups: (() => Promise<void> | void)[] = []

export function cleanup(release: () => Promise<void> | void): void {
  cleanups.push(release)
}

afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.()
})

export interface RunningServer extends SignalingServer {
  readonly port: number
  readonly url: string
}

/** Rooms that are empty are given away at once, unless the test is about the time after a start. */
export async function startServer(options: SignalingServerOptions = {}): Promise<RunningServer> {
  const server = createSignalingServer({ graceMs: 0, ...options })
  cleanup(() => server.close())
  const { port } = await server.listen(0)
  return { ...server, port, url: `http://127.0.0.1:${port}` }
}

export interface ClientOptions {
  readonly auth?: Record<string, unknown>
  readonly transports?: ('websocket' | 'polling')[]
  readonly extraHeaders?: Record<string, string>
}

/** A client that does not retry, so that what happens to it happens once. */
export function newClient(server: RunningServer, options: ClientOptions = {}): Socket {
  const client = io(server.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    autoConnect: false,
    ...options,
  })
  cleanup(() => void client.disconnect())
  return client
}

export async function connect(server: RunningServer, options: ClientOptions = {}): Promise<Socket> {
  const client = newClient(server, options)
  const outcome = new Promise<void>((resolve, reject) => {
    client.once('connect', resolve)
    client.once('connect_error', reject)
    client.once('disconnect', (reason) => reject(new Error(reason)))
  })
  client.connect()
  await outcome
  return client
}

export async function connectRaw(
  server: RunningServer,
  headers: Record<string, string> = {},
): Promise<RawSocket> {
  const raw = await openRaw(server.port, headers)
  cleanup(() => raw.destroy())
  return raw
}

/** A raw socket that has completed the socket.io handshake too. */
export async function joinRaw(server: RunningServer): Promise<RawSocket> {
  const raw = await connectRaw(server)
  raw.text('40')
  await raw.received((frame) => frame.startsWith('40'))
  return raw
}

export interface Answer {
  readonly ok: boolean
  readonly peer?: string
  readonly found?: boolean
  readonly waitMs?: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** Fails the test if the server leaves the message without an answer. */
export async function ask(client: Socket, event: string, ...args: unknown[]): Promise<Answer> {
  return (await client.timeout(5000).emitWithAck(event, ...args)) as Answer
}

export async function nextEvent<T>(client: Socket, event: string): Promise<T> {
  return new Promise((resolve) => client.once(event, resolve))
}

export function idOf(client: Socket): string {
  if (client.id === undefined) throw new Error('The client is not connected.')
  return client.id
}

/** The server still lives and still does its work for others. */
export async function expectAlive(server: RunningServer): Promise<void> {
  const health = await fetch(`${server.url}/health`)
  expect(health.status).toBe(200)
  const client = await connect(server)
  expect(await ask(client, 'seek', { room: `alive-${Math.random()}` })).toEqual({ ok: true, found: true })
  const closed = nextEvent(client, 'disconnect')
  client.disconnect()
  await closed
}

export async function expectEmpty(server: RunningServer): Promise<void> {
  await expect
    .poll(() => server.stats(), { timeout: 40_000 })
    .toMatchObject({ connections: 0, rooms: 0, participants: 0, addresses: 0, socketRates: 0 })
}
