/**
 * A WebSocket client of bare TCP, for what a well-behaved library refuses to do: wrong frames, announced sizes,
 * silence, not reading, and vanishing without a closing handshake.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface RawSocket {
  readonly tcp: Socket
  /** Text frames received so far. */
  readonly frames: readonly string[]
  text(payload: string): void
  binary(payload: Uint8Array): void
  /** A frame of control, which no library lets an application answer. */
  control(kind: 'ping' | 'pong'): void
  /** Only the head of a text frame that claims that many bytes. */
  announce(bytes: number): void
  received(matches: (frame: string) => boolean): Promise<string>
  /** Resolves when the server has ended the TCP connection. */
  readonly closed: Promise<void>
  ignoreClosing(): void
  /** From now on reads nothing, and so answers no closing frame either. */
  stopReading(): void
  destroy(): void
}

/** Rejects with the status line if the server does not upgrade. */
export function openRaw(port: number, headers: Record<string, string> = {}): Promise<RawSocket> {
  const tcp = connect(port, '127.0.0.1')
  const extra = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  tcp.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n' +
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${extra.join('')}\r\n`,
  )
  return new Promise((resolve, reject) => {
    let buffered: Buffer = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      buffered = Buffer.concat([buffered, chunk])
      const end = buffered.indexOf('\r\n\r\n')
      if (end === -1) return
      tcp.off('data', onData)
      const status = buffered.subarray(0, buffered.indexOf('\r\n')).toString()
      if (status.includes('101')) return resolve(wrap(tcp, buffered.subarray(end + 4)))
      tcp.destroy()
      reject(new Error(status))
    }
    tcp.on('data', onData)
    tcp.on('error', reject)
    tcp.on('close', () => reject(new Error('closed before the upgrade')))
  })
}

function wrap(tcp: Socket, head: Buffer): RawSocket {
  const frames: string[] = []
  let answersClosing = true
  let waiting: { matches: (frame: string) => boolean; resolve: (frame: string) => void }[] = []
  let buffered: Buffer = Buffer.alloc(0)
  const closed = new Promise<void>((resolve) => tcp.once('close', () => resolve()))

  const onData = (chunk: Buffer): void => {
    buffered = Buffer.concat([buffered, chunk])
    for (let frame = readFrame(buffered); frame !== undefined; frame = readFrame(buffered)) {
      buffered = buffered.subarray(frame.size)
      if (frame.opcode === 8 && answersClosing) tcp.end(frameHead(8, 0))
      if (frame.opcode !== 1) continue
      frames.push(frame.payload)
      for (const wait of waiting) if (wait.matches(frame.payload)) wait.resolve(frame.payload)
      waiting = waiting.filter((wait) => !wait.matches(frame.payload))
    }
  }
  tcp.on('data', onData)
  onData(head)

  const send = (opcode: number, payload: Uint8Array): void => {
    tcp.write(Buffer.concat([frameHead(opcode, payload.length), payload]))
  }
  return {
    tcp,
    frames,
    closed,
    text: (payload) => send(1, Buffer.from(payload)),
    control: (kind) => send(kind === 'ping' ? 9 : 10, Buffer.alloc(0)),
    binary: (payload) => send(2, payload),
    announce: (bytes) => void tcp.write(frameHead(1, bytes)),
    received: (matches) => {
      const past = frames.find(matches)
      if (past !== undefined) return Promise.resolve(past)
      return new Promise((resolve, reject) => {
        waiting.push({ matches, resolve })
        void closed.then(() => reject(new Error('closed before the expected frame')))
      })
    },
    ignoreClosing: () => {
      answersClosing = false
    },
    stopReading: () => {
      tcp.off('data', onData)
      tcp.pause()
    },
    destroy: () => void tcp.destroy(),
  }
}

/** Masked with a key of zeros, which leaves the payload as it is. */
function frameHead(opcode: number, length: number): Buffer {
  const head = Buffer.alloc(14)
  head[0] = 0x80 | opcode
  if (length < 126) {
    head[1] = 0x80 | length
    return head.subarray(0, 6)
  }
  if (length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(length, 2)
    return head.subarray(0, 8)
  }
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

function readFrame(bytes: Buffer): { opcode: number; payload: string; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const [first = 0, second = 0] = bytes
  const short = second & 0x7f
  const start = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < start) return undefined
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  const size = start + length
  if (bytes.length < size) return undefined
  return { opcode: first & 0x0f, payload: bytes.subarray(start, size).toString(), size }
}
