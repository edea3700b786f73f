/**
 * Counts what goes through all of a page's data channels, those already closed included.
 *
 * Payload is counted where it is handed over, because Chromium's statistics forget a channel once it is
 * closed. What it costs on the wire only the statistics know; they are read once more before each `close`.
 */
export interface Traffic {
  /** Data channel messages as the application sees them. */
  readonly payloadBytesSent: number
  readonly payloadBytesReceived: number
  readonly messagesSent: number
  readonly messagesReceived: number
  /** DTLS and everything in it, as the transports count it. */
  readonly transportBytesSent: number
  readonly transportBytesReceived: number
  /** Everything on candidate pairs; on those not chosen there are connectivity checks only. */
  readonly candidatePairBytesSent: number
  readonly candidatePairBytesReceived: number
  readonly connectionsOpened: number
}

interface ByteStats {
  readonly id: string
  readonly type: string
  readonly bytesSent?: number
  readonly bytesReceived?: number
}

interface Bytes {
  sent: number
  received: number
}

export function watchTraffic() {
  const payload = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0 }
  /** Per connection the last known bytes of each of its transports and candidate pairs. */
  const connections = new Map<RTCPeerConnection, Map<string, Bytes>>()

  async function sample(connection: RTCPeerConnection): Promise<void> {
    const known = connections.get(connection)
    for (const stats of (await connection.getStats()).values() as Iterable<ByteStats>) {
      if (stats.type !== 'transport' && stats.type !== 'candidate-pair') continue
      const key = `${stats.type} ${stats.id}`
      const last = known?.get(key) ?? { sent: 0, received: 0 }
      // A sample begun earlier may arrive later; counters never go back.
      last.sent = Math.max(last.sent, stats.bytesSent ?? 0)
      last.received = Math.max(last.received, stats.bytesReceived ?? 0)
      known?.set(key, last)
    }
  }

  function countReceived(channel: RTCDataChannel): void {
    channel.addEventListener('message', ({ data }) => {
      payload.messagesReceived++
      payload.bytesReceived += byteLength(data)
    })
  }

  const { createDataChannel, close } = RTCPeerConnection.prototype
  const { send } = RTCDataChannel.prototype

  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      connections.set(this, new Map())
      this.addEventListener('datachannel', ({ channel }) => countReceived(channel))
    }

    override createDataChannel(...args: Parameters<typeof createDataChannel>): RTCDataChannel {
      const channel = createDataChannel.apply(this, args)
      countReceived(channel)
      return channel
    }

    override close(): void {
      void sample(this)
      close.call(this)
    }
  }

  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    // First, because it may throw.
    Reflect.apply(send, this, [data])
    payload.messagesSent++
    payload.bytesSent += byteLength(data)
  } as typeof send

  return {
    async report(): Promise<Traffic> {
      await Promise.all([...connections.keys()].map(sample))
      const transport = sum('transport')
      const candidatePair = sum('candidate-pair')
      return {
        payloadBytesSent: payload.bytesSent,
        payloadBytesReceived: payload.bytesReceived,
        messagesSent: payload.messagesSent,
        messagesReceived: payload.messagesReceived,
        transportBytesSent: transport.sent,
        transportBytesReceived: transport.received,
        candidatePairBytesSent: candidatePair.sent,
        candidatePairBytesReceived: candidatePair.received,
        connectionsOpened: connections.size,
      }
    },
  }

  function sum(type: string): Bytes {
    const total = { sent: 0, received: 0 }
    for (const known of connections.values()) {
      for (const [key, { sent, received }] of known) {
        if (!key.startsWith(`${type} `)) continue
        total.sent += sent
        total.received += received
      }
    }
    return total
  }
}

function byteLength(data: unknown): number {
  if (typeof data === 'string') return new TextEncoder().encode(data).length
  if (data instanceof Blob) return data.size
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength
  throw new Error('a data channel carried something that is neither text nor bytes')
}
