/**
 * The service: an HTTP server with socket.io on it that introduces newcomers of a room to one of its members.
 * It relays opaque negotiation messages, keeps nothing on disk and never sees a document.
 */
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type DefaultEventsMap, Server as SocketServer } from 'socket.io'
import { addressKey, addressOf } from './addresses.js'
import { type Connection, Limits } from './limits.js'
import { credentials, maxFrameBytes, type ServerEvents } from './messages.js'
import { type ResolvedOptions, resolveOptions, type SignalingServerOptions } from './options.js'
import { Rooms } from './rooms.js'
import { openSession, type SignalingSocket } from './session.js'

export interface SignalingServer {
  /** Port 0 takes a free one. Rejects if the address is taken. */
  listen(port: number, host?: string): Promise<{ port: number }>
  /** Stops accepting, closes every socket and resolves when all are gone, within about a second. */
  close(): Promise<void>
  stats(): SignalingStats
}

export interface SignalingStats {
  readonly connections: number
  readonly rooms: number
  /** Sockets that are in some room. */
  readonly participants: number
  /** Addresses that hold connections. */
  readonly addresses: number
  /** Rate records; those of addresses outlive their connections by up to a minute. */
  readonly socketRates: number
  readonly addressRates: number
  readonly uptimeSeconds: number
}

type Io = SocketServer<DefaultEventsMap, ServerEvents>

const path = '/socket.io/'
const sweepIntervalMs = 10_000
const closeDeadlineMs = 1_000

export function createSignalingServer(options: SignalingServerOptions = {}): SignalingServer {
  const resolved = resolveOptions(options)
  const now = (): number => performance.now()
  const limits = new Limits(resolved)
  const startedAtMs = now()
  let rooms = createRooms(resolved, startedAtMs)
  let listening = false
  let closing: Promise<void> | undefined

  const http = createHttpServer(resolved, (_request, response) => {
    respondJson(response, 200, {
      status: 'ok',
      connections: limits.connections,
      rooms: rooms.roomCount,
      uptimeSeconds: uptimeSeconds(),
    })
  })
  const tcpSockets = capTcpSockets(http, resolved)
  const io = createSocketServer(http, resolved, (request) =>
    closing === undefined ? refuseRequest(request, resolved, limits) : Promise.resolve('shutting-down'),
  )
  const admissions = admitConnections(io, resolved, limits, now)
  io.use((socket, next) => {
    authenticate(socket, resolved).then((refusal) => next(refusal), next)
  })
  io.on('connection', (socket) => {
    const admission = admissions.get(socket.conn)
    if (admission === undefined) throw new Error('A socket has a connection that was never admitted.')
    clearTimeout(admission.idle)
    openSession(socket, { rooms, limits, address: admission.address, now, reportFault })
  })
  const sweeping = setInterval(() => rooms.sweep(now()), sweepIntervalMs)
  sweeping.unref()

  function uptimeSeconds(): number {
    return Math.floor((now() - startedAtMs) / 1000)
  }

  async function shutDown(): Promise<void> {
    clearInterval(sweeping)
    // A peer that does not answer the closing handshake would hold the server for half a minute.
    const deadline = setTimeout(() => {
      for (const socket of tcpSockets) socket.destroy()
    }, closeDeadlineMs)
    await io.close()
    clearTimeout(deadline)
  }

  return {
    async listen(port, host = '127.0.0.1') {
      if (listening || closing !== undefined) throw new Error('A signaling server listens only once.')
      listening = true
      const bound = await bind(http, port, host)
      rooms = createRooms(resolved, now())
      return { port: bound }
    },
    close() {
      closing ??= shutDown()
      return closing
    },
    stats: () => ({
      connections: limits.connections,
      rooms: rooms.roomCount,
      participants: rooms.socketCount,
      ...limits.sizes(),
      uptimeSeconds: uptimeSeconds(),
    }),
  }
}

function createRooms(options: ResolvedOptions, startedAtMs: number): Rooms {
  return new Rooms({ ...options, random: Math.random }, startedAtMs)
}

function createHttpServer(
  { connectTimeoutMs }: ResolvedOptions,
  respondHealth: (request: IncomingMessage, response: ServerResponse) => void,
): HttpServer {
  const http = createServer(
    {
      headersTimeout: connectTimeoutMs,
      requestTimeout: connectTimeoutMs * 2,
      connectionsCheckingInterval: Math.min(1000, connectTimeoutMs),
    },
    (request, response) => {
      if (request.url?.split('?', 1)[0] !== '/health') respondJson(response, 404, { error: 'not-found' })
      else if (request.method === 'GET' || request.method === 'HEAD') respondHealth(request, response)
      else respondJson(response, 405, { error: 'method-not-allowed' })
    },
  )
  http.on('upgrade', (request, socket) => {
    if (!request.url?.startsWith(path)) socket.destroy()
  })
  return http
}

