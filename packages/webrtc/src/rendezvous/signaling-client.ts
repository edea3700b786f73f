/**
 * The connection to one of the signaling servers, for as long as it is needed: found again whenever it is lost,
 * never given up.
 *
 * Reconnection is not socket.io's own, because that ends when a server refuses or disconnects on purpose, can
 * not ask for a fresh token's failure, and knows one server only. Each attempt is a socket of its own.
 *
 * Newcomers try the list from its head, so whoever stays connected further down looks from time to time whether
 * one of the servers before it is back; otherwise the two would wait for each other on different servers.
 *
 * Somebody on the way may swallow WebSockets without a word. Then nothing but time tells, and the next attempt at that
 * server begins with polling.
 */
import type { Socket } from 'socket.io-client'
import { type Answer, isRecord, readAnswer, refusal } from './answer.js'
import { Backoff, spread } from './backoff.js'

/** What a connection begins with; it takes the other one if that is refused. */
export type FirstTransport = 'websocket' | 'polling'

export type SocketFactory = (server: string, auth: { token?: string }, first: FirstTransport) => Socket

/** What socket.io-client calls it when an attempt took too long. */
const TIMEOUT = 'timeout'

export interface SignalingClientOptions {
  readonly servers: readonly string[]
  readonly token: string | (() => string | Promise<string>) | undefined
  /** Loads socket.io-client when a connection is wanted for the first time. */
  readonly loadSocketFactory: () => Promise<SocketFactory>
  readonly connected: () => void
  /** A connection was lost or could not be made. */
  readonly unreachable: (reason: string) => void
  readonly event: (name: 'signal' | 'elsewhere', body: Record<string, unknown>) => void
}

/** Sockets opened and closed in quick succession cost more than one that stays a moment longer. */
const idleMs = 2000
/** Less than a call gives the other end to answer: a server that does not take the offer says nothing of whom it is for. */
const ackTimeoutMs = 3000
const returnMs = 30_000

export class SignalingClient {
  readonly #options: SignalingClientOptions
  readonly #backoff = new Backoff(500, 5000)
  #server = 0
  /** Servers that did not answer in time when asked by WebSocket. */
  readonly #polled = new Set<number>()
  /** The socket in use; an attempt under way has one that is not connected yet. */
  #socket: Socket | null = null
  /** A socket to an earlier server of the list, not in use before it is connected. */
  #probe: Socket | null = null
  #isNeeded = false
  /** Grows with each connection that is begun or given up: results of older ones do not count. */
  #generation = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #idleTimer: ReturnType<typeof setTimeout> | undefined
  #returnTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: SignalingClientOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#socket?.connected === true
  }

  /** What the server in use calls us. */
  get address(): string | null {
    return this.#socket?.connected === true ? (this.#socket.id ?? null) : null
  }

  /** Connects and stays so, or lets go after a moment. */
  need(isNeeded: boolean): void {
    if (isNeeded === this.#isNeeded) return
    this.#isNeeded = isNeeded
    clearTimeout(this.#idleTimer)
    if (!isNeeded) this.#idleTimer = setTimeout(() => this.#stop(), idleMs)
    else if (this.#socket === null && this.#retryTimer === undefined) this.#connectSoon(0)
  }

  /** Never rejects: what went wrong is a refusal. */
  async request(name: string, body: object): Promise<Answer> {
    const socket = this.#socket
    if (socket === null || !socket.connected) return refusal('not-connected', 'not connected to a server')
    try {
      return readAnswer(await socket.timeout(ackTimeoutMs).emitWithAck(name, body))
    } catch {
      return refusal('no-answer', 'the server did not answer')
    }
  }

  destroy(): void {
    clearTimeout(this.#idleTimer)
    this.#isNeeded = false
    this.#stop()
  }

  #stop(): void {
    this.#generation += 1
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    this.#stopProbing()
    this.#release(this.#socket)
    this.#socket = null
  }

  #connectSoon(waitMs: number): void {
    this.#retryTimer = setTimeout(() => void this.#connect(), waitMs)
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation
    let socket: Socket | null
    try {
      socket = await this.#open(this.#server)
    } catch (error) {
      if (generation === this.#generation) this.#failed(asText(error))
      return
    }
    if (socket === null) return
    if (generation !== this.#generation) return this.#release(socket)
    this.#retryTimer = undefined
    this.#socket = socket
    socket.on('connect', () => this.#adopt(socket, this.#server))
    this.#onRefusal(socket, this.#server, (reason) => this.#failed(reason))
  }

  /** A connection that closes before the server has let us in was no error of the transport, but is none, either. */
  #onRefusal(socket: Socket, server: number, refused: (reason: string) => void): void {
    socket.on('disconnect', refused)
    socket.on('connect_error', ({ message }) => {
      if (message === TIMEOUT && !this.#polled.delete(server)) this.#polled.add(server)
      refused(message)
    })
  }

  /** A socket on its way; null where no server is known. */
  async #open(server: number): Promise<Socket | null> {
    const address = this.#options.servers[server]
    if (address === undefined) {
      this.#options.unreachable('no signaling server is known')
      return null
    }
    const createSocket = await this.#options.loadSocketFactory()
    const { token } = this.#options
    const current = typeof token === 'function' ? await token() : token
    const auth = current === undefined ? {} : { token: current }
    return createSocket(address, auth, this.#polled.has(server) ? 'polling' : 'websocket')
  }

  #adopt(socket: Socket, server: number): void {
    this.#socket = socket
    this.#server = server
    this.#backoff.reset()
    socket.off()
    socket.on('disconnect', (reason) => this.#lost(reason))
    for (const name of ['signal', 'elsewhere'] as const) {
      socket.on(name, (body: unknown) => {
        if (isRecord(body)) this.#options.event(name, body)
      })
    }
    if (server > 0) this.#probeSoon()
    this.#options.connected()
  }

  /** The attempt did not succeed: on to the next server, with a pause after each round of all of them. */
  #failed(reason: string): void {
    const address = this.#options.servers[this.#server]
    this.#release(this.#socket)
    this.#socket = null
    this.#server = (this.#server + 1) % this.#options.servers.length
    this.#connectSoon(this.#server === 0 ? this.#backoff.nextMs() : 0)
    this.#options.unreachable(`${address}: ${reason}`)
  }

  #lost(reason: string): void {
    const address = this.#options.servers[this.#server]
    this.#stopProbing()
    this.#release(this.#socket)
    this.#socket = null
    this.#server = 0
    this.#connectSoon(this.#backoff.nextMs())
    this.#options.unreachable(`${address}: ${reason}`)
  }

  #probeSoon(): void {
    this.#returnTimer = setTimeout(() => void this.#probeEarlier(), spread(returnMs))
  }

  /** One after the other: those that newcomers try first are tried first. */
  async #probeEarlier(server = 0): Promise<void> {
    if (server >= this.#server) return this.#probeSoon()
    const generation = this.#generation
    const probe = await this.#open(server).catch(() => null)
    if (generation !== this.#generation) return this.#release(probe)
    if (probe === null) return this.#probeSoon()
    this.#probe = probe
    this.#onRefusal(probe, server, () => {
      this.#stopProbing()
      void this.#probeEarlier(server + 1)
    })
    probe.on('connect', () => {
      this.#probe = null
      this.#release(this.#socket)
      this.#adopt(probe, server)
    })
  }

  #stopProbing(): void {
    clearTimeout(this.#returnTimer)
    this.#release(this.#probe)
    this.#probe = null
  }

  #release(socket: Socket | null): void {
    socket?.off()
    socket?.disconnect()
  }
}

function asText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
