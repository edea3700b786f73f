/**
 * The service: an HTTP server with socket.io on it that introduces newcomers of a room to one of its members.
 * It relays opaque negotiation messages, keeps nothing on disk and never sees a document.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { Server as SocketServer } from 'socket.io'
import { admitConnections, authenticate, refuseRequest } from './admission.js'
import { bind, capTcpSockets, createHttpServer, respondJson, socketPath } from './http.js'
import { Limits } from './limits.js'
import { maxFrameBytes } from './messages.js'
import { type ResolvedOptions, resolveOptions, type SignalingServerOptions } from './options.js'
import { Rooms } from './rooms.js'
import { type Io, openSession } from './session.js'
import { MessagesOnly } from './websockets.js'

export interface SignalingServer {
  /** Port 0 takes a free one. Rejects if the address is taken. */
  listen(port: number, host?: string): Promise<{ port: number }>
  /** Stops accepting, closes every socket and resolves when all are gone, within about a second. */
  close(): Promise<void>
  stats(): SignalingStats
}

export interface SignalingStats {
  readonly connections: number
  /** What carries the connections, with health checks and what is still being closed. */
  readonly tcpConnections: number
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
    openSession(socket, { rooms, limits, address: admission.address, now, onFault: resolved.onFault })
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
      const bound = await bind(http, port, host, resolved.onFault)
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
      tcpConnections: tcpSockets.size,
      ...limits.sizes(),
      uptimeSeconds: uptimeSeconds(),
    }),
  }
}

function createRooms(options: ResolvedOptions, startedAtMs: number): Rooms {
  return new Rooms({ ...options, random: Math.random }, startedAtMs)
}

function createSocketServer(
  http: HttpServer,
  options: ResolvedOptions,
  refuseHandshake: (request: IncomingMessage) => Promise<string | undefined>,
): Io {
  return new SocketServer(http, {
    path: socketPath,
    serveClient: false,
    destroyUpgrade: false,
    // Only in case of need: `admitConnections` acts first, and in a way that polling clients cannot stall.
    connectTimeout: options.connectTimeoutMs * 2,
    upgradeTimeout: options.connectTimeoutMs,
    pingInterval: options.pingIntervalMs,
    pingTimeout: options.pingTimeoutMs,
    maxHttpBufferSize: maxFrameBytes,
    wsEngine: MessagesOnly,
    perMessageDeflate: false,
    httpCompression: false,
    cors: { origin: options.origins === 'all' ? '*' : [...options.origins], methods: ['GET', 'POST'] },
    allowRequest: (request, decide) => {
      refuseHandshake(request).then(
        (refusal) => decide(refusal, refusal === undefined),
        (fault) => {
          options.onFault(fault)
          decide('internal', false)
        },
      )
    },
  })
}
