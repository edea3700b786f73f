/**
 * The HTTP server below socket.io: answers health checks, turns away everything that is not for socket.io, and
 * bounds the TCP connections themselves.
 */
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import { addressKey } from './addresses.js'
import type { ResolvedOptions } from './options.js'

export const socketPath = '/socket.io/'

export function createHttpServer(
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
    // Node has let go of the socket here, and socket.io has not taken it yet: an error would be uncaught.
    socket.on('error', () => socket.destroy())
    if (!request.url?.startsWith(socketPath)) socket.destroy()
  })
  return http
}

/** Below engine.io, which counts neither requests, nor probes of a transport, nor what is slow to close. */
export function capTcpSockets(
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

export async function bind(
  http: HttpServer,
  port: number,
  host: string,
  onFault: (fault: unknown) => void,
): Promise<number> {
  http.listen(port, host)
  await once(http, 'listening')
  // From now on an error is a failed accept, which without a listener would end the process.
  http.on('error', onFault)
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('Expected to listen on a TCP port.')
  return address.port
}

export function respondJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
