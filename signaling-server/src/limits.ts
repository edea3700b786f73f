/**
 * How much anyone may use. Caps count what is held at this moment; rates count what was asked for in a window
 * (fixed windows of `rate-limiter-flexible`, in memory, each record gone when its window ends).
 */
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Socket } from 'socket.io'
import { maxFrameBytes } from './messages.js'
import type { ResolvedOptions } from './options.js'

/** The transport below a socket, which exists before the handshake and after its refusal. */
export type Connection = Socket['conn']

export class Limits {
  readonly #options: ResolvedOptions
  readonly #connectionsOfAddress = new Map<string, number>()
  readonly #connects: RateLimiterMemory
  readonly #seeks: RateLimiterMemory
  readonly #messages: RateLimiterMemory
  readonly #offences: RateLimiterMemory
  #connections = 0

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#connects = new RateLimiterMemory({ points: options.maxConnectsPerAddressPerMinute, duration: 60 })
    this.#seeks = new RateLimiterMemory({ points: options.maxSeeksPerAddressPer10s, duration: 10 })
    this.#messages = new RateLimiterMemory({ points: options.maxMessagesPerSocketPer10s, duration: 10 })
    this.#offences = new RateLimiterMemory({ points: options.maxOffencesPerSocketPer10s, duration: 10 })
  }

  get connections(): number {
    return this.#connections
  }

  /** Entries held for addresses and sockets, for those who watch for leaks. */
  sizes(): { addresses: number; socketRates: number; addressRates: number } {
    return {
      addresses: this.#connectionsOfAddress.size,
      socketRates: recordsOf(this.#messages) + recordsOf(this.#offences),
      addressRates: recordsOf(this.#connects) + recordsOf(this.#seeks),
    }
  }

  hasRoomFor(address: string): boolean {
    const held = this.#connectionsOfAddress.get(address) ?? 0
    return this.#connections < this.#options.maxConnections && held < this.#options.maxConnectionsPerAddress
  }

  mayConnect(address: string): Promise<boolean> {
    return spend(this.#connects, address, 1)
  }

  maySeek(address: string): Promise<boolean> {
    return spend(this.#seeks, address, 1)
  }

  /** Charges a message of that many bytes. */
  maySpeak(socketId: string, bytes: number): Promise<boolean> {
    return spend(this.#messages, socketId, Math.max(1, Math.ceil(bytes / 4096)))
  }

  /** False once the socket has tried the server's patience for too long. */
  forgives(socketId: string): Promise<boolean> {
    return spend(this.#offences, socketId, 1)
  }

  connectionOpened(address: string): void {
    this.#connections += 1
    this.#connectionsOfAddress.set(address, (this.#connectionsOfAddress.get(address) ?? 0) + 1)
  }

  connectionClosed(address: string): void {
    const held = this.#connectionsOfAddress.get(address)
    if (held === undefined) throw new Error('A connection was closed more often than opened.')
    this.#connections -= 1
    if (held === 1) this.#connectionsOfAddress.delete(address)
    else this.#connectionsOfAddress.set(address, held - 1)
  }

  async forgetSocket(socketId: string): Promise<void> {
    await Promise.all([this.#messages.delete(socketId), this.#offences.delete(socketId)])
  }

  /**
   * Guards a connection below the messages, where junk arrives that never becomes one: closes it when it sends
   * far more than its messages may add up to, and when it does not read.
   */
  guard(connection: Connection, now: () => number): void {
    const maxPackets = 2 * this.#options.maxMessagesPerSocketPer10s + 100
    const maxBytes = 32 * maxFrameBytes
    let window = { sinceMs: now(), packets: 0, bytes: 0 }
    let queuedBytes = 0
    const close = (): void => {
      connection.close(true)
    }

    connection.on('packet', (packet: { data?: unknown }) => {
      const nowMs = now()
      if (nowMs - window.sinceMs >= 1000) window = { sinceMs: nowMs, packets: 0, bytes: 0 }
      window.packets += 1
      window.bytes += sizeOf(packet.data)
      if (window.packets > maxPackets || window.bytes > maxBytes) close()
    })
    // What is created and not yet flushed waits for the other side to read.
    connection.on('packetCreate', (packet: { data?: unknown }) => {
      queuedBytes += sizeOf(packet.data) + 64
      // Not at once: the sender of this packet is still in the middle of it.
      if (queuedBytes > this.#options.maxQueuedBytes) setImmediate(close)
    })
    connection.on('flush', () => {
      queuedBytes = 0
    })
  }
}

/** The library rejects with a result when points run out, and with an error when something is broken. */
async function spend(limiter: RateLimiterMemory, key: string, points: number): Promise<boolean> {
  try {
    await limiter.consume(key, points)
    return true
  } catch (reason) {
    if (reason instanceof Error) throw reason
    return false
  }
}

function recordsOf(limiter: RateLimiterMemory): number {
  return limiter.dump().storage.length
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.byteLength : 0
}
