/**
 * From a request to an authenticated socket: who may open a connection, how long it may take to say what for, and
 * whether its token is good.
 */
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { addressOf } from './addresses.js'
import type { Connection, Limits } from './limits.js'
import { credentials } from './messages.js'
import type { ResolvedOptions } from './options.js'
import type { Io, SignalingSocket } from './session.js'

/** How long a closed WebSocket may take to answer the closing frame. */
const closeDeadlineMs = 1_000

/** `authorize` gets less time than the handshake, so that the client still hears what became of it. */
const authorizeShare = 0.8

/** Why a handshake is turned away before anything is allocated for it. CORS alone would not stop a WebSocket. */
export async function refuseRequest(
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

export interface Admission {
  /** Remembered, because a request no longer knows its address once its TCP connection is gone. */
  readonly address: string
  readonly idle: NodeJS.Timeout
}

/** Counts connections, and closes those that do not become a socket in time. */
export function admitConnections(
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

export async function authenticate(
  socket: SignalingSocket,
  { authorize, connectTimeoutMs, onFault }: ResolvedOptions,
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
    const allowed = await Promise.race([
      decision,
      delay(connectTimeoutMs * authorizeShare, false, { ref: false }),
    ])
    return allowed === true ? undefined : new Error('unauthorized')
  } catch (fault) {
    onFault(fault)
    return new Error('unauthorized')
  }
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