function createSocketServer(
  http: HttpServer,
  options: ResolvedOptions,
  refuseHandshake: (request: IncomingMessage) => Promise<string | undefined>,
): Io {
  return new SocketServer(http, {
    path,
    serveClient: false,
    destroyUpgrade: false,
    // Only in case of need: `admitConnections` acts first, and in a way that polling clients cannot stall.
    connectTimeout: options.connectTimeoutMs * 2,
    upgradeTimeout: options.connectTimeoutMs,
    pingInterval: options.pingIntervalMs,
    pingTimeout: options.pingTimeoutMs,
    maxHttpBufferSize: maxFrameBytes,
    perMessageDeflate: false,
    httpCompression: false,
    cors: { origin: options.origins === 'all' ? '*' : [...options.origins], methods: ['GET', 'POST'] },
    allowRequest: (request, decide) => {
      refuseHandshake(request).then(
        (refusal) => decide(refusal, refusal === undefined),
        (fault) => {
          reportFault(fault)
          decide('internal', false)
        },
      )
    },
  })
}

/** Why a handshake is turned away before anything is allocated for it. CORS alone would not stop a WebSocket. */
async function refuseRequest(
  request: IncomingMessage,
  { origins, trustedProxies }: ResolvedOptions,
  limits: Limits,
): Promise<string | undefined> {
  const { origin } = request.headers
  if (origins !== 'all' && origin !== undefined && !origins.has(origin)) return 'origin-not-allowed'
  const address = addressOf(request, trustedProxies)
  if (!limits.hasRoomFor(address)) return 'too-many-connections'
  return (await limits.mayConnect(address)) ? undefined : 'rate-limited'
}

interface Admission {
  /** Remembered, because a request no longer knows its address once its TCP connection is gone. */
  readonly address: string
  readonly idle: NodeJS.Timeout
}

/** Counts connections, and closes those that do not become a socket in time. */
function admitConnections(
  io: Io,
  { trustedProxies, connectTimeoutMs }: ResolvedOptions,
  limits: Limits,
  now: () => number,
): WeakMap<Connection, Admission> {
  const admissions = new WeakMap<Connection, Admission>()
  io.engine.on('connection', (connection: Connection) => {
    const address = addressOf(connection.request, trustedProxies)
    const idle = setTimeout(() => connection.close(true), connectTimeoutMs)
    admissions.set(connection, { address, idle })
    // Asked again, because several handshakes may have passed `refuseRequest` at the same time.
    const admitted = limits.hasRoomFor(address)
    limits.connectionOpened(address)
    connection.once('close', () => {
      clearTimeout(idle)
      limits.connectionClosed(address)
      terminateLater(connection)
    })
    if (admitted) limits.guard(connection, now)
    else connection.close(true)
  })
  return admissions
}

const connectedOnce = new WeakSet<Connection>()

async function authenticate(
  socket: SignalingSocket,
  { authorize, connectTimeoutMs }: ResolvedOptions,
): Promise<Error | undefined> {
  // One transport could otherwise open any number of sockets and escape every limit per connection.
  if (connectedOnce.has(socket.conn)) {
    socket.conn.close(true)
    return new Error('already-connected')
  }
  connectedOnce.add(socket.conn)

  const parsed = credentials.safeParse(socket.handshake.auth)
  if (!parsed.success) return new Error('bad-credentials')
  const { origin } = socket.handshake.headers
  try {
    const decision = Promise.resolve(authorize(parsed.data.token, origin))
    const allowed = await Promise.race([decision, delay(connectTimeoutMs, false, { ref: false })])
    return allowed === true ? undefined : new Error('unauthorized')
  } catch (fault) {
    reportFault(fault)
    return new Error('unauthorized')
  }
}

/** Below engine.io, which counts neither requests, nor probes of a transport, nor what is slow to close. */
function capTcpSockets(
  http: HttpServer,
  { trustedProxies, maxConnections, maxConnectionsPerAddress }: ResolvedOptions,
): ReadonlySet<TcpSocket> {
  const sockets = new Set<TcpSocket>()
  const heldBy = new Map<string, number>()
  // A polling client holds two TCP connections, and health checks need some.
  http.maxConnections = maxConnections * 2 + 64
  const maxPerAddress = trustedProxies > 0 ? Number.POSITIVE_INFINITY : maxConnectionsPerAddress * 2 + 16
  http.on('connection', (socket) => {
    const address = addressKey(socket.remoteAddress ?? 'unknown')
    const held = heldBy.get(address) ?? 0
    if (held >= maxPerAddress) return void socket.destroy()
    heldBy.set(address, held + 1)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (heldBy.get(address) ?? 0) - 1
      if (left > 0) heldBy.set(address, left)
      else heldBy.delete(address)
    })
  })
  return sockets
}

/** A WebSocket whose peer does not answer the closing frame would stay for half a minute, outside every count. */
function terminateLater({ transport }: Connection): void {
  const webSocket: unknown = 'socket' in transport ? transport.socket : undefined
  if (!isTerminable(webSocket)) return
  setTimeout(() => webSocket.terminate(), closeDeadlineMs).unref()
}

function isTerminable(value: unknown): value is { terminate(): void } {
  return typeof value === 'object' && value !== null && 'terminate' in value
}

async function bind(http: HttpServer, port: number, host: string): Promise<number> {
  http.listen(port, host)
  await once(http, 'listening')
  // From now on an error is a failed accept, which without a listener would end the process.
  http.on('error', reportFault)
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('Expected to listen on a TCP port.')
  return address.port
}

function respondJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function reportFault(fault: unknown): void {
  console.error('tidemark-signaling:', fault)
}
