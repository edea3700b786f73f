/**
 * Sits between replicas and the real signaling server and does what a server under somebody else's control could
 * do: reads everything in both directions, changes what it relays, and says again what it has heard before.
 *
 * A TCP proxy that takes WebSocket frames apart. Whatever else passes (the handshake, for one) is recorded as well.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What the server hands to a client: negotiation from another one. */
export interface Relayed {
  readonly room: string
  readonly from: string
  readonly data: string
}

/** One client's connection. */
export interface Wire {
  /** Says something to the client in the server's name. */
  relay(message: Relayed): void
}

interface Frame {
  readonly opcode: number
  readonly payload: Buffer
  readonly bytes: number
}

const textFrame = 1
const relayedPrefix = '42["signal",'

export class ManInTheMiddle {
  /** Everything that was said, in both directions, as the server sees it. */
  traffic = ''
  readonly relayed: (Relayed & { readonly wire: Wire })[] = []
  /** Those of all clients, in the order in which they came. */
  readonly wires: Wire[] = []
  /** What a client gets in place of what was relayed to it; null keeps it back. */
  change: (message: Relayed) => Relayed | null = (message) => message
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(serverPort: number) {
    this.#server = createServer((client) => this.#connected(client, connect(serverPort, '127.0.0.1')))
  }

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #connected(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
    const wire: Wire = {
      relay: (message) => client.write(encodeFrame(`${relayedPrefix}${JSON.stringify(message)}]`)),
    }
    this.wires.push(wire)
    const upwards = new Frames()
    client.on('data', (bytes) => {
      server.write(bytes)
      for (const { payload } of upwards.take(bytes)) this.traffic += payload.toString()
    })
    const downwards = new Frames()
    server.on('data', (bytes) => {
      for (const frame of downwards.take(bytes)) this.#toClient(frame, client, wire)
    })
  }

  #toClient({ opcode, payload }: Frame, client: Socket, wire: Wire): void {
    const text = payload.toString()
    this.traffic += text
    if (opcode !== textFrame || !text.startsWith(relayedPrefix)) {
      client.write(opcode < 0 ? payload : encodeFrame(payload, opcode))
      return
    }
    const message: Relayed = JSON.parse(text.slice(2))[1]
    this.relayed.push({ ...message, wire })
    const changed = this.change(message)
    if (changed !== null) wire.relay(changed)
  }
}

/** Cuts one direction of a connection into frames. What comes before the first one is handed on as it is. */
class Frames {
  #isOpen = false
  #held: Buffer = Buffer.alloc(0)

  take(bytes: Buffer): Frame[] {
    this.#held = Buffer.concat([this.#held, bytes])
    const frames: Frame[] = []
    if (!this.#isOpen) {
      const end = this.#held.indexOf('\r\n\r\n')
      if (end < 0) return frames
      frames.push({ opcode: -1, payload: this.#held.subarray(0, end + 4), bytes: end + 4 })
      this.#held = this.#held.subarray(end + 4)
      this.#isOpen = true
    }
    for (let frame = decodeFrame(this.#held); frame !== null; frame = decodeFrame(this.#held)) {
      frames.push(frame)
      this.#held = this.#held.subarray(frame.bytes)
    }
    return frames
  }
}

function decodeFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null
  const [head = 0, second = 0] = bytes
  const isMasked = (second & 0x80) !== 0
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const start = 2 + lengthBytes + (isMasked ? 4 : 0)
  if (bytes.length < start) return null
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  if (bytes.length < start + length) return null
  const payload = Buffer.from(bytes.subarray(start, start + length))
  if (isMasked) {
    const mask = bytes.subarray(start - 4, start)
    for (let i = 0; i < length; i += 1) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  }
  return { opcode: head & 0x0f, payload, bytes: start + length }
}

/** As servers send them: whole, and not masked. */
function encodeFrame(content: string | Buffer, opcode = textFrame): Buffer {
  const payload = Buffer.from(content as string)
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = 0x80 | opcode
  if (length < 126) header[1] = length
  else if (length < 65_536) {
    header[1] = 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([header, payload])
}
